"""Phone numbers: as people and providers write them, also those that the plan does not know yet."""

import pytest

from channels.phones import at_home, in_e164, takes_texts

CITIZEN = "+821012345678"


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("010-1234-5678", CITIZEN), ("01012345678", CITIZEN), ("+82 10 1234 5678", CITIZEN),
        ("+82 (0)10-1234-5678", CITIZEN), ("010-5982-6832", "+821059826832"),
        ("02-2133-1234", "+82221331234"), ("+1 415 555 2671", "+14155552671"),
        ("010-1234", None), ("+82-5", None), ("바다", None), ("", None),
    ],
)  # fmt: skip
def test_a_number_is_read_from_every_form(written: str, number: str | None) -> None:
    assert in_e164(written) == number
    assert at_home(written) == (number if number and number.startswith("+82") else None)


@pytest.mark.parametrize(
    ("number", "can"),
    [(CITIZEN, True), ("+821059826832", True), ("+14155550123", True), ("+8225551234", False),
     ("+8215881234", False), ("anonymous", False), ("", False)],
)  # fmt: skip
def test_which_phones_can_read(number: str, can: bool) -> None:
    assert takes_texts(number) == can
