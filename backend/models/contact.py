"""People who write to the city, and the addresses they write from."""

from datetime import datetime, time
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from backend.db import Base, BigId, Now, UuidId


class Contact(Base):
    """One person, as far as verified addresses tell. `language` is set once it is known.

    Between `quiet_from` and `quiet_until`, in the city's time, only what is urgent is sent; a
    span may go over midnight. `latitude` and `longitude` (WGS 84) are the place whose alerts they
    want beside those of their districts.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", "quiet_span"),
        CheckConstraint("quiet_from <> quiet_until", "quiet_some_time"),
        CheckConstraint("(latitude IS NULL) = (longitude IS NULL)", "whole_point"),
        CheckConstraint(
            "latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", "on_earth"
        ),
        Index(
            "ix_contacts_point", "latitude", "longitude",
            postgresql_where=text("latitude IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[UuidId]
    language: Mapped[str | None]
    quiet_from: Mapped[time | None]
    quiet_until: Mapped[time | None]
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    created_at: Mapped[Now]

    addresses: Mapped[list["Address"]] = relationship(back_populates="contact")


class Address(Base):
    """A place a contact writes from or is written to: a phone (SMS and calls), a messenger
    account, an e-mail address, a browser.

    `verified_at` says when its owner was proven (a phone by its network, or by a code).
    `stopped_at` is set when the citizen closed the door; nothing is pushed there until reopened.
    """

    __tablename__ = "addresses"
    __table_args__ = (
        UniqueConstraint("scheme", "address"),
        CheckConstraint(
            "scheme IN ('phone','telegram','kakao','email','web','terminal','call')", "scheme"
        ),
    )

    id: Mapped[BigId]
    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contacts.id"), index=True)
    scheme: Mapped[str]
    address: Mapped[str]
    verified_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    created_at: Mapped[Now]

    contact: Mapped[Contact] = relationship(back_populates="addresses")


class PhoneCode(Base):
    """A code sent by SMS to prove that whoever writes from an address holds a phone.

    The digits follow from `nonce` and the service secret and are stored nowhere. A code lives ten
    minutes and dies after five wrong tries.
    """

    __tablename__ = "phone_codes"
    __table_args__ = (CheckConstraint("tries BETWEEN 0 AND 5", "tries"),)

    address_id: Mapped[int] = mapped_column(ForeignKey("addresses.id"), primary_key=True)
    phone: Mapped[str]
    nonce: Mapped[str]
    tries: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime]
    created_at: Mapped[Now]
