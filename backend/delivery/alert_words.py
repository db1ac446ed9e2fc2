"""What an alert says on each channel, and where the whole of it stands in every language."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from channels.charset import keeps_letters

KOREA = "+82"
# A text message, an AlimTalk's template and a call have no room for more.
SHORT_CHANNELS = ("sms", "alimtalk", "call")
# How a language is named before its link, in letters that CP949 has.
_NAMES = {"zh": "中文", "ja": "日本語", "vi": "Tieng Viet"}


def alert_code(broadcast: UUID) -> str:
    """Return the 22 letters that name `broadcast` in a link: a third shorter than its id."""
    return urlsafe_b64encode(broadcast.bytes).decode().rstrip("=")


def alert_of(code: str) -> UUID | None:
    """Return the broadcast that `alert_code` named so; None for other letters."""
    try:
        found = UUID(bytes=urlsafe_b64decode(code + "=="))
    except ValueError:
        return None
    return found if alert_code(found) == code else None


def alert_link(base_url: str, broadcast: UUID, language: str) -> str:
    """Return the public page of an alert in `language`; `base_url` has no slash at the end."""
    return f"{base_url}/alerts/{alert_code(broadcast)}/{language}"


def alert_words(
    channel: str,
    address: str,
    short: str,
    full: str | None,
    english: str | None,
    link: str | None = None,
) -> str:
    """Return what an alert says on `channel`: the short text by SMS, the full one elsewhere.

    Where a Korean carrier has not got the letters of the short one, it is said in `english`, and
    an SMS adds the `link` to the page in the citizen's own language. `link` ends in that language.
    """
    if channel not in SHORT_CHANNELS:
        return full or short
    spoken = channel == "call"  # a voice needs no letters
    if spoken or not english or not address.startswith(KOREA) or keeps_letters(short):
        return short
    name = _NAMES.get((link or "").rpartition("/")[2])
    return f"{english}\n{name}: {link}" if name and channel == "sms" else english
