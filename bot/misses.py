"""What is said when a message was not understood: another try, then ways out, then a person."""

from bot.flows import person, smalltalk
from bot.turn import Turn


async def miss(turn: Turn, key: str, *, choices: list[tuple[str, str]] | None = None) -> None:
    """Say `key`; the second time in a row show ways out, the third time pass on to a person."""
    turn.missed = True
    turn.dialogue.misses += 1
    if turn.dialogue.misses < 2:
        turn.say(key, choices=choices)
    elif turn.dialogue.misses == 2:
        turn.say("common.still_not_understood", choices=ways_out(turn))
    else:
        turn.dialogue.misses = 0
        await person.hand_over(turn, "not_understood")


def ways_out(turn: Turn) -> list[tuple[str, str]]:
    """Return where to go from here: on with what is open, to a person, or back to the menu."""
    if turn.dialogue.waiting is None:
        return smalltalk.menu(turn)
    return [
        ("order:again", turn.word("common.ask_again")),
        ("person:not_understood", turn.word("menu.person")),
        ("order:menu", turn.word("menu.back")),
    ]
