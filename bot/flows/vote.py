"""Taking part in a poll: which one, which answer, one vote a phone."""

import re
from collections.abc import Sequence

from backend.contacts.service import phone_of
from backend.models import Poll
from backend.polls import service
from bot import dates
from bot.flow import Flow
from bot.flows import phone
from bot.turn import Turn

NAME = "vote"

_BARE = re.compile(r"^\W*\d{1,2}\s*(?:번|번이요|번요)?\W*$")
_NEGATED = re.compile(r"싫|말고|빼고|아니|반대|\bnot\b|don'?t|\bno\b|against|except", re.IGNORECASE)


async def begin(turn: Turn) -> None:
    """Show what is open; a choice that is already in the message counts at once."""
    polls = await service.open_polls(turn.session)
    if not polls:
        turn.say("vote.none_open")
        turn.done()
    elif len(polls) == 1:
        await _choose(turn, polls[0])
    elif named := _named(turn, polls):
        await _choose(turn, named)
    else:
        turn.say("vote.which", choices=[(str(p.id), _in(turn, p.title)) for p in polls])
        turn.wait(NAME, "poll")


async def answer(turn: Turn) -> None:
    """Take the poll, the option, or a step of proving the phone."""
    waiting = turn.dialogue.waiting
    assert waiting is not None
    if waiting.step == "poll":
        polls = await service.open_polls(turn.session)
        picked = next((p for p in polls if str(p.id) == turn.chosen), None) or _named(turn, polls)
        if picked is None:
            await begin(turn)
        else:
            await _show(turn, picked)
        return
    poll = await service.get(turn.session, int(waiting.slots["poll"]))
    if waiting.step in ("phone", "code"):
        proven = await phone.take(turn, NAME, **waiting.slots)
        if proven is not None:
            await _cast(turn, poll, int(waiting.slots["option"]))
        return
    option = _option(turn, poll)
    if option is None:
        numbers = [o.number for o in poll.options]
        turn.say("vote.bad_option", low=min(numbers), high=max(numbers))
        await _show(turn, poll)
    else:
        await _cast(turn, poll, option)


async def again(turn: Turn) -> None:
    """Put the open question once more."""
    waiting = turn.dialogue.waiting
    assert waiting is not None
    if waiting.step == "poll":
        await begin(turn)
    elif waiting.step == "option":
        await _show(turn, await service.get(turn.session, int(waiting.slots["poll"])))
    else:
        turn.say("vote.need_phone" if waiting.step == "phone" else "phone.code_awaited")


async def _choose(turn: Turn, poll: Poll) -> None:
    # A bare number begins a vote only by accident: a menu's "3", or the "1" of a double tap.
    says_it = turn.intent == "vote" and turn.chosen is None and not _BARE.match(turn.text)
    option = _option(turn, poll) if says_it else None
    if option is None or turn.voice:
        if option is not None:  # on the phone a vote, which stays as it is, wants a key
            turn.message.text = turn.word("vote.hidden")
        await _show(turn, poll)
    else:
        await _cast(turn, poll, option)


async def _show(turn: Turn, poll: Poll) -> None:
    turn.say(
        "vote.options",
        title=_in(turn, poll.title),
        description=_in(turn, poll.description),
        closes=dates.day(poll.closes_at, turn.language),
        choices=[(str(o.number), _in(turn, o.title)) for o in poll.options],
    )
    turn.wait(NAME, "option", poll=poll.id)


async def _cast(turn: Turn, poll: Poll, option: int) -> None:
    # What was chosen stands in the ballots alone, and not beside its voter in the transcript.
    turn.message.text = turn.word("vote.hidden")
    proven = await phone_of(turn.session, turn.address.contact_id)
    if proven is None:
        await phone.ask(turn, NAME, poll=poll.id, option=option)
        return
    try:
        await service.vote(turn.session, poll, proven.address, option, turn.conversation.channel)
    except service.AlreadyVoted:
        turn.say("vote.already")
    except (service.PollClosed, service.UnknownOption):
        turn.say("vote.closed")
    else:
        turn.say("vote.done", title=_in(turn, poll.title))
    turn.done()


def _option(turn: Turn, poll: Poll) -> int | None:
    """Return the option meant: by number, by what was picked, or by its name."""
    numbers = {str(o.number): o.number for o in poll.options}
    waiting = turn.dialogue.waiting
    if waiting is not None and waiting.step == "option" and turn.chosen in numbers:
        return numbers[turn.chosen]
    if _NEGATED.search(turn.text) and waiting is None:
        return None
    if (said := turn.value("choice")) in numbers:
        return numbers[said]
    text = _squeeze(turn.text)
    named = [o.number for o in poll.options if any(_squeeze(t) in text for t in o.title.values())]
    return named[0] if len(named) == 1 else None


def _named(turn: Turn, polls: Sequence[Poll]) -> Poll | None:
    text = _squeeze(turn.text)
    found = [p for p in polls if any(_squeeze(t) in text for t in p.title.values())]
    return found[0] if len(found) == 1 else None


def _squeeze(text: str) -> str:
    return "".join(text.lower().split())


def _in(turn: Turn, titles: dict[str, str]) -> str:
    return service.in_language(titles, turn.language)


FLOW = Flow(NAME, frozenset({"vote", "list_polls"}), begin, answer, again=again)
