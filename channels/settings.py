"""What the doors need to know of the world, handed in by the composition."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

ROUTES = "+82=korea,*=twilio"

Routes = tuple[tuple[str, str], ...]


def read_routes(text: str) -> Routes:
    """Return the prefixes of numbers and their SMS providers, the longest prefix first.

    `text` is such as `+82=korea,*=twilio`; the star stands for every other number.
    Raises: ValueError with a sentence that says what is wrong.
    """
    routes: dict[str, str] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        prefix, _, provider = (side.strip() for side in item.partition("="))
        if prefix != "*" and not (prefix[:1] == "+" and prefix[1:].isdigit()):
            raise ValueError("a prefix is * or a plus and digits, as in +82=korea,*=twilio")
        if provider not in ("korea", "twilio"):
            raise ValueError("a provider is korea or twilio, as in +82=korea,*=twilio")
        routes["" if prefix == "*" else prefix] = provider
    return tuple(sorted(routes.items(), key=lambda route: -len(route[0])))


def read_prices(text: str) -> Mapping[str, Decimal]:
    """Return what one unit costs, in won, by the name of its tariff.

    `text` is such as `korea.sms=9.9,twilio=90,twilio.call=60`; what is not named has no price.
    Raises: ValueError with a sentence that says what is wrong.
    """
    prices: dict[str, Decimal] = {}
    for item in filter(None, (part.strip() for part in text.split(","))):
        tariff, _, price = (side.strip() for side in item.partition("="))
        try:
            prices[tariff] = Decimal(price)
        except InvalidOperation:
            raise ValueError("a price is a number of won, as in korea.sms=9.9") from None
        if not (prices[tariff].is_finite() and prices[tariff] >= 0):
            raise ValueError("a price is a number of won, as in korea.sms=9.9")
    return prices


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """Addresses and secrets of the providers. URLs carry no slash at the end.

    `public_url` is the address under which providers reach us: their signatures are checked
    against it, never against the Host header. A provider without its credentials has no door.
    `kakao_origin` stands in for Kakao's own hosts (pictures, callbacks) where Kakao is simulated.
    """

    public_url: str
    twilio_account_sid: str
    twilio_auth_token: str
    twilio_from_number: str
    twilio_api_url: str
    telegram_bot_token: str
    telegram_api_url: str
    telegram_webhook_secret: str
    agent_number: str | None = None
    twilio_calls_per_second: float = 1.0
    audiocodes_token: str = ""
    jambonz_webhook_secret: str = ""
    korea_sms_app_key: str = ""
    korea_sms_secret_key: str = ""
    korea_sms_from_number: str = ""
    korea_sms_api_url: str = ""
    korea_sms_webhook_secret: str = ""
    korea_sms_title: str = ""
    sms_routes: Routes = field(default_factory=lambda: read_routes(ROUTES))
    sms_prices: Mapping[str, Decimal] = field(default_factory=dict)
    smtp_url: str = ""
    email_from: str = ""
    kakao_skill_secret: str = ""
    kakao_origin: str | None = None
    alimtalk_app_key: str = ""
    alimtalk_secret_key: str = ""
    alimtalk_sender_key: str = ""
    alimtalk_api_url: str = ""
    alimtalk_webhook_secret: str = ""
