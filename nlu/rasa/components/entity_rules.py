"""A Rasa entity extractor: the rules of the builtin engine, so that both find the same values.

DIET can find spans, but not that "둘째 거" is 2 or "이공이육에 영영일이삼" a receipt number.
"""

import json
from typing import Any, Dict, List, Optional

from nlu.entities import EntityFinder
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import (
    ENTITIES,
    INTENT,
    INTENT_NAME_KEY,
    INTENT_RANKING_KEY,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

KEPT = "names.json"
POSSIBLE = 0.12  # from this confidence on, another intent than the first is thinkable


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=True
)
class EntityRules(GraphComponent, EntityExtractorMixin):
    """Finds and normalises entities by rule; the city's names are the data's lookup tables.

    It stands after the classifier: the intent decides what a bare number is.
    """

    def __init__(
        self,
        storage: ModelStorage,
        resource: Resource,
        names: Optional[Dict[str, Any]] = None,
    ) -> None:
        """`names` holds `lookups` and `synonyms`; None before training."""
        self._storage, self._resource = storage, resource
        self._finder = EntityFinder(**names) if names else None

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """Return the options: none."""
        return {}

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "EntityRules":
        """Make one that knows no names yet."""
        return cls(model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Keep the lookup tables and synonyms of the training data."""
        names = {
            "lookups": {t["name"]: list(t["elements"]) for t in training_data.lookup_tables},
            "synonyms": training_data.entity_synonyms,
        }
        with self._storage.write_to(self._resource) as folder:
            text = json.dumps(names, ensure_ascii=False)
            (folder / KEPT).write_text(text, encoding="utf-8")
        return self._resource

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **_: Any,
    ) -> "EntityRules":
        """Read back what `train` kept."""
        with model_storage.read_from(resource) as folder:
            names = json.loads((folder / KEPT).read_text(encoding="utf-8"))
        return cls(model_storage, resource, names)

    def process(self, messages: List[Message]) -> List[Message]:
        """Add the entities of each message."""
        for message in messages:
            intent = (message.get(INTENT) or {}).get(INTENT_NAME_KEY) or ""
            maybe = [
                other[INTENT_NAME_KEY]
                for other in message.get(INTENT_RANKING_KEY) or []
                if other[INTENT_NAME_KEY] != intent and other["confidence"] >= POSSIBLE
            ]
            found = [
                {"entity": e.entity, "start": e.start, "end": e.end, "value": e.value}
                for e in self._finder.find(message.get(TEXT) or "", intent, maybe)
            ]
            known = message.get(ENTITIES, [])
            message.set(ENTITIES, known + self.add_extractor_name(found), add_to_output=True)
        return messages
