"""A Rasa tokenizer for Korean: the Kiwi morphological analyser, with spans in the text."""

import re
from typing import Any, Dict, List

from nlu.morphemes import Morpheme, kiwi
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.nlu.training_data.message import Message

# A span is split where the kind of sign changes, so that an entity never begins inside a token.
_PIECES = re.compile(r"\d+|[^\W\d_]+|[^\w\s]|_")


@DefaultV1Recipe.register(
    DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False
)
class KiwiTokenizer(Tokenizer):
    """Splits particles and endings from words, which Korean writes together.

    Each token keeps its surface text and span; its lemma holds the dictionary forms, so that
    the featurizers after it see one word behind "꺼져서", "꺼졌어요" and "꺼짐".
    """

    def __init__(self, config: Dict[str, Any]) -> None:
        """Load the analyser; `config` is that of every Rasa tokenizer."""
        super().__init__(config)
        self._kiwi = kiwi()

    @staticmethod
    def get_default_config() -> Dict[str, Any]:
        """Return the options that every Rasa tokenizer has."""
        return {
            "intent_tokenization_flag": False,
            "intent_split_symbol": "_",
            "token_pattern": None,
            "prefix_separator_symbol": None,
        }

    @staticmethod
    def required_packages() -> List[str]:
        """Return what must be importable before the pipeline is built."""
        return ["kiwipiepy"]

    def tokenize(self, message: Message, attribute: str) -> List[Token]:
        """Return the tokens of one attribute of `message`, in the order of its text."""
        text = message.get(attribute)
        tokens = [token for group in self._groups(text) for token in _tokens(text, group)]
        # Rasa drops a message without tokens: one that Kiwi sees nothing in is one token.
        return self._apply_token_pattern(tokens or [Token(text, 0)])

    def _groups(self, text: str) -> List[List[Morpheme]]:
        """Return the morphemes, those together that share a syllable or have none of their own.

        In "했어요" 하다 and its past are one syllable.
        """
        groups: List[List[Morpheme]] = []
        reached = -1
        for found in self._kiwi.tokenize(text):
            end = found.start + found.len
            morpheme = Morpheme(found.form.lower(), found.tag, found.id, found.start, end)
            if groups and (found.start < reached or end == found.start):
                groups[-1].append(morpheme)
            else:
                groups.append([morpheme])
            reached = max(reached, end)
        return groups


def _tokens(text: str, group: List[Morpheme]) -> List[Token]:
    """Return the token of a group, or its pieces where it mixes digits, letters and signs."""
    start, end = group[0].start, max(m.end for m in group)
    pieces = list(_PIECES.finditer(text, start, end))
    if len(pieces) > 1:
        return [Token(piece.group(), piece.start(), piece.end()) for piece in pieces]
    lemma = "+".join(m.form for m in group)
    return [Token(text[start:end], start, end, lemma=lemma)] if end > start else []
