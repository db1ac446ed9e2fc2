"""A Rasa featurizer: the meaning vectors of Kiwi's morphemes, as the builtin engine uses them.

An unseen word ("캄캄하다") lies beside a seen one ("깜깜하다"), and an English word beside the
Korean one that the glossary names for it, with no model to download.
"""

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

import numpy as np
import yaml
from nlu.glossary import Glossary, stems
from nlu.morphemes import SenseSpace, analyse
from nlu.normalise import plain
from nlu.romanised import to_hangul
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.constants import TOKENS_NAMES
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

GLOSSARY = Path(__file__).resolve().parent.parent.parent / "data" / "glossary.yml"


class Senses(NamedTuple):
    """What training learns: the space, and how rare each morpheme is, or one never seen."""

    space: SenseSpace
    rarity: Dict[int, float]
    unseen: float


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True
)
class SenseFeaturizer(DenseFeaturizer, GraphComponent):
    """Gives each token the mean of its morphemes' vectors, and the message one of its own."""

    def __init__(
        self,
        config: Dict[str, Any],
        name: str,
        storage: ModelStorage,
        resource: Resource,
        terms: Optional[Dict[str, List[str]]] = None,
        senses: Optional[Senses] = None,
    ) -> None:
        """`terms` (of the glossary) and `senses` are what training kept; None before it."""
        super().__init__(name, config)
        self._storage, self._resource = storage, resource
        self._terms = terms if terms is not None else _read_terms()
        self._glossary = Glossary(self._terms)
        self._senses = senses

    @classmethod
    def required_components(cls) -> List[Any]:
        """Return what must come before it in the pipeline."""
        return [Tokenizer]

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """Return the options: none but those of every dense featurizer."""
        return dict(DenseFeaturizer.get_default_config())

    @staticmethod
    def validate_config(config: Dict[str, Any]) -> None:
        """Accept any configuration: there is nothing to set."""

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "SenseFeaturizer":
        """Make an untrained one."""
        return cls(config, execution_context.node_name, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn which morphemes are common, and from them the axes of the space."""
        seen: Counter = Counter()
        examples = [m for m in training_data.training_examples if m.get(TOKENS_NAMES[TEXT])]
        for message in examples:
            seen.update(set(self._of_message(message)))
        total = len(examples)
        rarity = {i: math.log((1 + total) / (1 + n)) for i, n in seen.items()}
        self._senses = Senses(SenseSpace.fit(seen), rarity, math.log(1 + total))
        with self._storage.write_to(self._resource) as folder:
            _save(folder, self._senses, self._terms)
        return self._resource

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **_: Any,
    ) -> "SenseFeaturizer":
        """Read back what `train` kept."""
        with model_storage.read_from(resource) as folder:
            senses, terms = _load(folder)
        name = execution_context.node_name
        return cls(config, name, model_storage, resource, terms, senses)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the vectors to all training messages."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Add the vectors to messages that have tokens."""
        for message in messages:
            tokens = message.get(TOKENS_NAMES[TEXT])
            if tokens:
                sequence = np.array([self._vector(self._of_token(t)) for t in tokens], np.float32)
                sentence = self._vector(self._of_message(message))[np.newaxis, :]
                self.add_features_to_message(sequence, sentence, TEXT, message)
        return messages

    def _of_token(self, token: Token) -> List[int]:
        """Return Kiwi's numbers of the morphemes in one token, an English one's by glossary."""
        senses = token.get("senses")
        if senses is None or (not senses and token.text.isascii()):
            senses = [m.id for m in self._glossary.translate(stems(token.text.lower()))]
        return senses

    def _of_message(self, message: Message) -> List[int]:
        """Return those of a whole message, set phrases and romanised Korean among them."""
        text = plain(message.get(TEXT))
        found = [i for token in message.get(TOKENS_NAMES[TEXT]) for i in token.get("senses", [])]
        found += [m.id for m in self._glossary.translate(stems(text))]
        return found + [m.id for m in analyse(to_hangul(text) or "") if m.known]

    def _vector(self, senses: List[int]) -> np.ndarray:
        """Return the rarity-weighed sum of their vectors with length 1, 0 where there is none."""
        space, rarity, unseen = self._senses
        out = np.zeros(space.size, np.float32)
        for sense in senses:
            out += space.vector(sense) * rarity.get(sense, unseen)
        length = float(np.linalg.norm(out))
        return out / length if length else out


def _read_terms() -> Dict[str, List[str]]:
    terms: Dict[str, List[str]] = {}
    content = yaml.safe_load(GLOSSARY.read_text(encoding="utf-8"))
    for korean, phrases in content["glossary"].items():
        for phrase in str(phrases).split(","):
            terms.setdefault(phrase.strip().lower(), []).append(str(korean))
    return terms


def _save(folder: Path, senses: Senses, terms: Dict[str, List[str]]) -> None:
    np.savez(
        folder / "senses.npz",
        anchors=np.array(senses.space.anchors, np.int32),
        projection=senses.space.projection,
        mean=senses.space.mean,
        words=np.array(list(senses.rarity), np.int32),
        rarity=np.array(list(senses.rarity.values()), np.float32),
        unseen=np.array(senses.unseen),
    )
    text = json.dumps(terms, ensure_ascii=False)
    (folder / "glossary.json").write_text(text, encoding="utf-8")


def _load(folder: Path) -> Any:
    with np.load(folder / "senses.npz", allow_pickle=False) as kept:
        space = SenseSpace(kept["anchors"].tolist(), kept["projection"], kept["mean"])
        rarity = dict(zip(kept["words"].tolist(), kept["rarity"].tolist()))
        senses = Senses(space, rarity, float(kept["unseen"]))
    return senses, json.loads((folder / "glossary.json").read_text(encoding="utf-8"))
