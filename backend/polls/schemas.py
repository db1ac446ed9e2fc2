"""What the poll routes take and give."""

from typing import Annotated, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

LANGUAGES = {"ko", "en", "zh", "ja", "vi"}
Text = Annotated[str, Field(min_length=1, max_length=500)]


def _in_our_languages(texts: dict[str, str]) -> dict[str, str]:
    if not {"ko", "en"} <= texts.keys() <= LANGUAGES:
        raise ValueError("a text by language; ko and en are needed")
    return texts


Texts = Annotated[dict[str, Text], AfterValidator(_in_our_languages)]


class PollIn(BaseModel):
    """A question to citizens. Up to nine options, so that a caller answers with one key.

    `eligibility` says who may take part; without it, everybody with a phone of their own.
    """

    model_config = ConfigDict(extra="forbid")

    title: Texts
    description: Texts
    options: list[Texts] = Field(min_length=2, max_length=9)
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    eligibility: Texts | None = None

    @model_validator(mode="after")
    def _closes_after_it_opens(self) -> Self:
        if self.closes_at <= self.opens_at:
            raise ValueError("a poll closes after it opens")
        return self


class OptionOut(BaseModel):
    """One answer, with the number that citizens type."""

    model_config = ConfigDict(from_attributes=True)

    number: int
    title: dict[str, str]


class PollOut(BaseModel):
    """A poll; it takes votes in `[opens_at, closes_at)`."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    title: dict[str, str]
    description: dict[str, str]
    eligibility: dict[str, str]
    opens_at: AwareDatetime
    closes_at: AwareDatetime
    options: list[OptionOut]


class PollList(BaseModel):
    """A page of polls; `total` counts all."""

    items: list[PollOut]
    total: int


class OptionCount(OptionOut):
    """One answer and how often it was chosen."""

    count: int | None = Field(description="None until the poll has closed")


class ResultsOut(BaseModel):
    """The outcome of a poll: participants at any time, counts once it has closed."""

    poll: int
    closed: bool
    participants: int
    options: list[OptionCount]
