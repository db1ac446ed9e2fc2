"""How Twilio speaks: a voice for each language, and lines as the verbs that say them.

https://www.twilio.com/docs/voice/twiml/say/text-speech
"""

import re
from collections.abc import Sequence

from fastapi import Response
from twilio.twiml.voice_response import Gather, Say, VoiceResponse  # type: ignore[import-untyped]

from channels.segments import split

# Language → the voice that speaks it and the locale it is known by.
VOICES = {
    "ko": ("Polly.Seoyeon", "ko-KR"),
    "en": ("Polly.Joanna", "en-US"),
    "zh": ("Polly.Zhiyu", "cmn-CN"),
    "ja": ("Polly.Takumi", "ja-JP"),
    "vi": ("Google.vi-VN-Standard-A", "vi-VN"),
}
SLOW_RATE = "80%"
SAY_MAX = 3000  # Twilio reads at most 4,096 characters of one Say
_HANGUL = re.compile("[가-힣]")


def say(
    verb: VoiceResponse | Gather, lines: Sequence[str], language: str, *, slow: bool = False
) -> None:
    """Add `lines`; where they are to be slow, by the one piece of SSML that every voice knows.

    A Korean name in a talk of another language is for the Korean voice, which reads both scripts.
    """
    for line in lines:
        voice, locale = VOICES["ko" if _HANGUL.search(line) else language]
        for part in split(line, SAY_MAX, len):
            if slow:
                said = Say(voice=voice, language=locale)
                said.prosody(part, rate=SLOW_RATE)
                verb.append(said)
            else:
                verb.say(part, voice=voice, language=locale)


def xml(response: VoiceResponse) -> Response:
    """Return a document of TwiML as the answer to a webhook."""
    return Response(str(response), media_type="text/xml")
