"""What the bot says: complete in every language, well formed, fit to be spoken."""

import re
import string

import pytest

from backend.config import ROOT
from bot import texts
from channels.render import speakable

_KEY = re.compile(r"""["']([a-z]+\.[a-z_]+)["']""")
_MADE = re.compile(r"""f["']([a-z]+\.[a-z_]*)\{""")
# Said on channels that are read, never to a caller.
_NEVER_SPOKEN = frozenset(
    ("opted.out", "vote.receipt_sms", "petition.receipt_sms", "phone.code_sms", "question.source",
     "question.source_short", "question.source_undated", "question.source_short_undated",
     "vote.hidden")
)  # fmt: skip


_SPOKEN = {language: re.compile(pattern) for language, pattern in (("ko", "[A-Za-z]{2,}"),)}


def _used() -> set[str]:
    """Return every key that the bot's code names, or puts together from a beginning."""
    source = "\n".join(path.read_text() for path in (ROOT / "bot").rglob("*.py"))
    every = texts.catalogue("ko")
    # petition.new_{what}, menu.{flow}, language.{code}: whatever begins like that is used.
    begun = [begin for begin in _MADE.findall(source) if not begin.startswith("flow")]
    made = {key for key in every for begin in begun if key.startswith(begin)}
    # Keys that are put together from parts, and forms for channels with a button.
    parts = ("menu.", "petition.new_", "petition.confirm_", "status.next_", "own.ask_")
    made |= {key for key in every if key.startswith(parts) or key.endswith("_share")}
    # What is said again in other words is found by its ending.
    made |= {f"{key}_again" for key in every if f"{key}_again" in every}
    return {key for key in _KEY.findall(source) if key in every} | made


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_every_language_has_the_same_texts(language: str) -> None:
    korean, found = set(texts.catalogue("ko")), set(texts.catalogue(language))
    assert found - korean == set(), "unknown in Korean"
    if language not in texts.SPOKEN:
        korean = {key for key in korean if not key.startswith("call.")}  # said to callers only
    assert korean - found == set(), "missing"


def test_no_text_is_unused() -> None:
    assert set(texts.catalogue("ko")) - _used() == set()


def test_no_text_is_named_that_is_not_there() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "bot").rglob("*.py"))
    groups = {key.split(".")[0] for key in texts.catalogue("ko")}
    named = {key for key in _KEY.findall(source) if key.split(".")[0] in groups}
    assert named - set(texts.catalogue("ko")) == set()


def _forms(language: str) -> list[tuple[str, str, str]]:
    """Return (key, form, words): a text has a written form, and a spoken one where it differs."""
    return [
        (key, form, words)
        for key, entry in texts.catalogue(language).items()
        for form, words in ({"text": entry} if isinstance(entry, str) else entry).items()
    ]


def _slots(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_the_slots_of_a_text_are_the_same_in_every_language(language: str) -> None:
    wanted = {(key, form): _slots(words) for key, form, words in _forms("ko")}
    for key, form, words in _forms(language):
        assert _slots(words) == wanted.get((key, form), _slots(words)), (key, form)


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_only_what_a_voice_speaks_has_a_spoken_form(language: str) -> None:
    spoken = {key for key, form, _ in _forms(language) if form == "spoken"}
    assert bool(spoken) == (language in texts.SPOKEN)


@pytest.mark.parametrize("language", [code for code in texts.LANGUAGES if code != "ko"])
def test_only_korean_takes_particles(language: str) -> None:
    for key, _, words in _forms(language):
        assert not [spec for _, _, spec, _ in string.Formatter().parse(words) if spec], key


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_a_text_is_in_its_own_language(language: str) -> None:
    own = re.compile(
        {"ko": "[가-힣]", "zh": "[一-鿿]", "ja": "[ぁ-んァ-ン一-鿿]"}.get(language, "[a-z]")
    )
    for key, _, words in _forms(language):
        bare = re.sub(r"\{[^}]*\}|'[^']*'|「[^」]*」|“[^”]*”", "", words)
        if not re.search(r"[^\W\d_]", bare):
            continue  # only slots
        assert own.search(bare), key
        others = "[가-힣]" if language != "ko" else "[一-鿿぀-ヿ]"
        assert not re.search(others, bare), key


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_no_text_holds_an_emoji_or_asks_for_words_that_a_provider_takes(language: str) -> None:
    for key, _, words in _forms(language):
        assert not re.search("[\U0001f000-\U0001faff\u2600-\u27bf]", words), key
        assert not re.search(r"\b(?:STOP|CANCEL|YES|END|QUIT|HELP|START)\b", words), key


@pytest.mark.parametrize("language", texts.SPOKEN)
def test_what_is_spoken_holds_nothing_a_voice_would_spell_out(language: str) -> None:
    """What the voice hears is what the channel makes of a text, so that is what is looked at."""
    written = {key for key, form, _ in _forms(language) if form == "spoken"}
    for key, form, words in _forms(language):
        if form == "text" and (key in written or key in _NEVER_SPOKEN):
            continue
        heard = speakable(re.sub(r"\{[^}]*\}", "x" if language == "en" else "가", words), language)
        assert not re.search(r"https?:|www|[\[\]<>•*_#{}]|[\U0001f000-\U0001faff]", heard), key
        if form == "spoken":
            assert not re.search(r"https?://|[\[\]<>•*_#]", re.sub(r"\{[^}]*\}", "", words)), key
        if language in _SPOKEN:
            assert not _SPOKEN[language].search(heard), (key, heard)


@pytest.mark.parametrize(
    ("word", "particle", "with_it"),
    [
        ("마포구", "을", "마포구를"),
        ("서울역", "을", "서울역을"),
        ("서울", "으로", "서울로"),
        ("마포구", "으로", "마포구로"),
        ("명동", "으로", "명동으로"),
        ("2번", "이", "2번이"),
        ("010-1234-5678", "으로", "010-1234-5678로"),
        ("***-0003", "으로", "***-0003으로"),
        ("P-2026-0000002", "이에요", "P-2026-0000002예요"),
        ("P-2026-0000003", "이에요", "P-2026-0000003이에요"),
        ("10", "을", "10을"),
        ("2", "이", "2가"),
        ("7", "으로", "7로"),
        ("3%", "을", "3%를"),
        ("5km", "이", "5km가"),
        ("KTX", "으로", "KTX로"),
        ("LH", "은", "LH는"),
        ("LED", "을", "LED를"),
        ("EMR", "이", "EMR이"),
        ("Seoul", "으로", "Seoul로"),
        ("Gangnam", "은", "Gangnam은"),
        ("center", "을", "center를"),
        ("마포구(서울)", "을", "마포구(서울)를"),
        ("'산책로'", "과", "'산책로'와"),
    ],
)
def test_a_particle_fits_the_word_before_it(word: str, particle: str, with_it: str) -> None:
    assert texts.with_particle(word, particle) == with_it


def test_a_title_in_quotes_is_followed_by_its_particle() -> None:
    said = texts.word("ko", "vote.sure", title="공원", option="놀이터")
    assert "'놀이터'를 고르시는" in said


def test_a_caller_is_asked_to_say_what_others_write() -> None:
    _, spoken = texts.say("ko", "person.which_number")
    assert spoken == "다시 전화드릴 번호를 말씀해 주세요."
