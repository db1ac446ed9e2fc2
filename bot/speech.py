"""Numbers as they are spoken: receipt numbers in groups, digit by digit."""

_KO = dict(zip("0123456789", "공일이삼사오육칠팔구", strict=True))
_EN = dict(
    zip(
        "0123456789",
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"],
        strict=True,
    )
)


def digits(number: str, language: str) -> str:
    """Return the digits of `number` for a voice: groups of three or four, a pause between them.

    Letters are left out: on the phone E, 2 and 이 sound alike. `P-2026-0000123` becomes
    "이공이육, 공공공, 공일이삼".
    """
    groups: list[str] = []
    for run in "".join(c if c.isdigit() else " " for c in number).split():
        head = len(run) % 4 if len(run) > 4 else 0
        parts = ([run[:head]] if head else []) + [run[i : i + 4] for i in range(head, len(run), 4)]
        groups += parts
    table, between = (_KO, "") if language == "ko" else (_EN, " ")
    return ", ".join(between.join(table[d] for d in group) for group in groups)
