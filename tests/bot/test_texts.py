"""What the bot says: complete in every language, well formed, fit to be spoken."""

import re
import string

import pytest

from backend.config import ROOT
from bot import texts

_KEY = re.compile(r"""["']([a-z]+\.[a-z_]+)["']""")


def _used() -> set[str]:
    """Return every key that the bot's code names."""
    source = "\n".join(path.read_text() for path in (ROOT / "bot").rglob("*.py"))
    # Keys that are put together, as in petition.new_{what}.
    parts = ("menu.", "petition.new_", "petition.confirm_", "status.next_", "own.ask_")
    made = {key for key in texts.catalogue("ko") if key.startswith(parts)}
    # The second time in a row, and where a channel has a button for it.
    made |= {key for key in texts.catalogue("ko") if key.endswith(("_again", "_share"))}
    return {key for key in _KEY.findall(source) if key in texts.catalogue("ko")} | made


def test_every_language_has_the_same_texts() -> None:
    korean = set(texts.catalogue("ko"))
    assert {language: set(texts.catalogue(language)) ^ korean for language in texts.LANGUAGES} == {
        language: set() for language in texts.LANGUAGES
    }


def test_no_text_is_unused() -> None:
    assert set(texts.catalogue("ko")) - _used() == set()


def _forms(language: str) -> list[tuple[str, str]]:
    return [
        (key, form)
        for key, entry in texts.catalogue(language).items()
        for form in ([entry] if isinstance(entry, str) else entry.values())
    ]


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_the_slots_of_a_text_are_the_same_in_every_language(language: str) -> None:
    def slots(form: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(form) if name}

    for key in texts.catalogue("ko"):
        wanted, found = (
            {n for k, form in _forms(which) if k == key for n in slots(form)}
            for which in ("ko", language)
        )
        assert found == wanted, key


@pytest.mark.parametrize("language", texts.LANGUAGES)
def test_what_is_spoken_holds_nothing_a_voice_would_spell_out(language: str) -> None:
    for key, entry in texts.catalogue(language).items():
        if isinstance(entry, str):
            continue  # the channel itself strips what is shared by both forms
        spoken = re.sub(r"\{[^}]*\}", "", entry["spoken"])
        assert not re.search(r"https?://|[\[\]<>•*_#]|[\U0001F300-\U0001FAFF]", spoken), key
        if language == "ko":
            assert not re.search(r"[A-Za-z]{2,}", spoken), key


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
    ],
)
def test_a_particle_fits_the_word_before_it(word: str, particle: str, with_it: str) -> None:
    assert texts.with_particle(word, particle) == with_it
