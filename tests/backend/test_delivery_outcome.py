"""What a response means, and what that means for a delivery: one table each, for every channel."""

import httpx
import pytest

from backend.delivery.outcome import LONGEST_BACKOFF, MAX_FAILURES, Outcome, decide
from backend.delivery.packing import Parcel
from channels import transport
from channels.base import (
    Content,
    Provider,
    Rejected,
    Retryable,
    SendError,
    Stopped,
    Throttled,
    Unknown,
    send_parts,
)
from channels.message import Outgoing, Sent

CARRIER = Provider("carrier", reports_within=3600)


def parcel(failures: int = 0, skip: int = 0) -> Parcel:
    return Parcel("sms", 1, 1, 0, failures, None, (), Outgoing(7, "+1", "네.", skip=skip))


def after(
    said: Sent | SendError, failures: int = 0, *, skip: int = 0, others: bool = False
) -> Outcome:
    return decide(parcel(failures, skip), CARRIER, said, others=others, traceable=True)


@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        (400, Rejected), (401, Retryable), (402, Retryable), (403, Rejected), (404, Rejected),
        (408, Retryable), (410, Rejected), (413, Content), (422, Rejected), (425, Retryable),
        (429, Throttled), (500, Unknown), (502, Unknown), (503, Retryable), (504, Unknown),
    ],
)  # fmt: skip
def test_a_status_means_the_same_on_every_channel(status: int, meaning: type[SendError]) -> None:
    said = transport.refused(status, str(status), 3.0)
    assert (type(said), said.code, said.retry_after) == (meaning, str(status), 3.0)


def test_a_providers_own_code_goes_before_its_status() -> None:
    said = transport.refused(400, "21610", None, {"21610": Stopped})
    assert type(said) is Stopped


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (httpx.ConnectError("x"), Retryable), (httpx.ConnectTimeout("x"), Retryable),
        (httpx.PoolTimeout("x"), Retryable), (httpx.ReadTimeout("x"), Unknown),
        (httpx.WriteTimeout("x"), Unknown), (httpx.ReadError("x"), Unknown),
        (httpx.RemoteProtocolError("x"), Unknown),
    ],
)  # fmt: skip
def test_only_a_connection_that_never_was_proves_that_nothing_went_out(
    error: httpx.HTTPError, meaning: type[SendError]
) -> None:
    assert type(transport.lost_or_refused(error)) is meaning


@pytest.mark.parametrize(
    ("said", "word", "status", "again", "moves"),
    [
        (Sent(("a",)), "accepted", "accepted", False, False),
        (Retryable("503"), "retryable", "pending", True, False),
        (Throttled("429"), "throttled", "pending", True, False),
        (Stopped("21610"), "stopped", "suppressed", False, True),
        (Content("30007"), "content", "failed", False, True),
        (Rejected("21211"), "rejected", "failed", False, True),
        (Unknown("timeout"), "unknown", "unknown", False, False),
        (SendError("new"), "unknown", "unknown", False, False),
    ],
)
def test_what_is_said_decides(
    said: Sent | SendError, word: str, status: str, again: bool, moves: bool
) -> None:
    outcome = after(said)
    assert (outcome.word, outcome.status, outcome.move) == (word, status, moves)
    assert (outcome.delay is not None) is again
    assert (outcome.reason is None) is isinstance(said, Sent)


def test_a_silent_provider_is_asked_or_no_longer_waited_for() -> None:
    assert after(Sent(("a",))).check_in == 3600
    assert after(Unknown("timeout")).check_in == 30
    untraceable = decide(parcel(), CARRIER, Unknown("x"), others=False, traceable=False)
    assert untraceable.check_in is None


@pytest.mark.parametrize("failures", range(MAX_FAILURES - 1))
def test_back_off_doubles_with_jitter_up_to_a_bound(failures: int) -> None:
    base = min(2.0 ** (failures + 1), LONGEST_BACKOFF)
    delays = [after(Retryable("x"), failures).delay or 0 for _ in range(200)]
    assert all(base <= delay <= base * 1.25 for delay in delays)
    assert max(delays) > min(delays)


def test_retry_after_is_obeyed() -> None:
    for kind in (Retryable, Throttled):
        delays = [after(kind("429", 40.0)).delay or 0 for _ in range(50)]
        assert all(40 <= delay <= 50 for delay in delays)


def test_refusals_come_to_an_end_and_being_slowed_down_is_no_refusal() -> None:
    last = after(Retryable("503"), MAX_FAILURES - 1)
    assert (last.status, last.reason, last.move) == ("failed", "503", True)
    slowed = after(Throttled("429"), MAX_FAILURES - 1)
    assert (slowed.status, slowed.failures) == ("pending", MAX_FAILURES - 1)


def test_another_provider_of_the_channel_is_tried_before_another_channel() -> None:
    outcome = after(Rejected("21408"), others=True)
    assert (outcome.status, outcome.delay, outcome.move) == ("pending", 0.0, False)


def test_parts_that_are_out_are_not_sent_another_way() -> None:
    out = after(Rejected("30007", sent=("a",), parts=2), others=True)
    assert (out.status, out.move, out.external_ids, out.parts) == ("failed", False, ("a",), 2)
    assert after(Stopped("21610"), skip=1).move is False
    assert after(Retryable("503", sent=("a",), parts=3)).status == "pending"


async def test_the_parts_of_a_message_go_in_order_and_an_error_says_which_are_out() -> None:
    posted: list[tuple[int, str]] = []

    async def post(place: int, part: str) -> str:
        if part == "broken":
            raise Retryable("503")
        posted.append((place, part))
        return f"id-{place}"

    assert await send_parts(["a", "b", "c"], 0, post) == Sent(("id-1", "id-2", "id-3"), 3)
    assert await send_parts(["a", "b", "c"], 2, post) == Sent(("id-3",), 3)
    assert posted == [(1, "a"), (2, "b"), (3, "c"), (3, "c")]
    with pytest.raises(Retryable) as stuck:
        await send_parts(["a", "b", "broken"], 1, post)
    assert (stuck.value.sent, stuck.value.parts) == (("id-2",), 3)
    with pytest.raises(Content):
        await send_parts([], 0, post)
