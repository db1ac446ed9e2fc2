"""What a call says of numbers, and which telephones can read as well."""

from channels.inbound import takes_texts
from channels.reading import digits

__all__ = ["digits", "takes_texts"]
