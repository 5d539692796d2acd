"""Decisions: what follows from each, and what is written of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from consentlog.domain.vocabulary import Action, Basis, Channel, Method, Purpose
from consentlog.kafka.topics import EVENTS
from consentlog.wire.evidence import decode_evidence
from consentlog.wire.reviews import ReviewAction, ReviewEvent, ReviewReason
from tests.support.decisions import LATER_MS, WHY, EndedLog, decide, events, held, shown, steps
from tests.support.gateway import NUMBER, Gateway, memory_gateway, message, refusal
from tests.support.histories import NOON_MS
from tests.support.reviews import record_of


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("world")


@pytest.fixture
def log() -> EndedLog:
    return EndedLog()


@pytest.fixture
def gateway(world: Path, log: EndedLog) -> Iterator[Gateway]:
    with memory_gateway(world, log, book=log.book) as found:
        yield found


def test_it_was_a_refusal(gateway: Gateway, log: EndedLog) -> None:
    review_id = held(gateway, evidence={"verbatim": "不要再打了"})
    gateway.clock.at_ms += LATER_MS
    answer = decide(gateway, review_id, "refused")
    assert answer.status_code == 202, answer.text
    hold, refused, released = (event.fact for event in events(log))
    assert [one["action"] for one in answer.json()["events"]] == ["refused", "hold_released"]
    assert [one["event_id"] for one in answer.json()["events"]] == [
        refused.event_id.hex(),
        released.event_id.hex(),
    ]
    assert (refused.action, refused.basis, refused.scope) == (
        Action.REFUSED,
        Basis.OBJECTION,
        # What could not be read may have been about service too.
        ("acme", None, None, Purpose.ALL, Channel.ALL),
    )
    assert (refused.method, refused.source, refused.actor_id) == (
        Method.SPOKEN,
        "compliance",
        "compliance-1",
    )
    assert (refused.occurred_at_ms, refused.accepted_at_ms) == (NOON_MS, NOON_MS + LATER_MS)
    assert (released.action, released.target, released.actor_role) == (
        Action.HOLD_RELEASED,
        hold.event_id,
        "compliance",
    )
    said, why = (decode_evidence(event.evidence) for event in events(log)[1:])
    assert "不要再打了" in (said.verbatim or "")
    assert why.verbatim == f"refused: {WHY}"
    assert said.source_ref == why.source_ref == f"review:{review_id}"


def test_that_it_was_decided_is_written_last_and_says_by_whom_and_when(
    gateway: Gateway, log: EndedLog
) -> None:
    review_id = held(gateway)
    answer = decide(gateway, review_id, "no_refusal", reason="spoke with 13800138000: legal-1")
    opened, decided = steps(log)
    assert decided == replace(
        opened,
        action=ReviewAction.DECIDED,
        payload=b"",
        detail="spoke with 138****8000: legal-1",
        decided_by="compliance-1",
        decision="no_refusal",
        decided_at_ms=NOON_MS,
    )
    told = answer.json()
    told.pop("events")
    assert shown(gateway, review_id) == told
    assert told == {
        "review_id": review_id,
        "state": "decided",
        "decision": "no_refusal",
        "decided_by": "compliance-1",
        "decided_at": "2025-11-22T04:00:00.000Z",
        "owner": "compliance",
    }


def test_it_was_none(gateway: Gateway, log: EndedLog) -> None:
    review_id = held(gateway)
    assert decide(gateway, review_id, "no_refusal").status_code == 202
    hold, released = (event.fact for event in events(log))
    assert (released.action, released.target) == (Action.HOLD_RELEASED, hold.event_id)


def test_nothing_can_be_done_with_it(gateway: Gateway, log: EndedLog) -> None:
    review_id = held(gateway)
    answer = decide(gateway, review_id, "dismissed")
    assert (answer.status_code, answer.json()["events"]) == (202, [])
    assert [event.fact.action for event in events(log)] == [Action.HELD]
    assert shown(gateway, review_id)["decision"] == "dismissed"


def test_the_person_refused_less_in_their_own_words(gateway: Gateway, log: EndedLog) -> None:
    scope = {"entity": "acme", "purpose": "marketing", "channel": "voice"}
    assert decide(gateway, held(gateway), "refused", number=NUMBER, scope=scope).status_code == 202
    refused = events(log)[1].fact
    assert (refused.purpose, refused.channel) == (Purpose.MARKETING, Channel.VOICE)


def test_a_number_that_could_not_be_read_is_read_by_a_person(
    gateway: Gateway, log: EndedLog
) -> None:
    review_id = gateway.post(refusal(number="1380013800x")).json()["review_id"]
    missing = decide(gateway, review_id, "refused")
    assert {one["pointer"] for one in missing.json()["errors"]} == {"/number", "/scope"}
    scope = {"entity": "acme", "channel": "voice"}
    answer = decide(gateway, review_id, "refused", number="138 0013 8000", region="CN", scope=scope)
    assert answer.status_code == 202, answer.text
    (event,) = events(log)
    assert (event.subject, event.fact.channel) == (NUMBER, Channel.VOICE)


def test_the_way_of_a_message_is_its_keyword(gateway: Gateway, log: EndedLog) -> None:
    gateway.sms(message("请回复TD退订是什么意思"))
    (case,) = steps(log)
    decide(gateway, case.review_id.hex(), "refused")
    assert events(log)[1].fact.method is Method.KEYWORD
    assert "请回复TD退订" in (decode_evidence(events(log)[1].evidence).verbatim or "")


def test_of_what_the_fold_could_not_read_it_was_a_complaint(
    gateway: Gateway, log: EndedLog
) -> None:
    case = ReviewEvent(
        b"\x09" * 16,
        ReviewReason.UNDECODABLE,
        NOON_MS,
        "fold",
        NUMBER,
        EVENTS.name,
        8,
        7,
        payload=b"\x00junk",
        event_id=b"\x09" * 16,
    )
    log.follows = False
    log.book.apply(record_of(case, 0))
    assert decide(gateway, "09" * 16, "refused").json()["errors"][0]["pointer"] == "/scope"
    answer = decide(gateway, "09" * 16, "refused", scope={"entity": "acme"})
    assert answer.status_code == 202, answer.text
    refused, released = (event.fact for event in events(log))
    assert (refused.method, released.target, released.entity) == (
        Method.COMPLAINT,
        b"\x09" * 16,
        "*",
    )


def test_a_case_of_an_older_version_is_told_its_hold(gateway: Gateway, log: EndedLog) -> None:
    case = ReviewEvent(
        b"\x08" * 16, ReviewReason.UNKNOWN_SCOPE, NOON_MS, "desk", NUMBER, payload=b"{}"
    )
    log.follows = False
    log.book.apply(record_of(case, 0))
    answer = decide(gateway, "08" * 16, "no_refusal", event_id="ab" * 16)
    assert answer.status_code == 202, answer.text
    (released,) = events(log)
    assert released.fact.target == b"\xab" * 16
