"""What a second person approves, and who that can be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from consentlog.domain.derive import derive
from consentlog.domain.state import EMPTY, evolve
from consentlog.domain.vocabulary import Action
from consentlog.kafka.topics import REVIEWS
from consentlog.wire.evidence import decode_evidence
from consentlog.wire.reviews import ReviewEvent, ReviewReason
from tests.support.decisions import SPOKEN, WHY, EndedLog, decide, events, shown, steps
from tests.support.gateway import Gateway, approved, corrected, memory_gateway
from tests.support.histories import NOON_MS
from tests.support.reviews import record_of
from tests.support.takeovers import manifest, row


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


WAITING = [("desk", SPOKEN), ("care", corrected())]


@pytest.mark.parametrize(("source", "act"), WAITING, ids=["spoken grant", "correction"])
def test_a_second_person_approves(
    gateway: Gateway, log: EndedLog, source: str, act: dict[str, Any]
) -> None:
    asked = gateway.post(act, source).json()
    answer = decide(gateway, asked["review_id"], "approved")
    assert answer.status_code == 202, answer.text
    approved = events(log)[-1].fact
    assert (approved.action, approved.target.hex() if approved.target else None) == (
        Action.APPROVED,
        asked["event_id"],
    )
    assert (approved.entity, approved.actor_role) == ("acme", "compliance")
    assert decode_evidence(events(log)[-1].evidence).verbatim == f"approved: {WHY}"


def test_an_approval_through_a_case_counts(gateway: Gateway, log: EndedLog) -> None:
    """Whether it does is the fold's to say; here the fold is asked."""
    asked = gateway.post(SPOKEN).json()
    assert not opens(log)
    decide(gateway, asked["review_id"], "approved")
    assert opens(log)


def opens(log: EndedLog) -> bool:
    state = EMPTY
    for event in events(log):
        state = evolve(state, event.fact)
    return bool(derive(state.facts).grants)


def test_a_second_person_does_not_approve(gateway: Gateway, log: EndedLog) -> None:
    review_id = gateway.post(SPOKEN).json()["review_id"]
    assert decide(gateway, review_id, "declined").status_code == 202
    assert [event.fact.action for event in events(log)] == [Action.GRANTED]


def takeover(log: EndedLog, **fields: Any) -> str:
    """A manifest of documented consents that waits."""
    case = ReviewEvent(
        b"\x07" * 16, ReviewReason.TAKEOVER, NOON_MS, "takeover", entity="acme", **fields
    )
    log.book.apply(record_of(case, log.book.next_offset))
    return case.review_id.hex()


def test_a_manifest_is_approved_by_its_record_alone(gateway: Gateway, log: EndedLog) -> None:
    log.follows = False
    review_id = takeover(log)
    assert decide(gateway, review_id, "approved").json()["events"] == []
    assert not events(log)
    (step,) = steps(log)
    assert (step.decision, step.reason) == ("approved", ReviewReason.TAKEOVER)


@pytest.mark.parametrize("more", ["grants:write", "corrections:write", "grants:backfill"])
def test_who_could_have_stated_it_approves_nothing(
    gateway: Gateway, log: EndedLog, more: str
) -> None:
    key = gateway.reference.registry.keys["compliance-1"]
    object.__setattr__(key, "scopes", key.scopes | {more})
    answer = decide(gateway, takeover(log), "approved")
    assert (answer.status_code, answer.json()["code"]) == (403, "CL-1106")
    assert not steps(log)


@pytest.mark.parametrize("reason", ["takeover", "spoken"])
def test_nobody_approves_what_they_stated(gateway: Gateway, log: EndedLog, reason: str) -> None:
    actor = {"id": "compliance-1", "type": "staff"}
    if reason == "spoken":
        review_id = gateway.post({**SPOKEN, "actor": actor}).json()["review_id"]
    else:
        review_id = takeover(log, payload=b'{"actor": {"id": "compliance-1"}}')
    count = len(log.records(REVIEWS.name))
    answer = decide(gateway, review_id, "approved")
    assert (answer.status_code, answer.json()["code"]) == (403, "CL-1805")
    assert len(log.records(REVIEWS.name)) == count
    assert decide(gateway, review_id, "declined").status_code == 202


def becomes_compliance(gateway: Gateway, source: str) -> None:
    """Give the key of a source what compliance may do, and nothing else."""
    keys = gateway.reference.registry.keys
    object.__setattr__(keys[f"{source}-1"], "scopes", keys["compliance-1"].scopes)


@pytest.mark.parametrize(("source", "act"), WAITING, ids=["spoken grant", "correction"])
def test_a_key_that_stated_it_for_others_approves_nothing_once_its_scopes_are_others(
    gateway: Gateway, log: EndedLog, source: str, act: dict[str, Any]
) -> None:
    """The actor is the caller's word; the key is known."""
    asked = gateway.post(act, source).json()
    count = len(events(log)), len(steps(log))
    becomes_compliance(gateway, source)
    answer = decide(gateway, asked["review_id"], "approved", source)
    assert (answer.status_code, answer.json()["code"]) == (403, "CL-1805")
    assert (len(events(log)), len(steps(log))) == count
    assert decide(gateway, asked["review_id"], "approved").status_code == 202


def test_who_proposed_a_list_approves_it_never(gateway: Gateway, log: EndedLog) -> None:
    headers = {"x-api-key": gateway.keys["takeover"]}
    asked = gateway.client.post("/v1/takeovers", json=manifest([row()]), headers=headers).json()
    becomes_compliance(gateway, "takeover")
    answer = decide(gateway, asked["takeover_id"], "approved", "takeover")
    assert (answer.status_code, answer.json()["code"]) == (403, "CL-1805")
    assert len(steps(log)) == 1
    assert decide(gateway, asked["takeover_id"], "approved").status_code == 202


def test_approved_past_its_case_it_counts_and_the_case_stays_for_somebody_to_close(
    gateway: Gateway, log: EndedLog
) -> None:
    asked = gateway.post(SPOKEN).json()
    gateway.post(approved(asked["event_id"]), "compliance")
    assert opens(log)
    assert shown(gateway, asked["review_id"])["state"] == "open"
    assert decide(gateway, asked["review_id"], "declined").status_code == 202
    assert opens(log)


def test_an_approval_needs_its_own_right(gateway: Gateway, log: EndedLog) -> None:
    asked = gateway.post(SPOKEN).json()
    key = gateway.reference.registry.keys["compliance-1"]
    object.__setattr__(key, "scopes", key.scopes - {"approvals:write"})
    for review_id in (asked["review_id"], takeover(log)):
        answer = decide(gateway, review_id, "approved")
        assert (answer.status_code, answer.json()["code"]) == (403, "CL-1103")


@pytest.mark.parametrize("decision", ["refused", "no_refusal", "dismissed"])
def test_what_waits_for_approval_is_no_refusal(
    gateway: Gateway, log: EndedLog, decision: str
) -> None:
    review_id = gateway.post(SPOKEN).json()["review_id"]
    answer = decide(gateway, review_id, decision)
    assert (answer.status_code, answer.json()["code"]) == (422, "CL-1804")
    assert "approved, declined" in answer.json()["do"]
    assert len(events(log)) == 1
