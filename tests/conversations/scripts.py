"""Reads the scripts and follows one: who says what, what must be heard, what is kept."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.city import City
from tests.conversations.citizens import DOORS, Citizen, Records
from tests.conversations.people import People

FOLDER = Path(__file__).parent
_DOORS = ("sms", "telegram", "web")
_DEEDS = frozenset(
    {"me", "keys", "again", "photo", "point", "share", "silence", "hangup", "agent", "button",
     "edit"}
)  # fmt: skip
_TURN = _DEEDS | {"bot", "not", "only", "door", "who", "pause"}
_SCRIPT = frozenset({"name", "doors", "talk", "end"})
_LISTS = ("petitions", "alerts", "handoffs")
_END = frozenset({*_LISTS, "photos", "votes", "owner", "language"})
_OWNERS = {
    "bot": "bot", "offered": "bot", "closed": "bot",
    "queued": "queue", "callback": "queue", "active": "agent",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Script:
    """One conversation of a file, as one door holds it."""

    file: str
    name: str
    door: str
    talk: list[dict[str, Any]]
    end: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.file}: {self.name} [{self.door}]"


def load() -> list[Script]:
    """Return every script once for each of its doors. Raises ValueError that names the mistake."""
    found: list[Script] = []
    for path in sorted(FOLDER.glob("*.yml")):
        for raw in yaml.safe_load(path.read_text(encoding="utf-8")):
            _check(path.name, raw)
            for door in raw.get("doors", _DOORS):
                talk = [t for t in raw["talk"] if door in t.get("only", (door,))]
                found.append(Script(path.stem, raw["name"], door, talk, raw["end"]))
    names = [str(s) for s in found]
    doubled = {n for n in names if names.count(n) > 1}
    if doubled:
        raise ValueError(f"two scripts are called {sorted(doubled)}")
    return found


def _check(file: str, raw: dict[str, Any]) -> None:
    where = f"{file}, {raw.get('name', 'a script without a name')}"
    if wrong := set(raw) - _SCRIPT or _SCRIPT - {"doors"} - set(raw):
        raise ValueError(f"{where}: {sorted(wrong)} is missing or unknown")
    if wrong := set(raw.get("doors", ())) - set(DOORS):
        raise ValueError(f"{where}: no door is called {sorted(wrong)}")
    if wrong := set(raw["end"]) - _END:
        raise ValueError(f"{where}: the end knows no {sorted(wrong)}")
    if not raw["end"]:
        raise ValueError(f"{where}: say what the database holds at the end")
    for turn in raw["talk"]:
        if wrong := set(turn) - _TURN:
            raise ValueError(f"{where}: a turn knows no {sorted(wrong)}")


def follow(script: Script, city: City, records: Records) -> None:
    """Hold the conversation, and compare what is heard and what is kept with the script."""
    people = People(city, records, script.door)
    votes = records.votes()
    transcript: list[str] = []
    try:
        for turn in script.talk:
            answer = people.take(turn)
            transcript += [f"> {turn.get('me', turn)}", answer]
            expect(turn, answer, people, "\n".join(transcript))
    finally:
        people.go_home()
    compare(script.end, people.citizen, records, votes, "\n".join(transcript))


def expect(turn: dict[str, Any], answer: str, people: People, told: str) -> None:
    """Compare an answer with what a turn expects; `told` is the talk so far."""
    heard = _squeeze(answer)
    for wanted in turn.get("bot", ()):
        parts = people.filled(str(wanted)).split("|")
        assert any(_squeeze(p) in heard for p in parts), f"not heard: {wanted}\n{told}"
    for unwanted in turn.get("not", ()):
        assert _squeeze(people.filled(str(unwanted))) not in heard, f"heard: {unwanted}\n{told}"


def compare(end: dict[str, Any], citizen: Citizen, records: Records, votes: int, told: str) -> None:
    """Compare what is kept of a citizen with the end of a script; `votes` were there before."""
    contact = records.contact(citizen)
    for what in _LISTS:
        if what not in end:
            continue
        rows = records.of(what, contact)
        assert len(rows) == len(end[what]), f"{what}: {rows}\n{told}"
        for row, wanted in zip(rows, end[what], strict=True):
            kept = {column: row[column] for column in wanted}
            same = {c: _alike(kept[c], wanted[c]) for c in wanted}
            assert all(same.values()), f"{what}: {kept}, not {wanted}\n{told}"
    if "photos" in end:
        assert len(records.of("photos", contact)) == end["photos"], told
    if "votes" in end:
        assert records.votes() - votes == end["votes"], told
    talk = records.of("talks", contact)[-1]
    if "owner" in end:
        assert _OWNERS[talk["state"]] == end["owner"], f"owner is {talk['state']}\n{told}"
    if "language" in end:
        assert talk["language"] == end["language"], told


def _alike(kept: Any, wanted: Any) -> bool:
    """Texts are alike when what is wanted occurs in what is kept; anything else is the same."""
    if isinstance(wanted, str) and isinstance(kept, str):
        return _squeeze(wanted) in _squeeze(kept)
    return bool(kept == wanted)


def _squeeze(text: str) -> str:
    return "".join(text.lower().split())
