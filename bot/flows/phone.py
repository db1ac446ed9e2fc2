"""Proving a phone: known on SMS and calls, shared on Telegram, by a code elsewhere."""

import re

from backend.contacts import service as contacts
from backend.delivery.service import notify
from backend.models import Address
from backend.security import keyed_hash
from bot import limits, texts
from bot.turn import Turn

_DIGITS = re.compile(r"\d")
_PHONE_DIGITS = 9  # fewer, where a code is expected, are a mistyped code and no phone


async def ask(turn: Turn, flow: str, key: str = "vote.need_phone", **slots: object) -> None:
    """Ask for a phone in the way that this channel has; the answer goes to `take`.

    `key` is the text that says what for; on Telegram its twin `…_share` names the button.
    """
    if turn.address.scheme == "telegram":
        turn.say(f"{key}_share", ask_phone=True)
    elif turn.address.scheme == "call":
        turn.say("vote.no_phone_here")
        turn.done()
        return
    else:
        turn.say(key)
    turn.wait(flow, "phone", **slots)


def ask_again(turn: Turn, key: str = "vote.need_phone") -> None:
    """Put the open step once more: the phone, in the way that this channel has, or the code."""
    waiting = turn.dialogue.waiting
    assert waiting is not None
    if waiting.step == "code":
        turn.say("phone.code_awaited")
    elif turn.address.scheme == "telegram":
        turn.say(f"{key}_share", ask_phone=True)
    else:
        turn.say(key)


async def take(turn: Turn, flow: str, **slots: object) -> Address | None:
    """Take a step of the proof; return the phone's address once it is proven.

    Until then the flow waits at `phone` or `code`, and the citizen was told what to do.
    """
    waiting = turn.dialogue.waiting
    assert waiting is not None
    if turn.incoming.phone and turn.incoming.kind == "contact":
        turn.say("phone.proven")
        return await contacts.prove_phone(turn.session, turn.address, turn.incoming.phone)
    if waiting.step == "code" and turn.chosen != "resend":
        digits = "".join(_DIGITS.findall(turn.text))
        if len(digits) < _PHONE_DIGITS:
            return await _check(turn, flow, digits, slots)
    phone = str(slots.pop("phone", "")) if turn.chosen == "resend" else None
    phone = phone or contacts.mobile(turn.value("phone") or turn.text)
    if phone is None:
        shares = turn.address.scheme == "telegram"
        turn.say("phone.bad_number", ask_phone=shares)
        turn.wait(flow, "phone", **slots)
        return None
    await _send_code(turn, flow, phone, slots)
    return None


async def _check(turn: Turn, flow: str, digits: str, slots: dict[str, object]) -> Address | None:
    secret = turn.context.settings.secret
    phone = await contacts.check_phone_code(turn.session, turn.address, digits, secret)
    if phone is None:
        turn.say("phone.wrong_code", choices=[("resend", turn.word("phone.resend"))])
        turn.wait(flow, "code", **slots)
        return None
    turn.say("phone.proven")
    return await contacts.prove_phone(turn.session, turn.address, phone)


async def _send_code(turn: Turn, flow: str, phone: str, slots: dict[str, object]) -> None:
    redis = turn.context.redis
    secret = turn.context.settings.secret
    # Texts cost money and can be sent at somebody else's expense: bounded for the asker, for the
    # phone and in all, and not sent at all while nobody counts.
    bounds = (
        (f"code:{turn.address.id}", 5, 3600),
        (f"code:{keyed_hash(secret, phone)}", 5, 3600),
        ("code:all", 600, 60),
    )
    allowed = [await limits.allow(redis, *bound, when_away=False) for bound in bounds]
    if not all(allowed):
        turn.say("phone.too_often")
        turn.done()
        return
    code = await contacts.start_phone_code(turn.session, turn.address, phone)
    # The phone is not proven yet: its own address keeps its own contact.
    target = await contacts.lock_address(turn.session, "phone", phone, verified=False)
    text = texts.word(turn.language, "phone.code_sms")
    code_for = {"code_for": turn.address.id, "nonce": code.nonce}
    await notify(turn.session, target, "sms", turn.language, text, code_for)
    turn.say("phone.code_sent", phone=_hidden(phone))
    turn.wait(flow, "code", **{**slots, "phone": phone})


def _hidden(phone: str) -> str:
    return f"***-{phone[-4:]}"
