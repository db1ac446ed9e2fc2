"""Staff and keys as the API shows them; a password or a stored hash never is."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.staff.service import PASSWORD_MIN

Role = Literal[
    "agent", "officer", "author", "approver", "breakglass", "operator", "auditor", "admin"
]
Login = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z0-9._@-]{2,64}$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]


class StaffIn(BaseModel):
    """A new member of staff."""

    login: Login
    name: Name
    password: str = Field(min_length=PASSWORD_MIN, max_length=200)
    roles: list[Role] = Field(min_length=1)


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
    created_at: datetime


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
    """A new API key: what it is for, and its one role."""

    name: Name
    role: Role


class KeyOut(BaseModel):
    """An API key, without the key."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    name: str
    role: str
    created_at: datetime
    revoked_at: datetime | None


class NewKey(KeyOut):
    """An API key at the one time that it is shown."""

    key: str


class KeyList(BaseModel):
    """Every key there was."""

    items: list[KeyOut]
    total: int
