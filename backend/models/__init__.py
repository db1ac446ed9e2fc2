"""Every table, one file a subject. Rules that must always hold are constraints here."""

from backend.models.alert_reply import AlertReply
from backend.models.attachment import Attachment
from backend.models.audit import AuditEntry
from backend.models.broadcast import (
    Broadcast,
    BroadcastEdit,
    BroadcastEvent,
    BroadcastSample,
    BroadcastUpdate,
)
from backend.models.cap import CapMessage
from backend.models.contact import Address, Contact, PhoneCode
from backend.models.conversation import Conversation, Handoff, Message
from backend.models.delivery import Delivery, DeliveryAttempt, DeliveryPart
from backend.models.faq import FaqArticle, FaqSource
from backend.models.mailbox import HeldDelivery
from backend.models.petition import (
    NumberSeries,
    Petition,
    PetitionEvent,
    PetitionMessage,
    PetitionSupporter,
    SealedReport,
)
from backend.models.poll import Ballot, Participation, Poll, PollOption
from backend.models.siren import AlertTemplate, BreakGlass, SirenSwitch, StaffPage
from backend.models.staff import ApiKey, RecoveryCode, RoleGrant, Staff, StaffSession, StaffTotp
from backend.models.subscription import Subscription

__all__ = [
    "Address",
    "AlertReply",
    "AlertTemplate",
    "ApiKey",
    "Attachment",
    "AuditEntry",
    "Ballot",
    "BreakGlass",
    "Broadcast",
    "BroadcastEdit",
    "BroadcastEvent",
    "BroadcastSample",
    "BroadcastUpdate",
    "CapMessage",
    "Contact",
    "Conversation",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryPart",
    "FaqArticle",
    "FaqSource",
    "Handoff",
    "HeldDelivery",
    "Message",
    "NumberSeries",
    "Participation",
    "Petition",
    "PetitionEvent",
    "PetitionMessage",
    "PetitionSupporter",
    "PhoneCode",
    "Poll",
    "PollOption",
    "RecoveryCode",
    "RoleGrant",
    "SealedReport",
    "SirenSwitch",
    "Staff",
    "StaffPage",
    "StaffSession",
    "StaffTotp",
    "Subscription",
]
