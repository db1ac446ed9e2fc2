"""How long an open question stays open: an SMS until days later, a web page or a call not."""

from datetime import datetime, timedelta

from bot import orders, picks
from bot.drafts import is_draft
from bot.turn import Turn

# After this much silence an answer is no longer taken for one. Texts are answered the next morning.
_LIFE = {
    "sms": timedelta(days=3),
    "telegram": timedelta(days=3),
    "kakao": timedelta(days=3),
    "web": timedelta(hours=1),
    "voice": timedelta(minutes=10),
}
_OTHERWISE = timedelta(hours=12)


async def take_up(turn: Turn) -> bool:
    """Deal with a silence that was too long; tell whether that was all this message needed.

    A petition that was begun stays, but is shown again before a late "yes" can file it. Any other
    question that was open is closed.
    """
    memory = turn.dialogue
    if memory.at is None or memory.waiting is None:
        return False
    silent = turn.message.created_at - datetime.fromisoformat(memory.at)
    if silent <= _LIFE.get(turn.conversation.channel, _OTHERWISE):
        return False
    if not is_draft(memory.waiting):
        turn.done()
        memory.held = None
        return False
    if turn.incoming.kind in ("text", "speech", "keys") and picks.pick(turn) is not None:
        turn.preface("common.draft_waits")
        await orders.ask_again(turn)
        return True
    return False
