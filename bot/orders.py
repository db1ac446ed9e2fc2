"""Orders and what the menu opens: obeyed at any step, whatever was being asked."""

from backend.contacts import service as contacts
from backend.contacts import subscriptions
from bot import commands, drafts
from bot.flows import BY_NAME, alerts, is_passing, own, person, smalltalk
from bot.misses import miss
from bot.turn import Turn, Waiting


async def follow_choice(turn: Turn) -> bool:
    """Follow a choice that leads out of the flow: to another one, a person, or an order."""
    kind, _, value = (turn.chosen or "").partition(":")
    match kind:
        case "flow":
            await open_flow(turn, value)
        case "person":
            await person.hand_over(turn, value)
        case "order":
            await (ask_again(turn) if value == "again" else _to_menu(turn))
        case _:
            return False
    return True


async def obey(turn: Turn, command: commands.Command) -> None:
    """Do what an order says."""
    match command:
        case "stop":
            await _stop(turn)
        case "provider_help":
            turn.silent = turn.incoming.opted is not None  # answered by the provider already
            if not turn.silent:
                turn.say("help.text", choices=smalltalk.menu(turn))
        case "start":
            await contacts.restart(turn.session, turn.address)
            turn.say("alerts.restarted")
            await open_flow(turn, "alerts")
        case "menu":
            await _to_menu(turn)
        case "person":
            await person.begin(turn)
        case "cancel":
            await _cancel(turn)
        case "alerts_on":
            await open_flow(turn, "alerts")
        case "alerts_off":
            await alerts.switch_off(turn)
        case "back":
            await _back(turn)
        case "restart":
            await _restart(turn)
        case "resume":
            await _resume(turn)


async def _stop(turn: Turn) -> None:
    turn.dialogue.held = None
    turn.done()
    await subscriptions.forget_address(turn.session, turn.address.id)
    if turn.incoming.opted is None:
        turn.say("opted.out")
        turn.closes = True
    else:
        # The provider has answered by itself; whatever we sent would be refused.
        turn.silent = True
        await contacts.stop(turn.session, turn.address)


async def _to_menu(turn: Turn) -> None:
    turn.dialogue.held = None
    turn.dialogue.queue = []
    turn.done()
    turn.say("greet.hello", choices=smalltalk.menu(turn))


async def _cancel(turn: Turn) -> None:
    both = (turn.dialogue.waiting, turn.dialogue.held)
    open_steps = [s for s in both if s is not None and not is_passing(s)]
    turn.dialogue.held = None
    turn.done()
    if not open_steps and own.points_back(turn.text) and await own.offer_to_withdraw(turn):
        return
    if any(step.flow == "petition" for step in open_steps):
        turn.say("common.cancelled")
    else:
        turn.say("common.stopped" if open_steps else "common.nothing_to_cancel")


async def _back(turn: Turn) -> None:
    """Go one step back, and ask that step's question again."""
    memory = turn.dialogue
    turn.went_back = True
    if memory.waiting is None:
        await _to_menu(turn)
        return
    flow = BY_NAME.get(memory.waiting.flow)
    if memory.trail:
        memory.waiting = memory.trail.pop()
        turn.preface("common.went_back")
        await ask_again(turn)
    elif flow is not None and flow.first is not None:
        await flow.first(turn)
    else:
        await _to_menu(turn)


async def _restart(turn: Turn) -> None:
    waiting = turn.dialogue.waiting or turn.dialogue.held
    if waiting is None or waiting.flow != "petition":
        await _to_menu(turn)
        return
    turn.dialogue.held = None
    turn.preface("common.restarted")
    await open_flow(turn, waiting.flow)


async def _resume(turn: Turn) -> None:
    """Go on with what is open here, or with what the same person left open elsewhere."""
    waiting = turn.dialogue.waiting
    if waiting is not None and waiting.flow == drafts.OFFER and "waiting" in waiting.slots["item"]:
        turn.dialogue.waiting = Waiting(**waiting.slots["item"]["waiting"])
    elif waiting is None or is_passing(waiting):
        turn.dialogue.waiting = drafts.here(turn) or await drafts.elsewhere(turn) or waiting
    if turn.dialogue.waiting is None:
        await BY_NAME["resume"].begin(turn)
    else:
        turn.preface("common.resumed")
        await ask_again(turn)


async def ask_again(turn: Turn) -> None:
    """Put the question that is open once more."""
    waiting = turn.dialogue.waiting
    flow = BY_NAME.get(waiting.flow) if waiting is not None else None
    again = flow.again if flow is not None else None
    if again is not None:
        await again(turn)
    elif waiting is not None and waiting.flow == drafts.OFFER:
        drafts.offer(turn, waiting.slots["item"])
    elif waiting is not None and not turn.replies:
        await miss(turn, "common.go_on")


async def open_flow(turn: Turn, name: str) -> None:
    """Begin a flow from the menu: the message itself says nothing more."""
    turn.done()
    turn.dialogue.held = None
    match name:
        case "petition":
            turn.say("petition.ask_details")
            turn.wait(name, "details")
        case "question":
            turn.say("menu.ask_question")
            turn.wait(name, "ask")
        case _:
            await BY_NAME[name].begin(turn)
