"""Write a `.env` for trying out: secrets of this machine, and the simulator as every provider."""

import secrets
from pathlib import Path

LINES = f"""\
# Made for trying out on this machine; .env.example explains every setting.
EUNGDAP_SECRET={secrets.token_hex(32)}
EUNGDAP_SIMULATOR=1
TWILIO_ACCOUNT_SID=AC{secrets.token_hex(16)}
TWILIO_AUTH_TOKEN={secrets.token_hex(16)}
TWILIO_FROM_NUMBER=+15005550006
TELEGRAM_BOT_TOKEN={secrets.randbelow(10**9)}:{secrets.token_urlsafe(26)}
TELEGRAM_WEBHOOK_SECRET={secrets.token_hex(16)}
KOREA_SMS_APP_KEY={secrets.token_hex(8)}
KOREA_SMS_SECRET_KEY={secrets.token_hex(8)}
KOREA_SMS_FROM_NUMBER=0212345678
KOREA_SMS_WEBHOOK_SECRET={secrets.token_urlsafe(24)}
KAKAO_SKILL_SECRET={secrets.token_hex(16)}
ALIMTALK_APP_KEY={secrets.token_hex(8)}
ALIMTALK_SECRET_KEY={secrets.token_hex(16)}
ALIMTALK_SENDER_KEY={secrets.token_hex(20)}
ALIMTALK_WEBHOOK_SECRET={secrets.token_hex(16)}
"""

if __name__ == "__main__":
    path = Path(".env")
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(LINES)
