"""Every door of the house: the one list to touch when a channel is added."""

from channels.announcement import AnnouncementOf
from channels.audiocodes import AudioCodes
from channels.base import Channel
from channels.email import Email
from channels.jambonz import Jambonz
from channels.kakao import Kakao, Mailbox
from channels.kakao_alimtalk import Alimtalk
from channels.korea_sms import KoreaSms
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
) -> dict[str, Channel]:
    """Return the channels by name; a provider without its credentials is left out.

    `caller_of` is what a gateway asks of the composition that names its caller only once, `mailbox`
    what KakaoTalk asks, `announcement_of` what a placed call has to say, and the others
    what web chat does.
    """
    channels: list[Channel] = [WebChannel(history, subscribe, publish, keep_photo, drop_photo)]
    twilio = bool(settings.twilio_account_sid and settings.twilio_auth_token)
    carriers: list[SmsProvider] = [TwilioSms(settings)] if twilio else []
    if settings.korea_sms_app_key and settings.korea_sms_secret_key:
        carriers += [KoreaSms(settings)]
    if carriers:
        channels += [Sms(carriers, settings.sms_routes)]
    if twilio:
        channels += [TwilioVoice(settings), TwilioCalls(settings, announcement_of)]
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
    return {channel.name: channel for channel in channels}
