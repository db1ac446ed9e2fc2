"""What a call says and can take: numbers as they are spoken, and telephones that can read."""

import phonenumbers

from channels.reading import digits

__all__ = ["digits", "takes_texts"]

_CAN_READ = (
    phonenumbers.PhoneNumberType.MOBILE,
    phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE,
)


def takes_texts(phone: str) -> bool:
    """Tell whether a text message sent to `phone` (E.164) can arrive: to a landline it can't."""
    try:
        number = phonenumbers.parse(phone)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.number_type(number) in _CAN_READ
