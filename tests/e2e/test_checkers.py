"""The checkers of the kill tests find what they are there for."""

from __future__ import annotations

from typing import cast

import pytest

from consentlog.domain.events import ConsentEvent
from consentlog.kafka.partition import partition_of
from consentlog.kafka.topics import EVENTS, PARTITIONS
from consentlog.local.stack import LocalStack
from consentlog.ports import Record
from consentlog.wire.events import encode_event
from dialers.client import GateClient, Reply
from tests.support import gate_watch
from tests.support.gate_watch import GateWatch
from tests.support.histories import NOON_MS, event_id, refused
from tests.support.load import Acked, Load
from tests.support.senders import Act
from tests.support.settled import missing_from

NUMBER = "+8613800138000"
PLACE = partition_of(NUMBER.encode(), PARTITIONS)
VALUE = encode_event(ConsentEvent(NUMBER, refused(1), NOON_MS))
LOG = [Record(EVENTS.name, PLACE, 7, NOON_MS, NUMBER.encode(), VALUE)]
ACT = Act(NUMBER, "refused", "desk")
ALLOW = Reply(200, {"verdict": "allow", "reasons": []})
DENY = Reply(200, {"verdict": "deny", "reasons": [{"code": "refused"}]})
STALE = Reply(503, {"verdict": "deny", "code": "CL-2001"})


@pytest.mark.parametrize("token", [f"{PLACE}:7", None])
def test_what_is_in_the_log_is_not_missed(token: str | None) -> None:
    assert list(missing_from(LOG, [Acked(ACT, token, event_id(1).hex())])) == []


@pytest.mark.parametrize(
    ("acked", "words"),
    [
        (Acked(ACT, f"{PLACE}:8", event_id(1).hex()), "nothing at"),
        (Acked(ACT, f"{PLACE}:7", event_id(2).hex()), "another event at"),
        (Acked(Act("+8613800138001", "refused", "desk"), f"{PLACE}:7", None), "another event at"),
        (Acked(Act(NUMBER, "refused", "web"), None, None), "nowhere in the log"),
        (Acked(Act(NUMBER, "granted", "desk"), None, None), "nowhere in the log"),
    ],
)
def test_what_is_not_in_the_log_is_missed(acked: Acked, words: str) -> None:
    (found,) = missing_from(LOG, [acked])
    assert words in found


@pytest.mark.parametrize(
    ("token", "replies", "wrong"),
    [
        ("3:7", [STALE, DENY], 0),
        ("3:7", [ALLOW], 1),
        (None, [ALLOW, DENY], 0),
        (None, [ALLOW, DENY, STALE, ALLOW], 1),
    ],
)
def test_an_allow_that_must_not_be_is_seen(
    monkeypatch: pytest.MonkeyPatch, token: str | None, replies: list[Reply], wrong: int
) -> None:
    said = iter(replies)
    monkeypatch.setattr(gate_watch, "ask", lambda *_args: next(said))
    watch = GateWatch(cast(LocalStack, None), cast(Load, None))
    for _reply in replies:
        watch._ask(cast(GateClient, None), Acked(ACT, token, event_id(1).hex()))
    assert len(watch.wrong) == wrong
    watch.answers["200 deny"] += 1000
    if wrong:
        with pytest.raises(AssertionError):
            watch.verify()
    else:
        watch.verify()


def test_a_watch_that_saw_nothing_proves_nothing() -> None:
    watch = GateWatch(cast(LocalStack, None), cast(Load, None))
    with pytest.raises(AssertionError):
        watch.verify()
