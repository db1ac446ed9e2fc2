"""Short courtesies, the menu, help, and a kind no to what is not ours."""

from bot.flow import Flow
from bot.turn import Turn

NAME = "smalltalk"

_COURTESY = {
    "thank": "greet.thanks",
    "goodbye": "greet.goodbye",
    "affirm": "greet.again",
    "deny": "greet.nothing_open",
}
# One word for what the menu offers, as our help texts name it: nothing to guess at.
_NAMED = {
    "petition": (
        "report",
        "complaint",
        "petition",
        "投诉",
        "举报",
        "苦情",
        "khiếu nại",
        "phản ánh",
    ),
    "vote": ("vote", "poll", "投票", "bỏ phiếu"),
}
MENU = ("petition", "status", "vote", "question", "alerts", "person")


async def begin(turn: Turn) -> None:
    """Answer a courtesy in kind; everything else gets the menu, unless something else is open."""
    offered = menu(turn) if turn.dialogue.held is None else None
    turn.done()
    if key := _COURTESY.get(turn.intent):
        turn.say(key)
        turn.ended = turn.intent == "goodbye"
    elif turn.intent == "out_of_scope":
        turn.say("common.out_of_scope", choices=offered)
    elif turn.intent == "help":
        turn.say("help.text", choices=offered)
    elif offered is None:
        turn.say("greet.again")
    else:
        turn.say("greet.hello", choices=offered)


def named(turn: Turn) -> str | None:
    """Return the entry of the menu that a message names and no more: "投票", "report"."""
    said = " ".join(turn.text.lower().strip(" .!?。！？").split())
    return next((name for name, words in _NAMED.items() if said in words), None)


def menu(turn: Turn) -> list[tuple[str, str]]:
    """Return the menu as choices; on the phone only what a caller can keep in mind."""
    names = ("petition", "status", "person") if turn.voice else MENU
    return [(f"flow:{name}", turn.word(f"menu.{name}")) for name in names]


FLOW = Flow(
    NAME,
    frozenset({"greet", "thank", "goodbye", "affirm", "deny", "help", "out_of_scope"}),
    begin,
    begin,
)
