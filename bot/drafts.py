"""What was begun or wished for and is not done yet: kept for later, found again elsewhere."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select

from backend.contacts.service import phone_of
from backend.models import Address, Conversation
from bot.turn import Turn, Waiting
from nlu.parse import Parse

LIFE = timedelta(hours=24)
OFFER = "following"
_FLOW = "petition"
_MOST = 3


def is_draft(waiting: Waiting | None) -> bool:
    """Tell whether a step holds a petition that says something already, and may be shown again."""
    return (
        waiting is not None
        and waiting.flow == _FLOW
        and "details" in waiting.slots
        and not is_sealed(waiting)
    )


def is_sealed(waiting: Waiting) -> bool:
    """Tell whether a step holds a report whose words are shown to nobody."""
    return waiting.flow == _FLOW and waiting.step.startswith("sealed")


def keep(turn: Turn) -> bool:
    """Keep the petition that is open here, to be offered when the talk comes back to the bot.

    Return whether there was one.
    """
    kept = False
    for step in (turn.dialogue.waiting, turn.dialogue.held):
        if step is not None and is_draft(step) and step.step != "name":
            turn.dialogue.queue = [*turn.dialogue.queue, {"flow": _FLOW, "waiting": asdict(step)}]
            kept = True
            break
    turn.dialogue.held = None
    return kept


def queue(turn: Turn, flow: str, parse: Parse, *, quietly: bool = False) -> None:
    """Keep a wish for later, and say so unless `quietly`."""
    kept = {"flow": flow, "parse": parse.as_dict()}
    turn.dialogue.queue = [*turn.dialogue.queue, kept][:_MOST]
    if not quietly:
        turn.say("common.queued", what=called(kept))


def called(item: dict[str, Any]) -> str:
    """Return what a wish is called: the citizen's own words, shortened."""
    if "waiting" in item:
        words = str(item["waiting"]["slots"].get("details", ""))
    else:
        words = item["parse"]["text"]
    words = " ".join(words.split())
    return words if len(words) <= 40 else words[:39] + "…"


def offer(turn: Turn, item: dict[str, Any]) -> None:
    """Ask whether to go on with something that was begun or wished for before."""
    turn.say(
        "common.offer_draft" if "waiting" in item else "common.offer_next",
        what=called(item),
        choices=[("yes", turn.word("common.yes_please")), ("no", turn.word("common.no_thanks"))],
    )
    turn.wait(OFFER, "offer", item=item)


def kept(stored: dict[str, Any]) -> dict[str, Any]:
    """Return what of a talk's memory outlives it: a petition that was begun, to be offered."""
    queue = [item for item in stored.get("queue", []) if "waiting" in item]
    queue += [
        {"flow": _FLOW, "waiting": step}
        for step in (stored.get("waiting"), stored.get("held"))
        if step and is_draft(Waiting(**step)) and step["step"] != "name"
    ]
    return {"queue": queue[-1:]} if queue else {}


def here(turn: Turn) -> Waiting | None:
    """Take the draft that waits in this talk to be offered, out of there."""
    item = next((i for i in turn.dialogue.queue if "waiting" in i), None)
    if item is None:
        return None
    turn.dialogue.queue = [i for i in turn.dialogue.queue if i is not item]
    return Waiting(**item["waiting"])


async def elsewhere(turn: Turn) -> Waiting | None:
    """Take the draft that the same person left in another talk within a day, out of there.

    The person is the same where the contact is: by the same phone, or one that was proven here.
    """
    if await phone_of(turn.session, turn.address.contact_id) is None:
        return None
    rows = await turn.session.scalars(
        select(Conversation)
        .join(Address, Address.id == Conversation.address_id)
        .where(
            Address.contact_id == turn.address.contact_id,
            Conversation.id != turn.conversation.id,
            Conversation.state != "closed",
            Conversation.updated_at > func.now() - LIFE,
        )
        .order_by(Conversation.updated_at.desc())
        .limit(5)
        # A talk that is being held at this moment is not taken away from it.
        .with_for_update(skip_locked=True, of=Conversation)
    )
    for other in rows:
        left = kept(other.dialogue)
        if left:
            other.dialogue = {}
            return Waiting(**left["queue"][-1]["waiting"])
    return None
