"""What the petition routes take and give."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Stage = Literal["received", "assigned", "in_process", "answered", "closed", "withdrawn"]


class PetitionOut(BaseModel):
    """A petition, for staff. Who filed it is not part of it."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    channel: str
    language: str
    category: str
    department: str
    district: str | None
    place: str
    details: str
    stage: Stage
    received_at: datetime
    due_at: datetime | None = Field(description="None for a tip: no legal clock runs")


class PetitionEventOut(BaseModel):
    """One step in a petition's life."""

    model_config = ConfigDict(from_attributes=True)

    stage: Stage
    actor: str
    note: str | None
    at: datetime


class PetitionDetail(PetitionOut):
    """A petition with its history."""

    events: list[PetitionEventOut]


class PetitionList(BaseModel):
    """A page of petitions; `total` counts all that match."""

    items: list[PetitionOut]
    total: int


class StageChange(BaseModel):
    """An officer's word on where a petition is now."""

    model_config = ConfigDict(extra="forbid")

    stage: Literal["assigned", "in_process", "answered", "closed"]
    note: str | None = Field(None, min_length=1, max_length=4000)


class PublicStatus(BaseModel):
    """All that somebody who only holds a number may know."""

    number: str
    stage: Stage
    text: str
