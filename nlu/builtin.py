"""The builtin engine: text in, Parse out, in process, some milliseconds."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from nlu.calibration import lead
from nlu.entities import EntityFinder
from nlu.language import identify
from nlu.model import Model
from nlu.normalise import plain
from nlu.parse import Intent, Parse

_RANKED = 10
_POSSIBLE = 0.12  # from this confidence on, another intent than the first is thinkable
_LONGEST = 4_000  # characters of a message that are looked at


class BuiltinParser:
    """The Parser that runs inside the process, from an artefact of `nlu.train`."""

    engine = "builtin"

    def __init__(self, model: Model) -> None:
        """`model` is loaded and shared read-only; a parser may serve many conversations."""
        self.model = model
        self._entities = EntityFinder(model.resources["lookups"], model.resources["synonyms"])

    @classmethod
    def load(cls, path: Path) -> "BuiltinParser":
        """Load the artefact in the folder `path` and warm everything up.

        Raises nlu.model.ModelError where there is none that fits.
        """
        parser = cls(Model.load(path))
        for text in ("가로등이 고장났어요 빨리 고쳐주세요", "the street light is broken"):
            parser.parse_text(text)
        return parser

    async def parse(self, text: str, language: str | None = None) -> Parse:
        """Understand one message; `language` is a hint. Never raises for any text."""
        return self.parse_text(text, language)

    def parse_text(self, text: str, language: str | None = None) -> Parse:
        """Do what `parse` does, for callers outside an event loop."""
        seen = text[:_LONGEST]
        ranking = self._rank(seen)
        return Parse(
            engine=self.engine,
            model=self.model.name,
            text=text,
            language=identify(plain(seen), language),
            intent=ranking[0],
            intent_ranking=ranking,
            entities=self._entities.find(seen, ranking[0].name, _maybe(ranking)),
        )

    def unseen_share(self, texts: Iterable[str]) -> float:
        """Return the share of words in `texts`, 0..1, that training never saw."""
        known = self.model.vocabulary.columns["words"]
        words = [t for text in texts for t in self.model.reader.read(text).tokens if t.isalpha()]
        return sum(w not in known for w in words) / len(words) if words else 0.0

    def _rank(self, text: str) -> tuple[Intent, ...]:
        model = self.model
        reading = model.reader.read(text)
        margins = model.margins(reading)
        confidences = model.confidences(reading, margins)
        order = np.argsort(-confidences, kind="stable")[:_RANKED]
        ranked = [Intent(model.intents[i], float(confidences[i])) for i in order]
        for name, threshold in model.early.items():
            column = model.intents.index(name)
            called = bool(lead(margins.astype(np.float64), column) >= threshold)
            ranked = _called(ranked, name, float(confidences[column]), called)
        return tuple(ranked)


def _called(ranked: list[Intent], name: str, confidence: float, called: bool) -> list[Intent]:
    """Return the ranking with the intent `name` first if it is `called`, and only then."""
    others = [i for i in ranked if i.name != name]
    if called:
        return [Intent(name, max(confidence, ranked[0].confidence)), *others]
    if ranked[0].name != name:
        return ranked
    # It came first by a margin that is too small to believe: the next takes its place.
    first, second = ranked[0], ranked[1]
    return [Intent(second.name, first.confidence), Intent(name, second.confidence), *ranked[2:]]


def _maybe(ranking: tuple[Intent, ...]) -> frozenset[str]:
    return frozenset(i.name for i in ranking[1:] if i.confidence >= _POSSIBLE)
