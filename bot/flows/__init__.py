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
