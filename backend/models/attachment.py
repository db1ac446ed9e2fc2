"""Photos that came with a message or go out with one."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from backend.db import Base, Now, UuidId


class Attachment(Base):
    """A photo, written anew by us as a JPEG: nothing of what its file said of its maker is kept.

    It belongs to a message, at `place` among that message's photos; or, until the message it was
    uploaded for is sent, to whoever uploaded it: `web:` and the address of a browser, or `staff:`
    and an agent's id. `digest` is the SHA-256 of what was uploaded: the same file again, while it
    waits, is the same photo. `content` has at most 1,600 pixels a side, `small` at most 320.
    """

    __tablename__ = "attachments"
    __table_args__ = (
        UniqueConstraint("uploader", "digest"),
        CheckConstraint("(message_id IS NULL) <> (uploader IS NULL)", "one_owner"),
        CheckConstraint("width > 0 AND height > 0", "size"),
        Index("ix_attachments_message", "message_id", "place"),
    )

    id: Mapped[UuidId]
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))
    place: Mapped[int] = mapped_column(default=0)
    uploader: Mapped[str | None]
    digest: Mapped[str]
    content: Mapped[bytes] = mapped_column(deferred=True)
    small: Mapped[bytes] = mapped_column(deferred=True)
    width: Mapped[int]
    height: Mapped[int]
    created_at: Mapped[Now]
