"""Emergency alerts on and off, by district."""

from backend.contacts import subscriptions
from backend.petitions import routing
from bot.flow import Flow
from bot.turn import Turn

NAME = "alerts"


async def begin(turn: Turn) -> None:
    """Switch on for the district named, or ask which; switch off, one or all."""
    if turn.intent == "unsubscribe_alerts":
        await switch_off(turn)
    elif turn.value("district"):
        await _on(turn)
    else:
        turn.say("alerts.ask_district")
        turn.wait(NAME, "district")


async def answer(turn: Turn) -> None:
    """Take the district."""
    await _on(turn)


async def again(turn: Turn) -> None:
    """Ask for the district once more."""
    turn.say("alerts.ask_district")


async def _on(turn: Turn) -> None:
    known = routing.directory().districts
    districts = [name for name in dict.fromkeys(turn.parse.values("district")) if name in known]
    if not districts:
        turn.say("alerts.no_such_district")
        turn.wait(NAME, "district")
        return
    if turn.address.scheme not in subscriptions.ALERT_SCHEMES.values():
        turn.say("alerts.no_address")
        turn.done()
        return
    for district in districts:
        await subscriptions.subscribe(
            turn.session,
            contact_id=turn.address.contact_id,
            address_id=turn.address.id,
            channel="sms" if turn.voice else turn.conversation.channel,
            district=district,
            language=turn.language,
        )
    name = ", ".join(routing.district_name(district, turn.language) for district in districts)
    turn.say("alerts.switched_on_sms" if turn.voice else "alerts.switched_on", district=name)
    turn.done()


async def switch_off(turn: Turn) -> None:
    """End the alerts for the district named, or all of them."""
    district = turn.value("district")
    ended = await subscriptions.unsubscribe(turn.session, turn.address.contact_id, district)
    if not ended:
        turn.say("alerts.none")
    elif district:
        turn.say("alerts.switched_off_one", district=routing.district_name(district, turn.language))
    else:
        turn.say("alerts.switched_off")
    turn.done()


FLOW = Flow(NAME, frozenset({"subscribe_alerts", "unsubscribe_alerts"}), begin, answer, again=again)
