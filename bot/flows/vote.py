"""Taking part in a poll: which one, which answer, one vote a phone."""

import re
from collections.abc import Sequence

from backend.contacts.service import phone_of
from backend.delivery.service import notify
from backend.models import Poll
from backend.polls import service
from bot import dates, naming, speech
from bot.flow import Flow
from bot.flows import phone
from bot.turn import Turn

NAME = "vote"

_BARE = re.compile(r"^\W*\d{1,2}\s*(?:번|번이요|번요)?\W*$")
_NEGATED = re.compile(r"싫|말고|빼고|아니|반대|\bnot\b|don'?t|\bno\b|against|except", re.IGNORECASE)
_WHO_MAY = re.compile(
    r"누가|누구나|누구\s*든|자격|나이|몇\s*살|미성년|외국인|who can|who may|eligib|am i allowed"
    r"|(?:학생|아이|애들?|딸|아들|부모님?|어머니|아버지|엄마|아빠|남편|아내|가족|친구|얘|걔|유학생)\S{0,3}\s?.{0,14}"
    r"(?:할\s*수|되나|돼요|될까|가능|참여)"
    r"|can (?:foreigners|(?:my|our|the|a|an) [a-z' -]{2,30} (?:vote|take part|participate|join)\b)"
    r"|谁可以|谁能|资格|誰が|資格|外国人|ai (?:được|có thể)|điều kiện",
    re.IGNORECASE,
)
_OF_VOTES = re.compile(
    r"투표|설문|vote|voting|poll|投票|表决|アンケート|bỏ phiếu|bình chọn", re.IGNORECASE
)
# Who asks what an option is has not chosen it.
_ASKS = re.compile(
    r"[?？]|뭐|무엇|무슨|어떤|왜|설명|자세히|차이|\bwhat|\bwhich|\bwhy|explain|difference"
    r"|什么|区别|何|違い|\bgì\b|khác",
    re.IGNORECASE,
)
_EXPLAIN = re.compile(r"설명|자세히|차이|각각|\bexplain|difference", re.IGNORECASE)
_SHORT = 40
# Said right after a vote; nobody needs to say anything there.
_AFTER = "cast"
_REGRETS = re.compile(
    r"바꿔|바꾸|바꿀|잘못\s*(?:눌|골|찍|했|보)|다시\s*(?:할|고르|투표|뽑)|취소|번복|무효|철회"
    r"|\bmy vote\b"
    r"|\bchange|\bswitch|\bundo\b|wrong one|by mistake|\bretract|take it back|vote again|re-?vote"
    r"|改|取り消|変更|đổi|hủy",
    re.IGNORECASE,
)
_OUTCOME = re.compile(
    r"결과|몇\s*표|이겼|뽑혔|result|outcome|\bwon\b|结果|結果|kết quả", re.IGNORECASE
)


async def begin(turn: Turn) -> None:
    """Show what is open; a choice that is already in the message counts at once."""
    polls = await service.open_polls(turn.session)
    named = _named(turn, polls) if turn.chosen is None else None
    if named is None and turn.chosen is None and await _tell_of_another(turn):
        return
    if named is None and turn.chosen is None and _ASKS.search(turn.text):
        named = _placed(turn, polls)
    if not polls:
        await _none_open(turn)
    elif len(polls) == 1:
        await _choose(turn, polls[0])
    elif named is not None:
        await _choose(turn, named)
    elif not turn.voice and (guess := _by_option(turn, polls)):
        await _confirm(turn, *guess)
    else:
        turn.say("vote.which", choices=[(str(p.id), _in(turn, p.title)) for p in polls])
        turn.wait(NAME, "poll")


async def answer(turn: Turn) -> None:
    """Take the poll, the option, a yes to both, or a step of proving the phone."""
    waiting = turn.dialogue.waiting
    assert waiting is not None
    if waiting.step == "poll":
        polls = await service.open_polls(turn.session)
        picked = next((p for p in polls if str(p.id) == turn.chosen), None) or _named(turn, polls)
        if picked is None:
            picked = polls[-1] if naming.is_last(turn.text) else _placed(turn, polls)
        named = _named(turn, polls) if turn.intent == "vote" and not turn.voice else None
        option = _option(turn, named) if named is not None else None
        if named is not None and option is not None:
            # "심야버스 1번" of the list in which it stands first may mean the poll itself.
            doubtful = polls.index(named) + 1 == option
            await (_confirm if doubtful else _cast)(turn, named, option)
        elif picked is not None:
            await _show(turn, picked)
        else:
            await begin(turn)
        return
    poll = await service.get(turn.session, int(waiting.slots["poll"]))
    if waiting.step == _AFTER:
        turn.say("vote.already", title=_in(turn, poll.title))
        turn.done()
        turn.wait(NAME, _AFTER, poll=poll.id)
        return
    if waiting.step in ("phone", "code"):
        proven = await phone.take(turn, NAME, **waiting.slots)
        if proven is not None:
            await _cast(turn, poll, int(waiting.slots["option"]))
    elif waiting.step == "sure" and turn.chosen == "yes":
        await _cast(turn, poll, int(waiting.slots["option"]))
    elif waiting.step == "sure" and turn.chosen == "no":
        await _show(turn, poll)
    else:
        await _take_option(turn, poll)


async def again(turn: Turn) -> None:
    """Put the open question once more."""
    waiting = turn.dialogue.waiting
    assert waiting is not None
    if waiting.step == "poll":
        await begin(turn)
    elif waiting.step == "sure":
        poll = await service.get(turn.session, int(waiting.slots["poll"]))
        await _confirm(turn, poll, int(waiting.slots["option"]))
    elif waiting.step == "option":
        await _show(turn, await service.get(turn.session, int(waiting.slots["poll"])))
    else:
        phone.ask_again(turn)


def fits(turn: Turn) -> bool | None:
    """After a vote was cast, take the wish to change it for one about that vote.

    While polls or options are shown, what asks about one of them is for this flow.
    """
    waiting = turn.dialogue.waiting
    if waiting is not None and waiting.flow == NAME and waiting.step in ("poll", "option"):
        return True if _asks_of_one(turn) else None
    if waiting is None or (waiting.flow, waiting.step) != (NAME, _AFTER):
        return None
    return len(turn.text) <= 40 and _REGRETS.search(turn.text) is not None


def _asks_of_one(turn: Turn) -> bool:
    """Tell whether a message asks what stands behind a number or a name: "2번 설명 좀"."""
    if len(turn.text) > _SHORT or not _ASKS.search(turn.text):
        return False
    return naming.placed(turn.text) is not None or _EXPLAIN.search(turn.text) is not None


def claims(turn: Turn) -> bool:
    """Tell whether a message asks how a vote ended, which sounds like asking after a petition,
    or what one of its numbers stands for, which sounds like asking for help."""
    if turn.number is not None:
        return False
    if _OF_VOTES.search(turn.text) and _asks_of_one(turn):
        return turn.intent in ("help", "vote", "list_polls", "out_of_scope")
    asks_what = len(turn.text) <= _SHORT and _ASKS.search(turn.text) is not None
    if asks_what and naming.numbered(turn.text, _OF_VOTES.pattern) is not None:
        return True
    asks = _OF_VOTES.search(turn.text) and _OUTCOME.search(turn.text)
    return bool(asks) and turn.intent == "check_status"


async def is_answer(turn: Turn) -> bool:
    """Tell whether a message names what a vote that waits has shown, whatever else it sounds like.

    "More shade and benches" is a wish for a park to any ear that has not seen the options.
    """
    waiting = turn.dialogue.waiting
    if waiting is None or waiting.flow != NAME or len(turn.text) > 60:
        return False
    if waiting.step == "poll":
        polls = await service.open_polls(turn.session)
        return (_named(turn, polls) or _placed(turn, polls)) is not None
    if waiting.step == "option":
        poll = await service.get(turn.session, int(waiting.slots["poll"]))
        return not _NEGATED.search(turn.text) and _option(turn, poll) is not None
    return False


def asks_who_may(turn: Turn) -> bool:
    """Tell whether a message asks who may vote: of the poll that is open in the talk, or of all."""
    waiting = turn.dialogue.waiting
    voting = waiting is not None and waiting.flow == NAME
    return bool(_WHO_MAY.search(turn.text)) and (voting or bool(_OF_VOTES.search(turn.text)))


async def tell_who_may(turn: Turn) -> None:
    """Say who may take part: in the poll that is shown or named, else in any."""
    waiting = turn.dialogue.waiting or turn.dialogue.held
    shown = waiting.slots.get("poll") if waiting is not None and waiting.flow == NAME else None
    polls = await service.open_polls(turn.session)
    poll = await service.get(turn.session, int(shown)) if shown else _named(turn, polls)
    if poll is not None and poll.eligibility:
        turn.say("vote.eligible_own", who=_in(turn, poll.eligibility))
    else:
        turn.say("vote.eligible")


async def _take_option(turn: Turn, poll: Poll) -> None:
    option = _option(turn, poll)
    if option is None and _ASKS.search(turn.text):
        await _show(turn, poll)
    elif option is None:
        numbers = [o.number for o in poll.options]
        turn.say("vote.bad_option", low=min(numbers), high=max(numbers))
        await _show(turn, poll)
    else:
        await _cast(turn, poll, option)


async def _choose(turn: Turn, poll: Poll) -> None:
    # A bare number begins a vote only by accident: a menu's "3", or the "1" of a double tap.
    # Nor does a word on the phone: it may have been heard wrong, and a vote can't be taken back.
    says_it = turn.intent == "vote" and turn.chosen is None and not _BARE.match(turn.text)
    says_it = says_it and turn.incoming.kind != "speech"
    option = _option(turn, poll) if says_it else None
    if option is None or turn.voice:
        if option is not None:  # on the phone a vote, which stays as it is, wants a key
            turn.message.text = turn.word("vote.hidden")
        await _show(turn, poll)
    else:
        await _cast(turn, poll, option)


async def _show(turn: Turn, poll: Poll) -> None:
    turn.say(
        "vote.options",
        title=_in(turn, poll.title),
        description=_in(turn, poll.description),
        closes=dates.day(poll.closes_at, turn.language),
        choices=[(str(o.number), _in(turn, o.title)) for o in poll.options],
    )
    turn.wait(NAME, "option", poll=poll.id)


async def _confirm(turn: Turn, poll: Poll, option: int) -> None:
    """Ask before a vote that named no poll: it can't be taken back."""
    chosen = next(o for o in poll.options if o.number == option)
    turn.say(
        "vote.sure",
        title=_in(turn, poll.title),
        option=_in(turn, chosen.title),
        choices=[("yes", turn.word("vote.sure_yes")), ("no", turn.word("vote.sure_no"))],
    )
    turn.wait(NAME, "sure", poll=poll.id, option=option)


async def _cast(turn: Turn, poll: Poll, option: int) -> None:
    # What was chosen stands in the ballots alone, and not beside its voter in the transcript.
    turn.message.text = turn.word("vote.hidden")
    proven = await phone_of(turn.session, turn.address.contact_id)
    if proven is None:
        await phone.ask(turn, NAME, poll=poll.id, option=option)
        return
    title = _in(turn, poll.title)
    try:
        receipt = await service.vote(
            turn.session, poll, proven.address, option, turn.conversation.channel
        )
    except service.AlreadyVoted as before:
        if before.receipt is None:
            turn.say("vote.already", title=title)
        else:
            spoken = speech.digits(before.receipt, turn.language)
            turn.say("vote.already_receipt", title=title, receipt=before.receipt, spoken=spoken)
    except (service.PollClosed, service.UnknownOption):
        turn.say("vote.closed", title=title, closes=dates.day(poll.closes_at, turn.language))
    else:
        spoken = speech.digits(receipt, turn.language)
        turn.say("vote.done", title=title, receipt=receipt, spoken=spoken)
        if turn.voice:
            text = turn.word("vote.receipt_sms", title=title, receipt=receipt)
            await notify(turn.session, proven, "sms", turn.language, text)
    turn.done()
    turn.wait(NAME, _AFTER, poll=poll.id)


async def _none_open(turn: Turn) -> None:
    coming = [p for p in await service.around_now(turn.session) if _is_coming(turn, p)]
    if coming:
        opens = dates.day(coming[0].opens_at, turn.language)
        turn.say("vote.none_open_next", title=_in(turn, coming[0].title), opens=opens)
    else:
        turn.say("vote.none_open")
    turn.done()


async def _tell_of_another(turn: Turn) -> bool:
    """Tell of a poll that is named and takes no votes now; False where none is."""
    others = await service.around_now(turn.session)
    poll = _named(turn, others)
    if poll is None and _OUTCOME.search(turn.text):
        poll = next((p for p in others if not _is_coming(turn, p)), None)
    if poll is None:
        return False
    title = _in(turn, poll.title)
    if _is_coming(turn, poll):
        opens = dates.day(poll.opens_at, turn.language)
        turn.say("vote.not_yet", title=title, opens=opens)
    else:
        outcome = await service.results(turn.session, poll)
        counts = outcome.counts or {}
        won = max(poll.options, key=lambda o: counts.get(o.number, 0))
        turn.say("vote.closed", title=title, closes=dates.day(poll.closes_at, turn.language))
        if outcome.participants:
            turn.say(
                "vote.result", people=outcome.participants,
                option=_in(turn, won.title), votes=counts[won.number],
            )  # fmt: skip
    turn.done()
    return True


def _is_coming(turn: Turn, poll: Poll) -> bool:
    return poll.opens_at > turn.message.created_at


def _option(turn: Turn, poll: Poll) -> int | None:
    """Return the option meant: by number, by what was picked, by its place, or by its name."""
    numbers = {str(o.number): o.number for o in poll.options}
    waiting = turn.dialogue.waiting
    shown = waiting is not None and waiting.flow == NAME and waiting.step == "option"
    if shown and turn.chosen in numbers:
        return numbers[turn.chosen]
    if _ASKS.search(turn.text) or (_NEGATED.search(turn.text) and not shown):
        return None
    if (said := turn.value("choice")) in numbers:
        return numbers[said]
    if shown and naming.is_last(turn.text):
        return poll.options[-1].number
    place = naming.named(turn.text, [list(o.title.values()) for o in poll.options])
    return None if place is None else poll.options[place].number


def _by_option(turn: Turn, polls: Sequence[Poll]) -> tuple[Poll, int] | None:
    """Return the poll and option where a message names an option that only one poll has."""
    if turn.intent != "vote" or turn.chosen is not None or _NEGATED.search(turn.text):
        return None
    every = [(poll, option) for poll in polls for option in poll.options]
    place = naming.named(turn.text, [list(option.title.values()) for _, option in every])
    return None if place is None else (every[place][0], every[place][1].number)


def _named(turn: Turn, polls: Sequence[Poll]) -> Poll | None:
    place = naming.named(turn.text, [list(poll.title.values()) for poll in polls])
    return None if place is None else polls[place]


def _placed(turn: Turn, polls: Sequence[Poll]) -> Poll | None:
    """Return the poll whose number in the list a message names: "2번 설명", "explain poll 2"."""
    if turn.chosen is not None:
        return None
    place = naming.placed(turn.text)
    if place is None and len(turn.text) <= _SHORT:
        place = naming.numbered(turn.text, _OF_VOTES.pattern)
    return polls[place - 1] if place is not None and 1 <= place <= len(polls) else None


def _in(turn: Turn, titles: dict[str, str]) -> str:
    return service.in_language(titles, turn.language)


FLOW = Flow(
    NAME,
    frozenset({"vote", "list_polls"}),
    begin,
    answer,
    again=again,
    claims=claims,
    fits=fits,
    passing=frozenset({_AFTER}),
)
