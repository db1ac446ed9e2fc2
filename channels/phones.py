"""Phone numbers: read as people and providers write them, and which of them can be texted."""

import re

import phonenumbers

HOME_REGION = "KR"
_HOME_CODE = "+82"
# E.164: a plus, a country code that does not begin with 0, at most 15 digits in all.
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
# Every number that begins with 010 is a mobile one in Korea. The plan that the library carries
# lacks blocks which the carriers opened since: three numbers in a thousand.
_HOME_MOBILE = re.compile(r"\+8210\d{8}", re.ASCII)
_TAKES_TEXTS = (
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,  # some countries number both alike
    # What the plan does not know is tried: the provider says if it fails.
    phonenumbers.PhoneNumberType.UNKNOWN,
)


def is_e164(number: str) -> bool:
    """Tell whether `number` is a whole international number such as +821012345678."""
    return _E164.fullmatch(number) is not None


def takes_texts(number: str) -> bool:
    """Tell whether a text message to `number` (E.164) may arrive: at a landline it can't."""
    try:
        kind = phonenumbers.number_type(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False
    return kind in _TAKES_TEXTS


def in_e164(written: str) -> str | None:
    """Return a number that may be in use in E.164, from its international or our national form."""
    try:
        parsed = phonenumbers.parse(written, HOME_REGION)
    except phonenumbers.NumberParseException:
        return None
    number = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if phonenumbers.is_valid_number(parsed) or _HOME_MOBILE.fullmatch(number):
        return number
    return None


def at_home(written: str) -> str | None:
    """Return a number of our country in E.164, None for any other."""
    number = in_e164(written)
    return number if number is not None and number.startswith(_HOME_CODE) else None
