"""Staff and keys as the API shows them; a password or a stored hash never is."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.staff.service import PASSWORD_MIN

Role = Literal[
    "agent", "officer", "author", "approver", "breakglass", "operator", "auditor", "admin"
]
Environment = Literal["live", "exercise", "test"]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\+[1-9]\d{6,14}$")]
Email = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^@\s]+@[^@\s]+$")]
Login = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9._@-]{2,64}$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=300)]


class StaffIn(BaseModel):
    """A new member of staff; `phone` (E.164) is where they are called when it is urgent.

    Roles that take two people are proposed with it, and theirs once another administrator confirms.
    """

    login: Login
    name: Name
    password: str = Field(min_length=PASSWORD_MIN, max_length=200)
    roles: list[Role] = Field(min_length=1)
    phone: Phone | None = None
    email: Email | None = None


class StaffChange(BaseModel):
    """What can be changed of an account."""

    active: bool


class StaffOut(BaseModel):
    """A member of staff."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    login: str
    name: str
    roles: list[str]
    active: bool
    phone: str | None
    email: str | None
    created_at: datetime


class GrantIn(BaseModel):
    """A role that takes two people, proposed for somebody, and why."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["approver", "breakglass", "admin"]
    reason: Reason


class GrantOut(BaseModel):
    """A proposal of a role; open while `outcome` is empty."""

    id: int
    staff_id: int
    name: str
    role: str
    reason: str
    proposed_by: int
    proposer: str
    proposed_at: datetime
    outcome: Literal["confirmed", "refused", "withdrawn"] | None
    decided_by: int | None
    decider: str | None
    decided_at: datetime | None


class GrantList(BaseModel):
    """The open proposals, and the last that were decided."""

    items: list[GrantOut]
    total: int


class StaffList(BaseModel):
    """Everybody with an account."""

    items: list[StaffOut]
    total: int


class Me(BaseModel):
    """Who is calling."""

    kind: Literal["staff", "key"]
    id: int
    name: str
    roles: list[str]


class KeyIn(BaseModel):
    """A new API key: what it is for, its one role, and the environment that it drafts for."""

    name: Name
    role: Role
    environment: Environment = "live"


class KeyOut(BaseModel):
    """An API key, without the key."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    role: str
    environment: Environment
    owner: int | None
    created_at: datetime
    revoked_at: datetime | None


class NewKey(KeyOut):
    """An API key at the one time that it is shown."""

    key: str


class KeyList(BaseModel):
    """Every key there was."""

    items: list[KeyOut]
    total: int
