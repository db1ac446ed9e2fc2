"""Settings, read once from the environment and from `.env`; each is explained in `.env.example`."""

import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from backend.errors import SetupError
from channels.phones import is_e164
from channels.settings import ROUTES, read_prices, read_routes

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Everything a city sets. Secrets have no default outside development."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore")

    env: Literal["development", "production", "test"] = Field(
        "development", validation_alias="EUNGDAP_ENV"
    )
    var: Path | None = Field(None, validation_alias="EUNGDAP_VAR")
    secret: str = Field("", validation_alias="EUNGDAP_SECRET")
    database_url: str = ""
    redis_url: str = ""
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=1, le=65535)
    public_url: str = ""
    nlu_engine: Literal["builtin", "rasa"] = "builtin"
    rasa_url: str = "http://127.0.0.1:5005"
    simulator: bool = Field(True, validation_alias="EUNGDAP_SIMULATOR")
    simulator_port: int = Field(8010, ge=1, le=65535)

    widget_origins: str = ""

    twilio_account_sid: str = ""
    twilio_auth_token: str = ""
    twilio_from_number: str = ""
    twilio_api_url: str = ""
    twilio_calls_per_second: float = Field(1.0, gt=0, le=100)
    telegram_bot_token: str = ""
    telegram_api_url: str = ""
    telegram_webhook_secret: str = ""
    voice_agent_number: str = ""
    audiocodes_token: str = ""
    jambonz_webhook_secret: str = ""
    kakao_skill_secret: str = ""
    alimtalk_app_key: str = ""
    alimtalk_secret_key: str = ""
    alimtalk_sender_key: str = ""
    alimtalk_api_url: str = ""
    alimtalk_webhook_secret: str = ""
    korea_sms_app_key: str = ""
    korea_sms_secret_key: str = ""
    korea_sms_from_number: str = ""
    korea_sms_api_url: str = ""
    korea_sms_webhook_secret: str = ""
    korea_sms_title: str = "응답 안내"
    sms_routes: str = ROUTES
    sms_prices: str = ""
    smtp_url: str = ""
    email_from: str = ""
    siren_second_factor: Literal["", "on", "off"] = ""
    cap_sender: str = ""
    exercise_accounts: Literal["", "own", "live"] = ""
    exercise_twilio_account_sid: str = ""
    exercise_twilio_auth_token: str = ""
    exercise_twilio_from_number: str = ""
    exercise_korea_sms_app_key: str = ""
    exercise_korea_sms_secret_key: str = ""
    exercise_korea_sms_from_number: str = ""
    provider_pace: Annotated[dict[str, float], NoDecode] = Field(default_factory=dict)

    @field_validator("voice_agent_number")
    @classmethod
    def _whole_number(cls, number: str) -> str:
        if number and not is_e164(number):
            raise ValueError("write the number as +8225550100")
        return number

    @field_validator("sms_routes")
    @classmethod
    def _whole_routes(cls, routes: str) -> str:
        read_routes(routes)
        return routes

    @field_validator("sms_prices")
    @classmethod
    def _whole_prices(cls, prices: str) -> str:
        read_prices(prices)
        return prices

    @field_validator(
        "public_url",
        "rasa_url",
        "twilio_api_url",
        "telegram_api_url",
        "korea_sms_api_url",
        "alimtalk_api_url",
    )
    @classmethod
    def _without_trailing_slash(cls, url: str) -> str:
        return url.rstrip("/")

    @field_validator("provider_pace", mode="before")
    @classmethod
    def _paces(cls, given: object) -> object:
        """Read `telegram=30 twilio=20.5`."""
        if not isinstance(given, str):
            return given
        pairs = (word.partition("=") for word in given.split())
        return {name: pace for name, _, pace in pairs}

    @field_validator("widget_origins")
    @classmethod
    def _only_origins(cls, written: str) -> str:
        # They go into a header of every page with the chat: nothing but origins may.
        for origin in written.split():
            if not re.fullmatch(r"https?://[\w.*-]+(?::\d+)?", origin, re.ASCII):
                raise ValueError("write origins such as https://www.city.example, with spaces")
        return " ".join(written.split())

    @property
    def production(self) -> bool:
        """Whether real citizens depend on this process."""
        return self.env == "production"

    @property
    def second_factor(self) -> bool:
        """Whether alerts, and roles that reach a city, ask for a second factor."""
        return self.siren_second_factor == "on" or (
            self.production and self.siren_second_factor != "off"
        )

    @property
    def exercise_route(self) -> Literal["own", "live", "none"]:
        """Whose accounts carry exercises and tests: their own, those of real alerts, or nobody's.

        Nothing leaves this machine with the simulator, so that it carries them as well.
        """
        return self.exercise_accounts or ("live" if self.simulator else "none")

    @property
    def base_url(self) -> str:
        """The address under which the world reaches us, without a slash at the end."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @property
    def simulated_smtp_url(self) -> str:
        """The simulator's mail server: on this machine, beside the port of the service."""
        port = self.port + 25
        return f"smtp://127.0.0.1:{port if port <= 65535 else port - 50}"

    def check(self) -> None:
        """Refuse a configuration that can't work.

        Raises: SetupError with one sentence that says what to set.
        """
        if self.exercise_accounts == "own":
            self._check_exercise_accounts()
        if not self.production:
            return
        if not (self.database_url and self.redis_url):
            raise SetupError(
                "In production DATABASE_URL and REDIS_URL must both be set: "
                "the embedded servers are for trying out and for one-machine towns."
            )
        if len(self.secret) < 32:
            raise SetupError(
                "In production EUNGDAP_SECRET must hold at least 32 characters; "
                "`openssl rand -hex 32` prints a good one."
            )
        if self.simulator:
            raise SetupError(
                "In production EUNGDAP_SIMULATOR must be 0: the simulator takes messages "
                "that citizens would wait for."
            )

    def _check_exercise_accounts(self) -> None:
        own = (
            self.exercise_twilio_account_sid and self.exercise_twilio_auth_token,
            self.exercise_korea_sms_app_key and self.exercise_korea_sms_secret_key,
        )
        if self.simulator or not any(own):
            raise SetupError(
                "EXERCISE_ACCOUNTS=own needs EUNGDAP_SIMULATOR=0 and the credentials of at least "
                "one account: EXERCISE_TWILIO_… or EXERCISE_KOREA_SMS_…."
            )
        live = (self.twilio_account_sid, self.korea_sms_app_key)
        if {self.exercise_twilio_account_sid, self.exercise_korea_sms_app_key} & {*live} - {""}:
            raise SetupError(
                "The accounts of EXERCISE_ACCOUNTS=own must be other ones than those of real "
                "alerts; EXERCISE_ACCOUNTS=live says that they are meant to be the same."
            )


@lru_cache(maxsize=1)
def load() -> Settings:
    """Read the settings.

    Raises: SetupError naming the setting that can't be read.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper() if first["loc"] else "A setting"
        raise SetupError(f"{name} can't be used: {first['msg']}. See .env.example.") from None
    settings.check()
    return settings
