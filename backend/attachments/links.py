"""Links to photos: signed and expiring, since an `<img>` or a provider can send no secret.

Moments are seconds since 1970, by the database's clock: a machine of ours may have a wrong one.
"""

import hmac
import math
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from backend.config import Settings
from backend.security import keyed_hash

Size = Literal["full", "small"]
HOUR = 3600
PAGE_SECONDS = HOUR
# A message is tried for a day, and its provider may fetch the photo, or the citizen open the link,
# some time after that.
PROVIDER_SECONDS = 72 * HOUR


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and checks links. `secret` is the service's, `base_url` has no slash at the end."""

    secret: str
    base_url: str

    @classmethod
    def of(cls, settings: Settings) -> "Links":
        """Return the links of this service."""
        return cls(settings.secret, settings.base_url)

    def on_page(self, photo: UUID, size: Size, now: float) -> str:
        """Return a link for a page of ours, good for an hour at least and two at most.

        It stays the same through an hour, so that a browser fetches the photo once.
        """
        return self._path(photo, size, PAGE_SECONDS, now)

    def for_provider(self, photo: UUID, said_at: float) -> str:
        """Return the absolute link of a message said at `said_at`.

        It is good for three days, and the same however often the message is tried.
        """
        return self.base_url + self._path(photo, "full", PROVIDER_SECONDS, said_at)

    def good(self, photo: UUID, size: Size, until: int, mark: str, now: float) -> bool:
        """Tell whether `mark` is ours and `until` not over."""
        ours = hmac.compare_digest(self._mark(photo, size, until).encode(), mark.encode())
        return ours and until > now

    def _path(self, photo: UUID, size: Size, seconds: int, at: float) -> str:
        until = math.ceil((at + seconds) / HOUR) * HOUR
        return f"/photos/{photo}/{size}?until={until}&mark={self._mark(photo, size, until)}"

    def _mark(self, photo: UUID, size: Size, until: int) -> str:
        # Half of it is 128 bits, and the link still has to fit into a text message.
        return keyed_hash(self.secret, f"photo:{photo}:{size}:{until}")[:32]
