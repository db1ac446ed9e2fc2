"""An answer to an emergency alert: somebody is safe, or needs help."""

import re
from uuid import UUID

from backend.contacts import alert_replies
from bot.flows import is_passing, person
from bot.turn import Turn

_NOT_SAFE = re.compile(
    r"안전하지\s*(?:않|못)|안\s*안전|안전\s*(?:못|안)\s*(?:해|하)|not safe|unsafe|不安全"
    r"|安全ではない"
    r"|安全じゃない|không an toàn",
    re.IGNORECASE,
)
_HELP = re.compile(
    r"도와|도움|살려|구해\s*(?:줘|주)|갇혔|갇혀|고립|못\s*나가|대피\s*못|\bhelp\b|trapped"
    r"|stuck|rescue"
    r"|救命|救我|救救|帮|被困|助けて|閉じ込め|cứu|giúp|mắc kẹt",
    re.IGNORECASE,
)
_SAFE = re.compile(
    r"안전(?:해|합|함|하|$|히)|무사|괜찮|대피했|대피\s*완료|\bsafe\b|i'?m (?:ok|okay|fine)"
    r"|we'?re (?:ok|okay|fine)|安全|我没事|没事|平安|無事|大丈夫|an toàn|tôi ổn|không sao",
    re.IGNORECASE,
)
_IS_SAFE = re.compile(
    r"(?:안전|무사)(?:해요|합니다|함|하게|히|하십|하세|한\s*상태)|대피\s*(?:했|완료)"
    r"|\b(?:we|i)(?:'m| am|'re| are) safe\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"^\W*([12])\s*(?:번|번이요|번요)?\W*$")
_SHORT = 60


async def take(turn: Turn) -> bool:
    """Take the message as the answer to the last alert, if it is one; tell whether it was.

    Words such as "safe" and "help" count for a day. A bare 1 or 2 counts only until something
    else was said here: after that it picks from what was shown.
    """
    answer = _in_words(turn)
    number = _NUMBER.match(turn.text)
    if answer is None and number is None:
        return False
    alert = await alert_replies.last_received(turn.session, turn.address.contact_id)
    if alert is None:
        if answer != "safe" or not _IS_SAFE.search(turn.text):
            return False
        turn.say("emergency.over")  # nobody asked, and it is good to hear
        return True
    if answer is None:
        if await alert_replies.overtaken(turn.session, turn.conversation.id, alert.at):
            return False
        assert number is not None
        answer = "safe" if number[1] == "1" else "help"
    await _keep(turn, alert.event_id, answer)
    return True


async def press(turn: Turn, delivery: int) -> bool:
    """Take the key pressed in a call that we placed as the answer to what the call was about."""
    event = await alert_replies.told_by(turn.session, delivery, turn.address.contact_id)
    if event is None:
        return False
    await _keep(turn, event, "safe" if turn.text == "1" else "help")
    return True


async def _keep(turn: Turn, event: UUID, answer: alert_replies.Reply) -> None:
    """Record an answer and say so; whoever needs help goes to the front of the desk's queue."""
    await alert_replies.record(
        turn.session, event, turn.address.contact_id, turn.message.id, answer
    )
    if answer == "safe":
        turn.say("alerts.noted_safe")
    else:
        turn.say("alerts.noted_help")
        await person.hand_over(turn, "alert_help", broadcast=str(event))


def _in_words(turn: Turn) -> alert_replies.Reply | None:
    text = turn.text
    if _NOT_SAFE.search(text):
        return "help"
    waiting = turn.dialogue.waiting
    waits = waiting is not None and waiting.flow != "emergency" and not is_passing(waiting)
    short = len(text) <= _SHORT and not waits
    danger = turn.intent == "life_emergency"
    # A word or two may sound like danger; a sentence that does is taken at its worst.
    if short and _SAFE.search(text) and not (_HELP.search(text) or (danger and len(text) > 12)):
        return "safe"
    if danger:
        return "help"
    if not short:
        return None
    return "help" if _HELP.search(text) else None
