"""Filing, and what is told at once: number, office, date; then a name, for whoever likes to."""

from datetime import datetime

from backend.contacts.service import phone_of
from backend.delivery.service import notify, send_message
from backend.messages import service as messages
from backend.models import Petition
from backend.petitions import own, service, types
from bot import dates, speech
from bot.flows.petition import words
from bot.flows.petition.asking import department, where
from bot.flows.petition.slots import Slots
from bot.turn import Dialogue, Turn, Waiting

NAME = "petition"


async def file(turn: Turn, slots: Slots) -> None:
    """File at the citizen's yes. What may not be filed by voice alone is texted for a yes."""
    kind = types.classify(slots["details"])
    if turn.voice and not kind.voice_alone:
        await _confirm_by_text(turn, slots)
        return
    phone = await phone_of(turn.session, turn.address.contact_id)
    petition = await service.file(
        turn.session,
        contact_id=turn.address.contact_id,
        message_id=turn.message.id,
        channel=turn.conversation.channel,
        language=turn.language,
        place=slots.get("place", ""),
        district=slots.get("district"),
        details=slots["details"],
        identified=phone is not None,
        location=slots.get("location"),
        told_in=slots.get("told", []),
    )
    office = department(turn, slots)
    turn.say(
        _key(phone is not None, petition.due_at),
        number=petition.number,
        number_spoken=speech.digits(petition.number, turn.language),
        kind=kind.name(turn.language),
        department=office,
        due=_day(turn, petition.due_at),
        name=_ask_name(turn),
    )
    if turn.voice and (phone is None or not speech.takes_texts(phone.address)):
        turn.say("petition.write_down", number=speech.digits(petition.number, turn.language))
    elif turn.voice and phone is not None:
        text = turn.word("petition.receipt_sms", number=petition.number, department=office)
        await notify(turn.session, phone, "sms", turn.language, text)
        turn.say("petition.sms_follows")
    turn.done()
    if not turn.voice:
        turn.wait(NAME, "name", number=petition.number)


def _day(turn: Turn, due: datetime | None) -> str:
    if due is None:
        return ""
    day = dates.day(due, turn.language)
    return day.split("(")[0] if turn.voice else day  # a voice would spell the bracket out


def _key(identified: bool, due: datetime | None) -> str:
    if due is not None:
        return "petition.filed"
    return "petition.filed_no_clock" if identified else "petition.filed_tip"


def _ask_name(turn: Turn) -> str:
    if turn.voice or turn.dialogue.queue:
        return ""
    return "\n" + turn.word("petition.ask_name")


async def take_name(turn: Turn, slots: Slots) -> None:
    """Note the name that was given after the receipt, or leave it at that."""
    petition = await service.find(turn.session, str(slots["number"]))
    given = words.name_in(turn.text) or words.bare_name(turn.text)
    turn.done()
    if petition is not None and given and await _is_own(turn, petition):
        await own.name(turn.session, petition, given)
        turn.say("petition.named", name=given)
    else:
        turn.say("petition.unnamed")


async def _is_own(turn: Turn, petition: Petition) -> bool:
    return petition.contact_id == turn.address.contact_id


async def _confirm_by_text(turn: Turn, slots: Slots) -> None:
    """Text the petition to the caller, whose answer there files it (Act art. 8: in writing)."""
    if turn.address.scheme != "phone" or not speech.takes_texts(turn.address.address):
        turn.say("petition.needs_text")
        turn.done()
        return
    offered = [[v, turn.word(f"petition.confirm_{v}")] for v in ("yes", "fix", "no")]
    text = turn.word(
        "petition.confirm",
        details=slots["details"],
        where=where(turn, slots),
        told="",
        department=department(turn, slots),
        extra="",
    )
    thread = await messages.open_conversation(turn.session, turn.address, "sms", turn.language)
    thread.dialogue = Dialogue(waiting=Waiting(NAME, "confirm", slots), choices=offered).dump()
    packed = {"choices": [[str(n), title] for n, (_, title) in enumerate(offered, 1)]}
    notice = await messages.add(turn.session, thread, author="notice", text=text, reply=packed)
    await send_message(turn.session, thread, notice)
    turn.say("petition.text_to_confirm", kind=types.classify(slots["details"]).name(turn.language))
    turn.done()
