"""Every door of the house: the one list to touch when a channel is added."""

from channels.announcement import AnnouncementOf
from channels.audiocodes import AudioCodes
from channels.base import Channel
from channels.email import Email
from channels.jambonz import Jambonz
from channels.kakao import Kakao, Mailbox
from channels.kakao_alimtalk import Alimtalk
from channels.korea_sms import KoreaSms
from channels.separated import Separated
from channels.settings import ChannelSettings
from channels.sms import Sms, SmsProvider
from channels.telegram import Telegram
from channels.twilio_calls import TwilioCalls
from channels.twilio_sms import TwilioSms
from channels.twilio_voice import TwilioVoice
from channels.voice import CallerOf
from channels.web import DropPhoto, History, KeepPhoto, Publish, Subscribe, WebChannel


def build(
    settings: ChannelSettings,
    *,
    history: History,
    subscribe: Subscribe,
    publish: Publish,
    caller_of: CallerOf,
    mailbox: Mailbox,
    keep_photo: KeepPhoto,
    drop_photo: DropPhoto,
    announcement_of: AnnouncementOf,
    exercise: ChannelSettings | None = None,
    apart: bool = False,
) -> dict[str, Channel]:
    """Return the channels by name; a provider without its credentials is left out.

    `caller_of` is what a gateway asks of the composition that names its caller only once, `mailbox`
    what KakaoTalk asks, `announcement_of` what a placed call has to say, and the others
    what web chat does. With `apart`, exercises and tests never take the accounts of `settings` but
    those of `exercise`; where it has none, they are refused.
    """
    channels: list[Channel] = [WebChannel(history, subscribe, publish, keep_photo, drop_photo)]
    numbers = _carriers(settings, announcement_of)
    if "sms" in numbers:
        channels += [numbers["sms"]]
    if "call" in numbers:
        channels += [TwilioVoice(settings), numbers["call"]]
    if settings.audiocodes_token:
        channels += [AudioCodes(settings, caller_of)]
    if settings.jambonz_webhook_secret:
        channels += [Jambonz(settings)]
    if settings.telegram_bot_token and settings.telegram_webhook_secret:
        channels += [Telegram(settings)]
    if settings.kakao_skill_secret:
        channels += [Kakao(settings, mailbox)]
    if settings.alimtalk_app_key and settings.alimtalk_secret_key and settings.alimtalk_sender_key:
        channels += [Alimtalk(settings)]
    if settings.smtp_url and settings.email_from:
        channels += [Email(settings)]
    if apart:
        own = _carriers(exercise, announcement_of) if exercise else {}
        channels = [_apart(channel, own.get(channel.name)) for channel in channels]
    return {channel.name: channel for channel in channels}


def _apart(channel: Channel, exercise: Channel | None) -> Channel:
    """Keep the exercises of a provider's channel apart; the web is our own."""
    return Separated(channel, exercise) if channel.pushes and channel.name != "web" else channel


def _carriers(settings: ChannelSettings, announcement_of: AnnouncementOf) -> dict[str, Channel]:
    """Return the doors of accounts that have credentials and numbers of their own."""
    twilio = bool(settings.twilio_account_sid and settings.twilio_auth_token)
    carriers: list[SmsProvider] = [TwilioSms(settings)] if twilio else []
    if settings.korea_sms_app_key and settings.korea_sms_secret_key:
        carriers += [KoreaSms(settings)]
    channels: list[Channel] = [Sms(carriers, settings.sms_routes)] if carriers else []
    if twilio:
        channels += [TwilioCalls(settings, announcement_of)]
    return {channel.name: channel for channel in channels}
