"""The words by which citizens withdraw, supplement or change what they filed."""

import re

from bot.flows.petition import words

_WITHDRAW = re.compile(
    r"취하|철회|(?:민원|접수|신고)(?:한\s*거|한\s*것|를|을|은|는|건|도|했던\s*거)?\s*(?:좀\s*)?(?:취소|없던)|취소하고\s*싶|"
    r"\bwithdraw|\btake (?:it |my \w+ )?back\b"
    r"|\bcancel (?:my|the|that) (?:petition|complaint|report)"
    r"|撤回|撤诉|取り下げ|rút lại",
    re.IGNORECASE,
)
_SUPPLEMENT = re.compile(
    r"(?:민원|신고|접수|P-)\S{0,12}.{0,10}(?:하나|한\s*가지|몇\s*가지)\s*더|"
    r"덧붙|보완|사진\S{0,2}\s.{0,8}(?:추가|더\s*(?:보내|보낼|올릴|있))|(?:[다라냐]고|도|것도|내용도)\s*(?:좀\s*|더\s*|같이\s*)*추가\s*(?:로\s*)?(?:해|적|넣)"
    r"|추가(?:요|합니다|바랍니다|부탁\S*|입니다|할게요?)[.!~\s]*$|(?:민원|신고|접수)\S{0,4}\s.{0,14}더\s*(?:말|적|알려|넣|쓰고|쓸|얘기|보탤)|추가(?:로)?\s*(?:할|하고|말|알려|적|설명|내용)|내용\s*추가|더\s*적을|"
    r"\badd (?:something |more |a note |some |details? )*to (?:my|the|that|it)\b|\bsupplement"
    r"|\badd (?:that|this|it|these)(?: too| as well)? to (?:my|the)"
    r" (?:report|petition|complaint|request)|\badditional (?:info|details?)"
    r"|\bmore details? (?:on|for|about) my"
    r"|^\W*补充|(?:想|要)补充|追加(?:したい|で|が)|付け加え|\bbổ sung\b",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"(?:접수한|접수했던|넣은|낸|신고한|제)\s*(?:민원|거|것|신고)\S*.*(?:바꾸|바꿔|바꿀|변경|수정|고치|고쳐|고칠|정정)|"
    r"민원\s*(?:내용|장소)?\S*\s*(?:바꾸|바꿔|바꿀|변경|수정|고치|고쳐|고칠)|"
    r"\b(?:change|edit|correct|update|fix|amend|modify) "
    r"(?:(?:[a-z]+ ){0,6}?(?:petition|complaint|report)\b"
    r"|(?:the |my )?(?:place|location|address|details?|description|wording|text)"
    r" (?:of|on|in|for|to)\b)(?! the alert)",
    re.IGNORECASE,
)
_ASKED_HOW = re.compile(r"되나요|하나요|인가요|어떻게|할\s*수\s*있|가능|\bhow\b|\bcan i\b", re.I)
_TOLD = re.compile(
    r"^.*?(?:덧붙일게요|덧붙이고\s*싶어요|덧붙여\s*주세요|덧붙일\s*(?:게|것|말|내용)\S*|추가할게요|추가하고\s*싶(?:어요|습니다|은데요?)|추가할\s*(?:내용|게|것|거|말)\S*(?:\s*(?:있|생겼)\S*)?|보완할게요"
    r"|(?:하나|한\s*가지|몇\s*가지)\s*더"
    r"(?:요|\s*(?:말|얘기|추가|알려|적|덧붙|있)\S*(?:\s*(?:싶|있|주)\S*)?)?"
    r"|추가로\s*(?:말씀드리면|알려드리면|적으면)?|add to (?:my|the) \w+|to add)\s*[-:,.]?\s*",
    re.IGNORECASE,
)
# What is added may come first: "아까 민원에 옆 건물도 그렇다고 덧붙여 주세요".
_TOLD_FIRST = re.compile(
    r"^(?:(?:아까|방금|어제|제가|내가|그)\s*)*(?:(?:접수|신고|넣|낸|보낸)\S*\s*)?"
    r"(?:(?:민원|신고|접수|거기)\S{0,2}\s+)?(?P<said>\S.*?)\s*"
    r"(?:(?:라|다|이라|자|냐)?고|는\s*(?:거|것|내용|말)\S?|도)?\s*(?:좀\s*|더\s*)?"
    r"(?:(?:덧붙여|추가(?:로)?\s*(?:해|적어)|더?\s*적어|보완해)\s*(?:주세요|줘요?|주실래요|주십시오)"
    r"|추가(?:요|합니다|바랍니다|부탁\S*|할게요?))[.!~\s]*$"
)
_TOLD_FIRST_ENGLISH = re.compile(
    r"^(?:(?:oh|also|and|i|btw|sorry|hey|forgot(?: to (?:mention|say|add))?)[,.\s]+)*"
    r"(?P<said>\S.{6,}?)[.,;!\s]+"
    r"(?:and |so |please |can you |could you )*add (?:that|this|it|these)(?: too| as well)?"
    r" to (?:my|the) (?:report|petition|complaint|request)[.!\s]*(?:please|thanks)?[.!\s]*$",
    re.IGNORECASE,
)
_CALLS_OFF = re.compile(
    r"^\W*(?:네+|넵|예|응|ㅇㅇ|그래요?|맞아요?)[,.\s]*취소|취소\s*(?:해\s*(?:주세요|줘)|할게요?|하겠|부탁)"
    r"|^\W*(?:yes|ok(?:ay)?|please)[,.\s]*cancel|cancel it",
    re.IGNORECASE,
)
_WISHES = (("withdraw", _WITHDRAW), ("supplement", _SUPPLEMENT), ("change", _CHANGE))
# English verbs with a Korean ending: "아까 report한 거에 add 하고 싶어요".
_MIXED = {
    "추가": re.compile(r"\b(?:add|supplement)\s*(?=하|할|해)", re.IGNORECASE),
    "취소": re.compile(r"\b(?:cancel|delete)\s*(?=하|할|해)", re.IGNORECASE),
    "취하": re.compile(r"\bwithdraw\s*(?=하|할|해)", re.IGNORECASE),
    "수정": re.compile(r"\b(?:change|edit|update|modify|fix)\s*(?=하|할|해)", re.IGNORECASE),
    "신고": re.compile(
        r"\b(?:report|file|submit|petition|complain)\s*(?=하|한|했|할)", re.IGNORECASE
    ),
}


def _in_korean(text: str) -> str:
    for korean, mixed in _MIXED.items():
        text = mixed.sub(korean, text)
    return text


def wish(text: str) -> str | None:
    """Return what is wanted of a petition: `withdraw`, `supplement`, `change`, or None of these."""
    said = _in_korean(text)
    return next((name for name, pattern in _WISHES if pattern.search(said)), None)


def asks_how(text: str) -> bool:
    """Tell whether a message asks how or whether something can be done."""
    return _ASKED_HOW.search(text) is not None


def added(text: str) -> str | None:
    """Return what a message adds: "" if it only says that it will, None where it adds nothing."""
    text = _in_korean(text)
    match = _TOLD_FIRST.match(text) or _TOLD_FIRST_ENGLISH.match(text) or _TOLD.match(text)
    if match is None:
        return None
    rest: str = match["said"] if "said" in match.groupdict() else text[match.end() :].strip()
    return rest if words.has_matter(rest) else ""


def calls_off(text: str) -> bool:
    """Tell whether a message tells us to call something off: a bare "취소" might mean otherwise."""
    return _CALLS_OFF.search(text) is not None
