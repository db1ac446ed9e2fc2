"""What the doors need to know of the world, handed in by the composition."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """Addresses and secrets of the providers. URLs carry no slash at the end.

    `public_url` is the address under which providers reach us: their signatures are checked
    against it, never against the Host header. A provider without its credentials has no door.
    """

    public_url: str
    twilio_account_sid: str
    twilio_auth_token: str
    twilio_from_number: str
    twilio_api_url: str
    twilio_agent_number: str | None
    telegram_bot_token: str
    telegram_api_url: str
    telegram_webhook_secret: str
