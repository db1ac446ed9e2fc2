"""What came of each message, kept with it: from what went wrong, understanding is improved.

A message's own turn says whether it was answered; what the citizen says next may tell better.
"""

import re
from datetime import timedelta

from backend.models import Message
from bot import answers, tongues
from bot.turn import Turn, Waiting
from nlu.normalise import fingerprint

# After so long, what is said is a new matter.
_SOON = timedelta(minutes=10)
_ALIKE = 0.5  # share of letter pairs that two ways of saying the same thing have in common
_OWN_WORDS = 6  # letters from which on likeness is no accident
_OPEN = frozenset({"answered", "missed"})
_SMALL = frozenset({"affirm", "deny", "thank", "greet", "goodbye", "cancel", "help"})
# At these steps a "no" means that the bot has it wrong; elsewhere it answers a question.
_RIGHT_SO = frozenset({"confirm", "sealed_confirm", "sure", "pick"})
_UNHELPFUL = re.compile(
    r"도움이?\s*(?:하나도\s*|전혀\s*)?(?:안\s*(?:돼|되|됐)|못)|도움\s*안|엉뚱한|딴소리|동문서답"
    r"|그(?:런\s*)?(?:게|거|걸|말이?)\s*(?:물어본\s*게\s*)?아니|물어본\s*게\s*아니|못\s*알아듣|틀렸"
    r"|not (?:helpful|what i (?:asked|meant|want))|didn'?t (?:help|answer)|wrong answer"
    r"|doesn'?t (?:help|answer)|no help|unhelpful|没有?用|不是这个|役に立た|違います"
    r"|không (?:giúp|đúng)",
    re.IGNORECASE,
)


def keep(turn: Turn, asked: Waiting | None, state: str) -> None:
    """Mark this turn's message, and the one before it where this one tells what came of it.

    `asked` is what waited for an answer before this turn, `state` the conversation's then.
    Part of the turn's transaction.
    """
    handed_over = turn.conversation.state != state and turn.conversation.state != "bot"
    before = _before(turn)
    if before is not None and (verdict := _verdict(turn, before, asked)):
        before.outcome = verdict
    if handed_over:
        turn.message.outcome = "handed_over"
    elif turn.missed or _without_answer(turn):
        turn.message.outcome = "missed"
    elif turn.replies:
        turn.message.outcome = "answered"


def _without_answer(turn: Turn) -> bool:
    """Tell whether the reply only says that there is nothing to say to this."""
    waiting = turn.dialogue.waiting
    unknown = waiting is not None and (waiting.flow, waiting.step) == ("question", "no_answer")
    return turn.intent == "out_of_scope" or unknown


def _before(turn: Turn) -> Message | None:
    """Return what the citizen said just before, where it is still open what came of it."""
    found = turn.before
    if found is None or found.outcome not in _OPEN:
        return None
    return found if turn.message.created_at - found.created_at <= _SOON else None


def _verdict(turn: Turn, before: Message, asked: Waiting | None) -> str | None:
    """Return what the new message tells of the one before it, None where nothing."""
    picked = turn.chosen or ""
    if picked.startswith("person:") or (not picked and turn.intent == "talk_to_agent"):
        return "person_asked"
    if turn.intent == "life_emergency" or turn.incoming.kind not in ("text", "speech"):
        return None
    if picked == "none" or (not picked and _UNHELPFUL.search(turn.text)):
        return "unhelpful"
    if picked:
        return None
    free = asked is None or asked.flow == "question"
    if _says_no(turn) and (free or (asked is not None and asked.step in _RIGHT_SO)):
        return "refused"
    if turn.intent in _SMALL:
        return None
    if before.outcome == "missed" or (free and _alike(before.text, turn.text)):
        return "rephrased"
    return None


def _says_no(turn: Turn) -> bool:
    return answers.says_no(turn.text) or tongues.short_answer(turn.text) == "no"


def _alike(one: str, other: str) -> bool:
    """Tell whether two messages share so many pairs of letters that they say the same."""
    a, b = fingerprint(one), fingerprint(other)
    if min(len(a), len(b)) < _OWN_WORDS:
        return False
    first, second = ({t[i : i + 2] for i in range(len(t) - 1)} for t in (a, b))
    return 2 * len(first & second) / (len(first) + len(second)) >= _ALIKE
