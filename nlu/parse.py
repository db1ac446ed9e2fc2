"""The one contract of understanding: Rasa's own shape, whichever engine stands behind it."""

from dataclasses import dataclass, field
from typing import Any, Protocol

INTENTS = (
    "file_petition", "check_status", "list_polls", "vote", "submit_proposal", "support_proposal",
    "request_disclosure", "ask_faq", "talk_to_agent", "subscribe_alerts", "unsubscribe_alerts",
    "rate_service", "change_language", "help", "greet", "thank", "goodbye", "affirm", "deny",
    "cancel", "life_emergency", "out_of_scope",
)  # fmt: skip
ENTITIES = (
    "petition_id", "proposal_id", "disclosure_id", "choice", "district", "place", "rating",
    "language", "phone",
)  # fmt: skip
RECEIPTS = {"P": "petition_id", "I": "proposal_id", "D": "disclosure_id"}  # by a number's letter


@dataclass(frozen=True, slots=True)
class Intent:
    """An intent and how sure the engine is of it, 0..1."""

    name: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Entity:
    """A span of the text (`start`..`end` in code points) and its normalised `value`."""

    entity: str
    value: str
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Parse:
    """What a text means. `intent_ranking` is best first and begins with `intent`."""

    engine: str
    model: str
    text: str
    language: str
    intent: Intent
    intent_ranking: tuple[Intent, ...] = ()
    entities: tuple[Entity, ...] = field(default=())

    def values(self, entity: str) -> list[str]:
        """Return the normalised values of one kind of entity, in the order of the text."""
        return [e.value for e in self.entities if e.entity == entity]

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON shape of the contract (the same keys as Rasa's `/model/parse`)."""
        return {
            "engine": self.engine,
            "model": self.model,
            "text": self.text,
            "language": self.language,
            "intent": {"name": self.intent.name, "confidence": round(self.intent.confidence, 4)},
            "intent_ranking": [
                {"name": i.name, "confidence": round(i.confidence, 4)} for i in self.intent_ranking
            ],
            "entities": [
                {
                    "entity": e.entity,
                    "value": e.value,
                    "start": e.start,
                    "end": e.end,
                    "text": e.text,
                }
                for e in self.entities
            ],
        }


class Parser(Protocol):
    """An engine. `language` is a hint (the conversation's), never the last word."""

    async def parse(self, text: str, language: str | None = None) -> Parse:
        """Understand one message. Never raises for any text, however strange."""
        ...
