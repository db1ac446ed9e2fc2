"""A Rasa featurizer: a message as the builtin engine reads it, as features of the sentence.

Letters, jamo, morphemes, their meanings and set patterns survive typos, missing spaces, other
endings, romanised and foreign words, each in its way (`nlu/features.py`). What it is worth beside
Rasa's own featurizers is in docs/engines.md.
"""

import json
import math
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional

import numpy as np
import scipy.sparse
from nlu.counting import count, rarities
from nlu.data import read
from nlu.features import Reader, Reading, latin_words
from nlu.morphemes import SenseSpace
from nlu.vectors import Meaning, Vocabulary
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.sparse_featurizer.sparse_featurizer import SparseFeaturizer
from rasa.shared.exceptions import InvalidConfigException
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

DATA = Path(__file__).resolve().parent.parent.parent / "data"
ARRAYS, WORDS = "arrays.npz", "words.json"


class Trained(NamedTuple):
    """What training learns: words and patterns to read by, the features kept, the meanings."""

    resources: Dict[str, Any]
    vocabulary: Vocabulary
    meaning: Meaning


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True
)
class MessageFeaturizer(SparseFeaturizer, GraphComponent):
    """Gives each message one sparse vector of its features, and a dense one of its meaning."""

    def __init__(
        self,
        config: Dict[str, Any],
        name: str,
        storage: ModelStorage,
        resource: Resource,
        trained: Optional[Trained] = None,
    ) -> None:
        """`trained` is what training kept; None before it."""
        super().__init__(name, config)
        self._min_share, self._scale = float(config["min_share"]), float(config["scale"])
        self._storage, self._resource = storage, resource
        self._trained = trained
        self._reader = _reader(trained.resources) if trained else None

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """Return the options.

        `min_share`: features of a smaller share of the training messages are left out; DIET's
        time grows with their number. `scale`: the length of each kind of feature (letters,
        morphemes, …); DIET expects counts, beside which the length 1 of the builtin engine is
        faint.
        """
        return {**SparseFeaturizer.get_default_config(), "min_share": 0.001, "scale": 8.0}

    @staticmethod
    def validate_config(config: Dict[str, Any]) -> None:
        """Refuse what cannot work, before anything is trained."""
        if not 0 <= float(config["min_share"]) < 1 or not float(config["scale"]) > 0:
            raise InvalidConfigException(
                "MessageFeaturizer needs a min_share from 0 to below 1 and a scale above 0."
            )

    @classmethod
    def create(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> "MessageFeaturizer":
        """Make an untrained one."""
        return cls(config, execution_context.node_name, model_storage, resource)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn which features are common enough, and how rare each of them is."""
        texts = [m.get(TEXT) for m in training_data.training_examples if m.get(TEXT)]
        patterns: Dict[str, List[str]] = {}
        for expression in training_data.regex_features:
            patterns.setdefault(expression["name"], []).append(expression["pattern"])
        # The glossary lies in files that Rasa's own reader leaves out.
        glossary = read([DATA]).glossary
        resources = {"glossary": glossary, "patterns": patterns, "words": latin_words(texts)}
        reader = _reader(resources)
        readings = reader.read_all(texts)
        trained = Trained(resources, _vocabulary(readings, self._min_share), Meaning.fit(readings))
        with self._storage.write_to(self._resource) as folder:
            _save(folder, trained)
        return self._resource

    @classmethod
    def load(
        cls,
        config: Dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **_: Any,
    ) -> "MessageFeaturizer":
        """Read back what `train` kept."""
        with model_storage.read_from(resource) as folder:
            trained = _load(folder)
        return cls(config, execution_context.node_name, model_storage, resource, trained)

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add the vectors to all training messages."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: List[Message]) -> List[Message]:
        """Add the vectors to messages that have a text."""
        for message in messages:
            text = message.get(TEXT)
            if text:
                reading = self._reader.read(text)
                self.add_features_to_message(None, self._features(reading), TEXT, message)
                meaning = self._trained.meaning.vector(reading)[np.newaxis, :]
                if meaning.shape[1]:
                    self.add_features_to_message(None, meaning, TEXT, message)
        return messages

    def _features(self, reading: Reading) -> scipy.sparse.coo_matrix:
        vocabulary = self._trained.vocabulary
        columns, values = vocabulary.vector(reading)
        rows = np.zeros(len(columns), np.int32)
        shape = (1, vocabulary.size)
        return scipy.sparse.coo_matrix(
            (values * self._scale, (rows, columns)), shape=shape, dtype=np.float32
        )


def _reader(resources: Dict[str, Any]) -> Reader:
    return Reader(resources["glossary"], resources["patterns"], resources["words"])


def _vocabulary(readings: List[Reading], min_share: float) -> Vocabulary:
    columns, counts, _ = count(readings)
    kept = np.bincount(counts.indices, minlength=counts.shape[1]) >= min_share * len(readings)
    numbers = np.cumsum(kept) - 1
    few = {
        channel: {feature: int(numbers[c]) for feature, c in known.items() if kept[c]}
        for channel, known in columns.items()
    }
    return Vocabulary(few, rarities(counts)[kept], math.log(1 + len(readings)) + 1)


def _save(folder: Path, trained: Trained) -> None:
    vocabulary, meaning = trained.vocabulary, trained.meaning
    np.savez(
        folder / ARRAYS,
        rarity=vocabulary.rarity,
        anchors=np.array(meaning.space.anchors, np.int32),
        projection=meaning.space.projection,
        mean=meaning.space.mean,
        word_ids=np.array(list(meaning.rarity), np.int32),
        word_rarity=np.array(list(meaning.rarity.values()), np.float32),
        unseen=np.array([vocabulary.unseen_rarity, meaning.unseen_rarity]),
    )
    columns = {channel: list(known) for channel, known in vocabulary.columns.items()}
    words = {"columns": columns, "resources": trained.resources}
    (folder / WORDS).write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")


def _load(folder: Path) -> Trained:
    words = json.loads((folder / WORDS).read_text(encoding="utf-8"))
    with np.load(folder / ARRAYS, allow_pickle=False) as kept:
        a = {name: kept[name] for name in kept.files}
    columns: Dict[str, Dict[str, int]] = {}
    offset = 0
    for channel, features in words["columns"].items():
        columns[channel] = {feature: offset + i for i, feature in enumerate(features)}
        offset += len(features)
    unseen_feature, unseen_word = a["unseen"].tolist()
    space = SenseSpace(a["anchors"].tolist(), a["projection"], a["mean"])
    rarity = dict(zip(a["word_ids"].tolist(), a["word_rarity"].tolist()))
    return Trained(
        words["resources"],
        Vocabulary(columns, a["rarity"], unseen_feature),
        Meaning(space, rarity, unseen_word),
    )
