"""Word lists as text, and regular expressions made of them."""


def words(text: str) -> frozenset[str]:
    """Return the words of a text, for lists that are read better as lines than as literals."""
    return frozenset(text.split())


def any_of(text: str) -> str:
    """Return an expression for any of the words of a text; "_" in a word stands for a space."""
    return "|".join(word.replace("_", " ") for word in text.split())
