"""Builders of facts and events for tests: each test names only what it is about."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from consentlog.domain.events import FOLDED_ACTIONS, ConsentEvent
from consentlog.domain.facts import Fact
from consentlog.domain.vocabulary import (
    Action,
    ActorType,
    Basis,
    Channel,
    HoldKind,
    Method,
    Precision,
    Purpose,
    SetBy,
)

NOON_MS = 1_763_784_000_000
"""2025-11-22T04:00:00Z, noon in Shanghai."""
MINUTE_MS = 60_000
DAY_MS = 86_400_000
NUMBER = "+8613800138000"

_BLANK = Fact(
    event_id=b"\x00" * 16,
    action=Action.REFUSED,
    basis=Basis.OBJECTION,
    entity="acme",
    brand=None,
    campaign=None,
    purpose=Purpose.MARKETING,
    channel=Channel.ALL,
    occurred_at_ms=NOON_MS,
    occurred_at_set_by=SetBy.SOURCE,
    precision=Precision.INSTANT,
    zone=None,
    clock_wrong=False,
    margin_ms=0,
    accepted_at_ms=NOON_MS,
    until_ms=None,
    target=None,
    hold_kind=HoldKind.UNKNOWN,
    source="desk",
    method=Method.SPOKEN,
    actor_id="agent-7",
    actor_type=ActorType.AGENT,
    actor_role="",
    has_evidence=True,
)


def event_id(n: int) -> bytes:
    """A readable id."""
    return n.to_bytes(16, "big")


def refused(n: int = 1, at_ms: int = NOON_MS, **fields: Any) -> Fact:
    """A refusal that was stated and accepted at `at_ms`."""
    return _BLANK._replace(
        event_id=event_id(n), **{"occurred_at_ms": at_ms, "accepted_at_ms": at_ms, **fields}
    )


def granted(n: int = 2, at_ms: int = NOON_MS, **fields: Any) -> Fact:
    """A valid grant by a logged-in user of the number."""
    return refused(
        n,
        at_ms,
        **{"action": Action.GRANTED, "basis": Basis.UNKNOWN, "method": Method.APP, **fields},
    )


def held(n: int = 3, at_ms: int = NOON_MS, **fields: Any) -> Fact:
    """A dispute hold."""
    return refused(
        n,
        at_ms,
        **{
            "action": Action.HELD,
            "basis": Basis.UNKNOWN,
            "hold_kind": HoldKind.DISPUTE,
            **fields,
        },
    )


def released(target: int, n: int = 4, at_ms: int = NOON_MS, **fields: Any) -> Fact:
    """A release of hold `target` by compliance staff."""
    return refused(
        n,
        at_ms,
        **{
            "action": Action.HOLD_RELEASED,
            "basis": Basis.UNKNOWN,
            "target": event_id(target),
            "actor_role": "compliance",
            **fields,
        },
    )


def ended(n: int = 5, at_ms: int = NOON_MS, **fields: Any) -> Fact:
    """An end of earlier consents, by staff."""
    return refused(
        n,
        at_ms,
        **{
            "action": Action.CONSENT_ENDED,
            "basis": Basis.UNKNOWN,
            "method": Method.UNKNOWN,
            "actor_id": "staff-1",
            "actor_type": ActorType.STAFF,
            **fields,
        },
    )


def corrected(target: int, n: int = 6, at_ms: int = NOON_MS, **fields: Any) -> Fact:
    """A correction of event `target`, by staff."""
    return ended(n, at_ms, **{"action": Action.CORRECTED, "target": event_id(target), **fields})


def approved(target: int, n: int = 7, at_ms: int = NOON_MS, **fields: Any) -> Fact:
    """An approval of event `target`, by somebody else with role compliance."""
    return ended(
        n,
        at_ms,
        **{
            "action": Action.APPROVED,
            "target": event_id(target),
            "actor_id": "staff-2",
            "actor_role": "compliance",
            **fields,
        },
    )


def event(fact: Fact, subject: str = NUMBER) -> ConsentEvent:
    """An event around a fact, with some evidence."""
    return ConsentEvent(subject, fact, NOON_MS, "", b"evidence")


_names = st.sampled_from(["acme", "beta", "*"])
_times = st.integers(NOON_MS - 3 * DAY_MS, NOON_MS + 3 * DAY_MS)


def facts(ids: int = 6) -> st.SearchStrategy[Fact]:
    """Sound facts with few ids, so that repeats, variants and conflicts are common."""
    return st.builds(
        Fact,
        event_id=st.integers(1, ids).map(event_id),
        action=st.sampled_from(sorted(FOLDED_ACTIONS)),
        basis=st.sampled_from(list(Basis)),
        entity=_names,
        brand=st.sampled_from([None, "life"]),
        campaign=st.sampled_from([None, "spring"]),
        purpose=st.sampled_from([Purpose.MARKETING, Purpose.SERVICE, Purpose.ALL]),
        channel=st.sampled_from([Channel.VOICE, Channel.SMS, Channel.ALL]),
        occurred_at_ms=st.none() | _times,
        occurred_at_set_by=st.sampled_from([SetBy.SOURCE, SetBy.GATEWAY]),
        precision=st.sampled_from([Precision.INSTANT, Precision.MINUTE, Precision.DAY]),
        zone=st.sampled_from([None, "Asia/Shanghai", "America/New_York", "No/Such"]),
        clock_wrong=st.booleans(),
        margin_ms=st.sampled_from([0, 5_000, 300_000]),
        accepted_at_ms=_times,
        until_ms=st.none() | _times,
        # A target is always named: what would be a defect in an event is kept out of histories.
        target=st.integers(1, ids).map(event_id),
        hold_kind=st.sampled_from([HoldKind.NOT_NOW, HoldKind.DISPUTE, HoldKind.UNDECODABLE]),
        source=st.sampled_from(["desk", "app"]),
        method=st.sampled_from(list(Method)),
        actor_id=st.sampled_from(["", "agent-7", "staff-1", "staff-2"]),
        actor_type=st.sampled_from(list(ActorType)),
        actor_role=st.sampled_from(["", "compliance"]),
        has_evidence=st.booleans(),
    )
