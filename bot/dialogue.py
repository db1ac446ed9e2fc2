"""Choosing what a message is for: an order, the flow that waits, a new wish, or not understood."""

import re

from backend.contacts import service as contacts
from backend.petitions import authorities
from backend.petitions.places import locate
from bot import (
    about,
    answers,
    asides,
    attention,
    call,
    commands,
    drafts,
    following,
    orders,
    patience,
    picks,
    telling,
    tongues,
)
from bot.flow import Flow
from bot.flows import (
    BY_INTENT,
    BY_NAME,
    FLOWS,
    alerts,
    danger,
    elsewhere,
    emergency,
    is_passing,
    own,
    person,
    question,
    resume,
    smalltalk,
    status,
)
from bot.flows.petition import words
from bot.misses import miss
from bot.picks import CLEAR, SURE
from bot.turn import Turn, Waiting, mark

# While the citizen tells us something in their own words, only a clear wish leads elsewhere.
_LEADS_AWAY = frozenset(
    {"talk_to_agent", "change_language", "ask_faq", "check_status", "list_polls", "help",
     "subscribe_alerts", "unsubscribe_alerts", "request_disclosure"}
)  # fmt: skip
_VERY_CLEAR = 0.85
_LEFT_EASILY = frozenset({"vote", "alerts", "status", "question", "shelter", "resume"})
_ANSWERS = frozenset({"affirm", "deny", "greet"})
_COURTESIES = frozenset({"thank", "greet", "goodbye", "affirm", "deny", "help"})
# Soon answered, and back to what was open.
_DIGRESSIONS = frozenset(
    {"question", "language", "smalltalk", "status", "alerts", "elsewhere", "resume"}
)
# What kind of entity answers a step, where its name does not say so.
_ASKS_FOR = {"option": "choice", "poll": "choice"}
_SHOWN = frozenset({"confirm", "fix"})
_WITH_DIGITS = frozenset({"phone", "code", "number"})
_DIGIT = re.compile(r"\d")
_FIRST = re.compile(r"먼저|부터\s*(?:할|해)|\bfirst\b|\bright now\b", re.IGNORECASE)
# A number where nothing is to be picked: a double tap, or an answer that came too late.
_STRAY = re.compile(r"^\W*\d{1,2}\s*(?:번|번이요)?\W*$")
_TRAIL = 12
_LEANS = 0.6


async def respond(turn: Turn) -> None:
    """Fill `turn.replies` with the answer to its message, and move the dialogue on."""
    if turn.voice and await call.hear(turn):
        return
    memory = turn.dialogue
    before = memory.waiting
    heard = await patience.take_up(turn)
    if not heard:
        await _understand(turn)
    if not turn.missed:
        memory.misses = 0
    await following.carry_on(turn)
    _leave_trail(turn, before)
    if not turn.replies and not turn.silent:
        await miss(turn, "common.not_understood")
    if turn.voice:
        call.fit(turn)
    memory.said = [mark(reply.text) for reply in turn.replies]
    memory.at = turn.message.created_at.isoformat()


def _leave_trail(turn: Turn, before: Waiting | None) -> None:
    """Remember the step before this one, so that it can be gone back to."""
    now, trail = turn.dialogue.waiting, turn.dialogue.trail
    if now is None:
        turn.dialogue.trail = []
    elif before is not None and before.flow == now.flow and not turn.went_back:
        if before.step != now.step or before.slots != now.slots:
            turn.dialogue.trail = [*trail, before][-_TRAIL:]
    elif before is None or before.flow != now.flow:
        turn.dialogue.trail = []


async def obey_anyway(turn: Turn) -> bool:
    """Obey an order that counts whoever owns the talk: STOP, START, alerts off. False if none."""
    stopped = turn.address.stopped_at is not None
    command = commands.read(turn.text, turn.conversation.channel, stopped=stopped)
    if command == "start":
        await contacts.restart(turn.session, turn.address)
    elif command in ("stop", "alerts_off"):
        await orders.obey(turn, command)
    else:
        return False
    return True


async def _understand(turn: Turn) -> None:
    danger.look_again(turn)
    turn.chosen = picks.pick(turn)
    if await attention.heed(turn):
        return
    if _in_danger(turn):
        await emergency.begin(turn)
        return
    if turn.incoming.kind == "start":
        turn.done()
        turn.say("call.hello" if turn.voice else "greet.hello", choices=smalltalk.menu(turn))
        return
    if await asides.answer(turn):
        return
    if not turn.text and turn.incoming.kind != "contact":
        await _without_words(turn)
        return
    command = commands.read(
        turn.text, turn.conversation.channel, stopped=turn.address.stopped_at is not None
    )
    if command == "cancel" and own.asks_whether(turn.dialogue.waiting):
        await own.answer(turn)  # what is to be called off: the petition, or calling it off?
        return
    if command is not None:
        await orders.obey(turn, command)
        return
    waiting = turn.dialogue.waiting
    if (waiting is None or is_passing(waiting)) and (name := smalltalk.named(turn)) is not None:
        await orders.open_flow(turn, name)
        return
    if turn.chosen == "call:again":
        turn.dialogue.said = []  # the caller wants to hear the very words
        await call.ask_again(turn, turn.dialogue.waiting)
        return
    if turn.chosen is not None and await orders.follow_choice(turn):
        return
    if await following.settle(turn):
        return
    waiting = turn.dialogue.waiting
    if drafts.is_draft(waiting) and turn.chosen is None and resume.wants_on(turn.text):
        await orders.obey(turn, "resume")
        return
    if _orders_the_draft(turn):
        await orders.ask_again(turn)
        return
    if drafts.is_draft(waiting) and answers.wants_a_pause(turn.text):
        turn.say("person.draft_waits")
        return
    if turn.chosen is None and _gives_up(turn, waiting):
        await orders.obey(turn, "cancel")
        return
    following.set_aside(turn)
    claiming = _claiming(turn)
    waiting = turn.dialogue.waiting
    if claiming is not None and (waiting is None or waiting.flow != claiming.name):
        await _start(turn, claiming, waiting)
    elif waiting is not None and _is_for(turn, waiting):
        if not (turn.voice and call.wants_a_key(turn, waiting)):
            await BY_NAME[waiting.flow].answer(turn)
    else:
        await _begin(turn, waiting)


def _orders_the_draft(turn: Turn) -> bool:
    """Tell whether who is asked for something only says that what was told is to be filed."""
    waiting = turn.dialogue.waiting
    if waiting is None or waiting.step in _SHOWN or not drafts.is_draft(waiting):
        return False
    return words.asks_to_file(turn.text, f"{waiting.slots['details']} {waiting.slots.get('place')}")


def _gives_up(turn: Turn, waiting: Waiting | None) -> bool:
    """Tell whether a message leaves what is open; a petition is left by clearer words alone."""
    if waiting is None or is_passing(waiting):
        return False
    easily = waiting.flow in _LEFT_EASILY or turn.leans_to("cancel", "deny", "goodbye") >= _LEANS
    easily = easily and answers.gives_up(turn.text)
    return easily or answers.only_joked(turn.text) or answers.drops_it(turn.text)


async def _without_words(turn: Turn) -> None:
    """Take a photo or a place without words for the petition that is open, or begin one."""
    if not (turn.pictures or turn.incoming.location):
        await miss(turn, "common.only_words")
        return
    waiting = turn.dialogue.waiting
    asked = waiting is not None and waiting.flow == "alerts" and turn.incoming.location
    flow = BY_NAME["alerts" if asked else "petition"]
    await (flow.answer if waiting is not None and waiting.flow == flow.name else flow.begin)(turn)


def _claiming(turn: Turn) -> Flow | None:
    """Return the flow whose words the message holds, where no intent stands for its wish."""
    if turn.chosen is not None or turn.incoming.kind not in ("text", "speech"):
        return None
    return next((f for f in FLOWS if f.claims is not None and f.claims(turn)), None)


def _in_danger(turn: Turn) -> bool:
    """Tell whether the message speaks of danger; a bare answer to what was asked does not."""
    if turn.intent != "life_emergency" or turn.incoming.kind not in (
        "text", "edit", "speech", "unclear",
    ):  # fmt: skip
        return False
    if tongues.short_answer(turn.text) is not None or emergency.is_matter(turn):
        return False
    if waiting_for_digits(turn):
        return False
    named = sum(e.end - e.start for e in turn.parse.entities)
    bare = named >= 0.6 * len(turn.text) and turn.parse.intent.confidence < SURE
    return not (turn.dialogue.waiting is not None and bare)


def waiting_for_digits(turn: Turn) -> bool:
    """Tell whether digits were asked for, and the message has little else."""
    waiting = turn.dialogue.waiting
    asked = waiting is not None and waiting.step in _WITH_DIGITS
    return asked and 2 * len(_DIGIT.findall(turn.text)) >= sum(c.isalnum() for c in turn.text)


def _is_for(turn: Turn, waiting: Waiting) -> bool:
    """Tell whether the message answers the step that waits, rather than starting another wish."""
    if turn.chosen is not None or turn.incoming.kind in ("keys", "contact"):
        return True
    flow = BY_NAME.get(waiting.flow)
    if flow is None:
        return False
    intent, sure = turn.intent, turn.parse.intent.confidence
    if waiting.step in flow.free_text and _STRAY.match(turn.text):
        return True
    if flow.fits is not None and (fits := flow.fits(turn)) is not None:
        return fits
    if waiting.flow == "petition" and waiting.step != "name" and turn.pictures:
        return True
    if waiting.flow == "petition" and waiting.step in _SHOWN and telling.names_a_place(turn):
        return not _leads_away(turn, flow)
    if intent == "life_emergency":
        return True  # what is a danger indeed was dealt with before
    asked_for = _ASKS_FOR.get(waiting.step, waiting.step)
    if (turn.number if asked_for == "number" else turn.value(asked_for)) is not None:
        return not (waiting.step == "place" and _leads_away(turn, flow))
    if waiting.flow == "petition" and waiting.step in flow.free_text and locate(turn.text):
        return not _leads_away(turn, flow)  # "itaewon stn exit 1" is no wish to leave
    if intent == "cancel" and (sure >= CLEAR or (sure >= SURE and len(turn.text) <= 20)):
        return False
    if flow.corrects is not None and flow.corrects.search(turn.text):
        return not _leads_away(turn, flow, _VERY_CLEAR)
    if waiting.step in _WITH_DIGITS:
        # These ask for digits: what has none is another wish, or a way out; and so is what reports
        # something and has a house number or an exit beside it.
        if _DIGIT.search(turn.text) is None:
            return sure < SURE
        return waiting_for_digits(turn) or not (intent == "file_petition" and sure >= CLEAR)
    if waiting.step == "district":
        return not (_leads_away(turn, flow) and intent in _LEADS_AWAY)  # "all of Seoul" is no idea
    if intent in flow.intents:
        return not _leads_away(turn, flow)
    if waiting.step in flow.free_text:
        return not (_leads_away(turn, flow) or (intent in _COURTESIES and sure >= CLEAR))
    return sure < SURE or intent in ("affirm", "deny")


def _leads_away(turn: Turn, flow: Flow, least: float = CLEAR) -> bool:
    intent, sure = turn.intent, turn.parse.intent.confidence
    if intent in flow.intents:
        return False
    return (intent in _LEADS_AWAY and sure >= least) or (
        intent in ("vote", "submit_proposal") and sure >= _VERY_CLEAR
    )


async def _begin(turn: Turn, waiting: Waiting | None) -> None:
    """Start what the message asks for; a question leaves what was open standing."""
    nothing_waits = waiting is None or is_passing(waiting)
    if answers.drops_it(turn.text):
        await orders.obey(turn, "cancel")
        return
    if nothing_waits and answers.only_signs(turn.text):
        await miss(turn, "common.not_understood", choices=smalltalk.menu(turn))
        return
    unclear = turn.intent == "out_of_scope" or turn.parse.intent.confidence < SURE
    asked_before = waiting is not None and waiting.flow == question.NAME
    may_mean = nothing_waits or asked_before
    unsure = turn.parse.intent.confidence < CLEAR or turn.intent == "ask_faq"
    if may_mean and unsure and words.WANTS_TO_FILE.search(turn.text):
        await _start(turn, BY_NAME["petition"], waiting)
        return
    if nothing_waits and unclear and about.asks_when(turn) and await status.has_own(turn):
        await _start(turn, BY_NAME["status"], waiting)
        return
    if nothing_waits and (telling.tells_of_damage(turn) or (turn.pictures and _says_little(turn))):
        await _start(turn, BY_NAME["petition"], waiting)
        return
    if turn.parse.intent.confidence < SURE and turn.intent != "out_of_scope":
        if waiting is None and turn.dialogue.misses == 0 and len(turn.text) > 7:
            turn.missed = True
            turn.dialogue.misses += 1
            await question.respond(turn, turn.text)
        else:
            await miss(turn, "common.not_understood")
        return
    if turn.intent == "cancel":
        await orders.obey(turn, "cancel")
        return
    if turn.intent == "out_of_scope" and nothing_waits and authorities.of(turn.text) is not None:
        turn.done()
        elsewhere.tell_of_authority(turn, turn.text)
        return
    if turn.intent == "out_of_scope" and waiting is not None:
        await _beside_the_point(turn)
        return
    if waiting is not None and turn.intent in _ANSWERS and not is_passing(waiting):
        await _no_answer_to_this(turn)
        return
    if nothing_waits and not turn.dialogue.choices and _STRAY.match(turn.text):
        await miss(turn, "common.no_choices", choices=smalltalk.menu(turn))
        return
    flow = BY_INTENT[turn.intent]
    if flow.name == "language" and not turn.value("language") and turn.value("district"):
        flow = alerts.FLOW  # "종로구로 바꿔 주세요" changes a district, and no language
    lamp = flow is alerts.FLOW and alerts.means_a_thing(turn)  # "가로등도 켜 주세요"
    if lamp or (turn.intent == "submit_proposal" and turn.value("place") is not None):
        flow = BY_NAME["petition"]  # a wish for one spot is a suggestion to an office
    await _start(turn, flow, waiting)


def _says_little(turn: Turn) -> bool:
    """Tell whether the words beside a photo ask for nothing that a photo has no part in."""
    unsure = turn.parse.intent.confidence < CLEAR
    return unsure or turn.intent in ("out_of_scope", "ask_faq", "affirm", "deny")


async def _no_answer_to_this(turn: Turn) -> None:
    """Ask again where a yes or a greeting tells nothing; the second time show ways out."""
    if turn.dialogue.misses == 0:
        turn.missed = True
        turn.dialogue.misses = 1
        await orders.ask_again(turn)
    else:
        await miss(turn, "common.not_understood")


async def _beside_the_point(turn: Turn) -> None:
    """Say that this is not for us and ask again; the second time in a row show ways out."""
    await miss(turn, "common.out_of_scope")
    if turn.dialogue.misses == 1:
        await orders.ask_again(turn)


async def _start(turn: Turn, flow: Flow, waiting: Waiting | None) -> None:
    """Begin a flow beside what is open: a short one at once, a long one after it."""
    memory = turn.dialogue
    if waiting is None or is_passing(waiting):
        # Whoever is to be called back and asks something first still has a number to give.
        asks_first = flow is question.FLOW and waiting is not None and waiting.flow == person.NAME
        memory.held = waiting if asks_first else memory.held
        memory.waiting = None
        memory.choices = []
        await flow.begin(turn)
        return
    if flow.name == person.NAME:
        await flow.begin(turn)
        return
    if turn.intent == "goodbye":
        drafts.keep(turn)
        turn.done()
        await flow.begin(turn)
        return
    later = flow is alerts.FLOW and drafts.is_draft(waiting) and not alerts.answers_at_once(turn)
    if flow.name in _DIGRESSIONS and not later:
        comes_back = BY_NAME[waiting.flow].again is not None
        memory.held = memory.held or (waiting if comes_back else None)
        memory.waiting = None
        await flow.begin(turn)
        return
    if drafts.is_draft(waiting) and turn.parse.intent.confidence < CLEAR:
        await miss(turn, "common.not_understood")
        return
    if drafts.is_draft(waiting) and not _FIRST.search(turn.text):
        drafts.queue(turn, flow.name, turn.parse)
        await orders.ask_again(turn)
        return
    memory.held = waiting if drafts.is_draft(waiting) else None  # what was begun is not lost
    turn.done()
    await flow.begin(turn)
