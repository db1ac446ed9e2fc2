"""What an alert will be before it is one: its words by language, its parts and price by channel."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from backend.context import Ctx
from backend.delivery.alert_words import alert_link, alert_words
from backend.security import Actor, require
from broadcasts import content, hazards
from broadcasts.schemas import Environment, Language, Words
from channels.charset import keeps_letters
from channels.costs import KOREA, cost_of
from channels.settings import read_prices, read_routes

router = APIRouter(tags=["broadcasts"])

# What alerts go out on, and the provider-independent ones after SMS.
CHANNELS = ("sms", "telegram", "kakao", "web")
NOT_SPOKEN = "en"  # what SMS says to those whose language a Korean carrier can't write

Key = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Value = Annotated[str, Field(max_length=content.LONG_LIMIT)]
Author = Annotated[Actor, Depends(require("author", "approver", "admin"))]


class PreviewIn(BaseModel):
    """What is known so far. `texts` and `long_texts` win over what the facts would make."""

    model_config = ConfigDict(extra="forbid")

    environment: Environment
    hazard: Key = hazards.OTHER
    districts: Annotated[list[str], Field(max_length=50)] = []
    facts: dict[Language, dict[str, Value]] = {}
    texts: dict[Language, Words] = {}
    long_texts: dict[Language, Words] = {}


class OnChannel(BaseModel):
    """One language on one channel.

    `form` is how it goes out (SMS, LMS, gsm7, ucs2, text), `length` of `limit` is counted in
    `measure`, `parts` are paid for, `won` is the price a person, if known. Where `encodable` is
    false the network has no such letters and `instead` names the language that is sent.
    """

    channel: str
    provider: str | None
    form: str
    parts: int
    length: int
    limit: int
    measure: str
    won: Decimal | None
    encodable: bool
    instead: str | None
    text: str


class PreviewLanguage(BaseModel):
    """Everything that is said in one language, as it would be sent, marks included."""

    language: Language
    short: str
    characters: int
    limit: int | None
    long: str
    correction: str
    correction_characters: int
    all_clear: str
    all_clear_characters: int
    channels: list[OnChannel]


class PreviewOut(BaseModel):
    """The completed facts, the words and what they are on each channel."""

    facts: dict[str, dict[str, str]]
    languages: list[PreviewLanguage]
    level: str | None
    hours: int | None


@router.post("/api/v1/broadcasts/preview")
async def preview_broadcast(
    ctx: Ctx,
    actor: Author,  # noqa: ARG001 - the role is what counts
    body: PreviewIn,
) -> PreviewOut:
    """Compose the words from the facts; say their parts, bytes and price. Nothing is stored."""
    hazard = hazards.find(body.hazard)
    facts = hazards.complete(hazard, _plain(body.facts), body.districts)
    made = hazards.compose(hazard, facts)
    short = content.clean_all({**made["short"], **_given(body.texts)})
    long = content.clean_all({**made["long"], **_given(body.long_texts)})
    words = {
        form: content.marked(body.environment, content.clean_all(texts))
        for form, texts in {**made, "short": short, "long": long}.items()
    }
    prices = read_prices(ctx.settings.sms_prices)
    provider = domestic_provider(ctx.settings.sms_routes)
    return PreviewOut(
        facts=facts,
        languages=[
            _language(language, words, provider, prices, ctx.settings.base_url)
            for language in content.LANGUAGES
            if any(language in texts for texts in words.values())
        ],
        level=hazard.level if hazard else None,
        hours=hazard.hours if hazard else None,
    )


def on_channels(
    language: str,
    texts: Mapping[str, str],
    long_texts: Mapping[str, str],
    provider: str,
    prices: Mapping[str, Decimal],
    base_url: str,
) -> list[OnChannel]:
    """Return what `language` is on each channel: the short text by SMS, the long one elsewhere.

    `provider` is the SMS provider of Korean numbers, `base_url` where links lead.
    """
    return [
        _sms(language, texts, provider, prices, base_url)
        if channel == "sms"
        else _message(channel, long_texts.get(language) or texts.get(language, ""))
        for channel in CHANNELS
    ]


def _sms(
    language: str,
    texts: Mapping[str, str],
    provider: str,
    prices: Mapping[str, Decimal],
    base_url: str,
) -> OnChannel:
    text = texts.get(language, "")
    english = None if language in ("ko", NOT_SPOKEN) else texts.get(NOT_SPOKEN)
    link = alert_link(base_url, UUID(int=0), language)  # as long as the one that will be
    words = alert_words("sms", KOREA, text, None, english, link)
    cost = cost_of(words, "sms", provider, address=KOREA, prices=prices)
    encodable = words == text and cost.legible and cost.lost == 0 and keeps_letters(text)
    return OnChannel(
        channel="sms", provider=provider, form=cost.form, parts=cost.parts, length=cost.length,
        limit=cost.limit, measure=cost.measure, won=cost.won, encodable=encodable,
        instead=None if words == text else NOT_SPOKEN, text=cost.text,
    )  # fmt: skip


def _message(channel: str, text: str) -> OnChannel:
    cost = cost_of(text, channel)
    return OnChannel(
        channel=channel, provider=None, form=cost.form, parts=cost.parts, length=cost.length,
        limit=cost.limit, measure=cost.measure, won=cost.won, encodable=True, instead=None,
        text=cost.text,
    )  # fmt: skip


def _language(
    language: str,
    words: Mapping[str, Mapping[str, str]],
    provider: str,
    prices: Mapping[str, Decimal],
    base_url: str,
) -> PreviewLanguage:
    said: dict[str, str] = {form: texts.get(language, "") for form, texts in words.items()}
    values: dict[str, Any] = {
        **said,
        "language": language,
        "characters": content.characters(said["short"]),
        "limit": content.SHORT_LIMIT if language == "ko" else None,
        "correction_characters": content.characters(said["correction"]),
        "all_clear_characters": content.characters(said["all_clear"]),
        "channels": on_channels(
            language, words["short"], words["long"], provider, prices, base_url
        ),
    }
    return PreviewLanguage.model_validate(values)


def domestic_provider(routes: str) -> str:
    """Return who carries texts to Korean numbers, by the setting SMS_ROUTES."""
    matching = (name for prefix, name in read_routes(routes) if KOREA.startswith(prefix))
    return next(matching, "twilio")


def _plain(facts: Mapping[Language, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    return {language: dict(given) for language, given in facts.items()}


def _given(texts: Mapping[Language, str]) -> dict[str, str]:
    return {language: text for language, text in texts.items() if text.strip()}
