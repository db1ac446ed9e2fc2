"""What tells of a matter, whatever the engine took it for: damage somewhere, somebody in need."""

import re

from backend.petitions import routing, types
from backend.petitions.places import locate
from bot.picks import CLEAR, SURE
from bot.turn import Turn

# Somebody else, and not how one applies for oneself.
_OF_SOMEBODY = re.compile(
    r"\b(?:he|she|they|him|her|them|neighbou?rs?|lady|man|woman|family|kids?)\b"
    r"|이웃|옆집|윗집|아랫집|할머니|할아버지|어르신|邻居|老人|隣|お年寄り|hàng xóm|cụ",
    re.IGNORECASE,
)
_APPLIES = re.compile(
    r"신청|자격|서류|어떻게|어디서|\bapply|\bhow (?:do|can|to|much)|\bwhere\b|eligib|申请|申請"
    r"|どうやって|怎么|đăng ký|làm sao",
    re.IGNORECASE,
)
# What is only asked at the end of a report: "are you even reading this?".
_QUESTIONS = re.compile(r"[^.!?。！？\n]*[?？]+")


def names_a_place(turn: Turn) -> bool:
    """Tell whether the message names a place or a district."""
    return turn.value("place") is not None or turn.value("district") is not None


def tells_of_damage(turn: Turn) -> bool:
    """Tell whether words that sound like little or nothing for us report something somewhere.

    Nothing is filed without a look and a yes, so that a report is proposed rather than missed.
    """
    if turn.intent == "ask_faq" and _in_need(turn.text):
        return names_a_place(turn)  # "she can't pay for heating, can the city help her?"
    rest = _QUESTIONS.sub("", turn.text)  # "are you even reading this?" asks nothing
    if "?" in turn.text and not routing.names_a_subject(rest):
        return False
    somewhere = names_a_place(turn) or locate(turn.text) is not None
    elsewhere = turn.intent in ("ask_faq", "check_status", "talk_to_agent")
    if turn.parse.intent.confidence < SURE and not elsewhere and routing.names_a_subject(rest):
        return somewhere
    if turn.intent == "file_petition" and turn.parse.intent.confidence < SURE:
        return somewhere
    doubtful = turn.intent == "ask_faq" and turn.parse.intent.confidence < CLEAR
    if turn.intent != "out_of_scope" and not doubtful:
        return False
    broken = bool(routing.directory().broken.found_in(turn.text))
    unsure = turn.parse.intent.confidence < CLEAR
    known = unsure and routing.names_a_subject(turn.text)
    return (broken or known) and somewhere


def _in_need(text: str) -> bool:
    """Tell whether a question tells of somebody else who needs care or support."""
    of_somebody = _OF_SOMEBODY.search(text) is not None and _APPLIES.search(text) is None
    return of_somebody and types.classify(text).id == "welfare"
