"""The flows, in the order in which they are asked; one file each."""

from bot.flow import Flow
from bot.flows import (
    alerts,
    elsewhere,
    emergency,
    language,
    own,
    person,
    petition,
    question,
    resume,
    shelter,
    smalltalk,
    status,
    vote,
)
from bot.turn import Waiting

FLOWS: tuple[Flow, ...] = (
    emergency.FLOW,
    person.FLOW,
    petition.FLOW,
    status.FLOW,
    own.FLOW,
    resume.FLOW,
    vote.FLOW,
    alerts.FLOW,
    shelter.FLOW,
    language.FLOW,
    elsewhere.FLOW,
    question.FLOW,
    smalltalk.FLOW,
)
BY_NAME = {flow.name: flow for flow in FLOWS}
BY_INTENT = {intent: flow for flow in FLOWS for intent in flow.intents}


def is_passing(waiting: Waiting) -> bool:
    """Tell whether a step waits for something that nobody needs to say, such as a name."""
    flow = BY_NAME.get(waiting.flow)
    return flow is not None and waiting.step in flow.passing
