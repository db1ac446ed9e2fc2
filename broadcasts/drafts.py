"""What an author wrote, as it is kept: cleaned, marked by environment, and hashed as a whole."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from backend.errors import Invalid
from backend.models import Broadcast
from broadcasts import content, geometry
from broadcasts.districts import allowed
from broadcasts.schemas import Draft

# Everything that an approval is about, and that nobody may exchange after it.
HASHED = (
    "environment", "hazard", "level", "title", "facts", "texts", "long_texts", "correction",
    "all_clear", "districts", "polygons", "send_at", "expires_at",
)  # fmt: skip


def content_hash(values: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of the HASHED columns in `values`."""
    return fingerprint({name: _plain(values[name]) for name in HASHED})


def fingerprint(value: object) -> str:
    """Return the SHA-256 (hex) of `value` (what JSON can hold), in one canonical form."""
    canonical = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def hash_of(broadcast: Broadcast) -> str:
    """Return the hash of what `broadcast` holds now, whatever its column says."""
    return content_hash({name: getattr(broadcast, name) for name in HASHED})


def _plain(value: object) -> object:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def columns(draft: Draft) -> dict[str, Any]:
    """Return the columns of `draft`: cleaned, marked by environment, hashed.

    Raises: Invalid (an unknown district, no title, a mark that misleads, a crossed polygon).
    """
    known = allowed(draft.environment)
    if unknown := sorted(set(draft.districts) - set(known)):
        raise Invalid(
            f"쓸 수 없는 지역이 있어요: {', '.join(unknown)}",
            f"These districts can't be used here: {', '.join(unknown)}",
        )
    if draft.polygons and draft.environment == "test":
        raise Invalid(
            "시험은 시험 수신자에게만 가요. 그린 지역을 지워 주세요.",
            "A test goes to the test list only. Remove the polygons.",
        )
    for ring in draft.polygons:
        geometry.polygon(ring)
    title = content.clean(draft.title)
    if not title:
        raise Invalid("제목을 써 주세요.", "Write a title.")
    texts = _words(draft.texts)
    long_texts = _words(draft.long_texts)
    correction = _words(draft.correction)
    all_clear = _words(draft.all_clear)
    for sent in (texts, long_texts, all_clear):
        if wrong := content.misleading(draft.environment, sent, correction):
            raise Invalid(wrong.ko, wrong.en)
    values: dict[str, Any] = {
        "environment": draft.environment,
        "hazard": draft.hazard,
        "level": draft.level,
        "title": title,
        "facts": {
            language: {name: word for name, said in facts.items() if (word := content.clean(said))}
            for language, facts in draft.facts.items()
        },
        "texts": content.marked(draft.environment, texts),
        "long_texts": content.marked(draft.environment, long_texts),
        "correction": content.marked(draft.environment, correction),
        "all_clear": content.marked(draft.environment, all_clear),
        "districts": [name for name in known if name in draft.districts],
        "polygons": [[[float(a), float(b)] for a, b in ring] for ring in draft.polygons],
        "send_at": draft.send_at,
        "expires_at": draft.expires_at,
    }
    return values | {"content_hash": content_hash(values)}


def _words(texts: Mapping[Any, str]) -> dict[str, str]:
    return content.clean_all({str(language): text for language, text in texts.items()})
