"""How named spots look in English and in romanised Korean addresses."""

import re

from nlu.patterns import any_of, words

Span = tuple[int, int]

ENDING = (
    r"(?:univ(?:ersity)?\.?|apartments?|"
    + any_of(
        """station stn park bridge market elementary_school middle_school high_school school
        hospital library museum plaza square tower stadium cathedral church temple palace lake
        stream tunnel crossing crossroads intersection rotary terminal airport center centre
        hall mall complex office hotel health_center community_center clinic
        skyway forest campground stop ic homeplus emart starbucks gs25 cu samgeori sageori"""
    )
    + ")"
)
_PREPOSITION = (
    "(?:"
    + any_of(
        """in_front_of next_to close_to across_from near nearby behind outside outside_of
        opposite under around beside along on at by in"""
    )
    + r")\s"
)
_ROMANISED = re.compile(
    r"\b[a-z']{3,}-(?:ro|gil|dong|daero)\b(?:\s\d+(?:-\w{1,2})?-?gil)?"
    r"(?:\s(?:\d+-ga|\d{1,4}(?:-\d+)?)\b)?|\b[a-z]{3,}ro\s\d-ga\b|\b[a-z]{4,}(?:cheon|daero)\b"
)
_NAME_WORD = r"(?:[A-Z][\w'’&]*|Univ\.|\d{1,2}th|of|the|&|Nat'l|N|and|Women's)"
_NAMED = re.compile(
    rf"(?:(?:[A-Z][\w'’&-]*)\s(?:{_NAME_WORD}\s){{0,5}}?)(?i:{ENDING})\b(?:\sof\s[A-Z]\w+)?"
)
_UNCAPPED = re.compile(
    r"\b[a-z]{4,}(?:[\s-]gu)?(?:\s(?:hangang|nat'l|women's|central|history|global))?\s(?:"
    + any_of(
        """station bridge palace elementary_school middle_school high_school hangang_park
        university gu_office health_center library gucheong bogeonso noriteo"""
    )
    + r"|(?:five|four|three)-way (?:crossing|intersection))\b"
)
_BEFORE = re.compile(
    rf"(?:{_PREPOSITION})?(?:the\s)?"
    r"(?:(?:exit|gate|platform|line)\s\d{1,2}\s(?:of|at)\s(?:the\s)?)?(?:the\s)?\Z"
)
_AFTER = re.compile(
    r"(?:['’]s)?(?:\s(?:exit|gate|platform)\s\d{1,2}|\sparking lot(?: gate \d)?|\snear the \w+"
    r"|\sside(?= of)|\s(?:"
    + any_of(
        """station stn stop entrance back_gate east_gate west_gate front_gate main_gate ramp slope
        post_office new_town expressway path road stairs underpass restroom toilet walkway
        fountain market stadium park playground square crossing bridge"""
    )
    + r"))+"
)
# First words that make "… station", "… park" nobody's name.
_COMMON = words(
    """the this that my our your their her his its near every each some any other same next
    train subway metro bus police fire public city local nearest closest elementary middle high
    flea night food street main first last one whose which what where from into with there
    shopping water green small little whole community health district service call phone head
    post back petrol charging kids seoul korean free illegal bike bicycle dog national amusement
    disabled resident residents can could please he and for not new old big was were has have
    had you they come came walk walking park parking cannot job traffic sh rental recycling
    polling gas pedestrian which nearby school university apartment branch open opening
    any about like only also just when why how don't doesn't is are it there's hello hi
    dear report petition vote"""
)


def find_spots(plain: str, source: str, gazetteer: re.Pattern[str] | None) -> list[Span]:
    """Return the spans of named spots; `source` is the text in its own capitals."""
    spans = [m.span() for m in gazetteer.finditer(plain)] if gazetteer else []
    spans += [m.span() for m in _ROMANISED.finditer(plain)]
    for match in _NAMED.finditer(source):
        named = plain[match.start() : match.end()].split()
        first = next((i for i, w in enumerate(named) if w not in _COMMON), len(named))
        if first < len(named) - 1:
            skipped = len(" ".join(named[:first])) + (first > 0)
            spans.append((match.start() + skipped, match.end()))
    spans += [m.span() for m in _UNCAPPED.finditer(plain) if m[0].split()[0] not in _COMMON]
    return [_with_details(plain, span) for span in spans]


def _with_details(text: str, span: Span) -> Span:
    """Take in what locates a spot more closely ("in front of", "exit 3")."""
    start, end = span
    before = _BEFORE.search(text, max(0, start - 40), start)
    after = _AFTER.match(text, end)
    return before.start() if before else start, after.end() if after else end
