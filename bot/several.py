"""Several wishes in one message: found sentence by sentence, each to be dealt with in its turn."""

import re
from dataclasses import replace

from backend.petitions import routing, types
from nlu.parse import Parse, Parser

MOST = 4
# Wishes of their own; a greeting or a thank-you beside one is none.
WISHES = frozenset(
    {"file_petition", "check_status", "list_polls", "vote", "ask_faq", "subscribe_alerts",
     "unsubscribe_alerts", "request_disclosure", "submit_proposal", "talk_to_agent"}
)  # fmt: skip
# Nothing that is reported has these for a part.
_NEVER_OF_IT = frozenset(
    {"subscribe_alerts", "unsubscribe_alerts", "vote", "list_polls", "request_disclosure"}
)
SURE = 0.6
_CERTAIN = 0.9
_BREAK = re.compile(
    r"(?<=[.!?。？！])\s+|\n+|\s+(?=(?:아\s)?(?:그리고|그리구|글고|글구|그러고|그담에)\s|참고로\s|그런데\s|근데\s|아참|아\s*참)"
    r"|(?<=[요다고죠음네데,])\s+(?=또\s)|(?<=[^리]고)\s+(?=\S+도\s)|(?:(?<=싶고)|(?<=주고)|(?<=주시고)|(?<=[고구]요))[,\s]\s*"
    r"|,?\s+(?=and also\b|also,?\s|and (?:can|could|how|what|when|where|i)\b"
    r"|by the way\b|one more thing\b|plus,?\s)",
    re.IGNORECASE,
)
_JOINS = re.compile(
    r"^(?:(?:아\s*참|아\s+)?(?:그리고|그리구|글고|글구|그러고|그담에)|또|참고로|그런데|근데"
    r"|and also|and|also|by the way|plus|one more thing)[,:\s]+",
    re.IGNORECASE,
)
# "When will it be mended?" behind a report belongs to the report.
_OF_THE_SAME = re.compile(
    r"언제(?:쯤)?\s*(?:고쳐|처리|해결|되|될|와|조치)|빨리|얼마나\s*걸|조치|부탁|해\s*주세요$|왜\s"
    r"|(?:어디|누구|어떻게|어케)\S*\s*(?:말|얘기|이야기|신고|제보|접수|해야)"
    r"|when will|how long|why |please (?:fix|help|do)|can you (?:fix|help|do|send)",
    re.IGNORECASE,
)
# "Two things." says that several wishes follow, and is none.
_ANNOUNCES = re.compile(
    r"(?:i (?:have|got|'ve got) |there are |just )?(?:two|three|a few|several|a couple of|2|3)"
    r" (?:things|issues|problems|questions|points|requests)"
    r"(?: to report| for you| here| please)?\W*$"
    r"|(?:할\s*말이?\s*|부탁(?:드릴)?\s*(?:게|것이)?\s*)?(?:두|세|몇)\s*가지(?:가|만|요|예요|입니다|인데요?|\s*있\S*)?\W*$"
    r"|(?:有)?(?:两|三|几)件事\W*$|(?:二|三|いく)つ(?:ほど)?(?:あります|お願い\S*)?\W*$",
    re.IGNORECASE,
)
_GREETING = re.compile(
    r"\s*(?:안녕하세요|안녕하십니까|안녕|여보세요|수고하(?:세요|십니다|시네요)|실례합니다|저기요"
    r"|hello|hi|hey|good (?:morning|afternoon|evening)|你好|您好|こんにちは|すみません|xin chào)"
    r"[\s,.!~?，。！、]+(?=\S.{3})",
    re.IGNORECASE,
)


def after_greeting(text: str) -> int:
    """Return where the matter begins behind a greeting; 0 where there is no greeting or no more."""
    at = 0
    while (match := _GREETING.match(text, at)) is not None:
        at = match.end()
    return at


def moved(parse: Parse, text: str, start: int) -> Parse:
    """Return the parse of `text[start:]` as one of the whole text."""
    entities = tuple(replace(e, start=e.start + start, end=e.end + start) for e in parse.entities)
    return replace(parse, text=text, entities=entities)


def split(text: str) -> list[str]:
    """Return the sentences of `text`, at most four; the text alone where it has one."""
    parts = [p.strip() for p in _BREAK.split(text) if p and p.strip()]
    parts = [p for p in parts if any(c.isalnum() for c in p) and not _ANNOUNCES.match(p)]
    if len(parts) > MOST:
        parts = [*parts[: MOST - 1], " ".join(parts[MOST - 1 :])]
    return parts


async def parse_parts(parser: Parser, text: str, language: str | None) -> tuple[Parse, ...]:
    """Return what each sentence means, where there are several of some length; else nothing."""
    if not 12 <= len(text) <= 600:
        return ()
    parts = split(text)
    if len(parts) < 2 or max(map(len, parts)) == len(text):
        return ()
    return tuple([await parser.parse(_JOINS.sub("", part), language) for part in parts])


def wishes(parts: tuple[Parse, ...]) -> list[list[Parse]]:
    """Group the sentences by wish, in order; a sentence without one belongs to the one before."""
    groups: list[list[Parse]] = []
    kinds: list[str] = []
    for part in parts:
        kind = part.intent.name
        own = (
            kind in WISHES
            and part.intent.confidence >= SURE
            and len(part.text) >= 5
            and not (groups and kind not in _NEVER_OF_IT and _OF_THE_SAME.search(part.text))
        )
        other = bool(groups and kinds[-1]) and (
            _family(kind) != _family(kinds[-1]) or _elsewhere(part, groups[-1])
        )
        if own and (not groups or other):
            groups.append([part])
            kinds.append(kind)
        elif groups:
            groups[-1].append(part)
            kinds[-1] = kinds[-1] or (kind if own else "")
        else:
            groups.append([part])
            kinds.append(kind if own else "")
    return groups


def in_confidence(parts: tuple[Parse, ...]) -> bool:
    """Tell whether a sentence reports what is sealed: what is asked beside it, its rules answer."""
    return any(p.intent.name != "ask_faq" and types.classify(p.text).sealed for p in parts)


def _elsewhere(part: Parse, group: list[Parse]) -> bool:
    """Tell whether a sentence reports something else at another place than those before it."""
    here, there = _where(part), [v for p in group for v in _where(p)]
    if part.intent.name != "file_petition" or not here or not there or set(here) & set(there):
        return False
    subjects = {routing.classify(text).id for text in (part.text, " ".join(p.text for p in group))}
    certain = min(part.intent.confidence, max(p.intent.confidence for p in group)) >= _CERTAIN
    known = len(subjects - {routing.directory().default.id})
    return len(subjects) == 2 and (known == 2 or certain)


def _where(part: Parse) -> list[str]:
    return part.values("place") or part.values("district")


def _family(intent: str) -> str:
    return {"list_polls": "vote", "unsubscribe_alerts": "subscribe_alerts"}.get(intent, intent)
