"""English words: what carries a topic, and stems under which the forms of a word meet."""

import re
from functools import lru_cache

_WORD = re.compile(r"[a-z0-9]+(?:['’][a-z]+)?|[가-힣]+")
_FILLERS = """
a an the and or but if of in on at to for from by with about into over is are was were be been am
do does did done have has had having i me my we our us you your he she it its they them their this
that these those there here what which who whom whose when where why how can could will would
shall should may might must not no any some so than then too very just as also please tell want
need like get got let ok take use used call without back during someone become cannot off ask hi
hello thanks thank one ones way s t m re ve ll d im ive dont cant isnt doesnt didnt wont up out
down again only own same such both more most other another each every all anything something
everything nothing anyone everyone somebody myself yourself himself herself itself themselves
because while until though although however yes am pm etc per via upon within between among
through toward against lets let's whats whos
"""
_LIGHT_WORDS = """
able actually already always around asked asking available away bad best better big bit bring
brought called came certain come comes coming currently day days despite does doing else enough
ever exact exactly fact few find finding first found friend friends full gave general give given
gives giving go goes going gone good great guy guys happen happened happening happens hard heard
hear help high hold just keep keeps kind know knows last late lately later least left less like
likely little live long look looking looks lot lots low made main make makes making many maybe
mean means might moment much near nearby nearest never new next nice normally now often old once
open others part people person place places plan possible possibly probably put question quick
quickly quite rather ready real really recently regarding related right said say saying says
second see seem seems seen send sent several show since small somewhere soon sorry sort special
specific start still stuff suddenly sure taking talk tell telling thing things think third though
time times today together told tomorrow took total tried try trying turn two three type under
understand using usual usually wanted wants wanting well went whether whole wish wonder wondering
work works world worth would yesterday yet
"""
_ENGLISH_STOP = frozenset(_FILLERS.split())
_LIGHT = frozenset(_LIGHT_WORDS.split())


def words(text: str) -> list[str]:
    """Return the words of an English text in order, in small letters, possessives cut."""
    return [re.sub(r"['’].*", "", word) for word in _WORD.findall(text.lower())]


def is_filler(word: str) -> bool:
    """Tell whether an English word carries no topic (articles, pronouns, question words)."""
    return word in _ENGLISH_STOP


def is_light(word: str) -> bool:
    """Tell whether an English word fits any subject, so that it tells little about one."""
    return word in _LIGHT


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return an English word without its commonest endings, so that its forms meet."""
    if len(word) < 4 or not word.isascii() or word[0].isdigit():
        return word
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: len(word) - len(ending)] + instead
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


_ENDINGS = (
    ("ational", "ate"),
    ("ization", "ize"),
    ("ations", "ate"),
    ("ation", "ate"),
    ("ements", ""),
    ("ement", ""),
    ("ments", ""),
    ("ment", ""),
    ("ingly", ""),
    ("ings", ""),
    ("ing", ""),
    ("iest", "y"),
    ("ies", "y"),
    ("ied", "y"),
    ("ness", ""),
    ("sses", "ss"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("xes", "x"),
    ("ed", ""),
    ("ly", ""),
    ("ss", "ss"),
    ("us", "us"),
    ("s", ""),
)
