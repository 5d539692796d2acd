"""Decisions: what follows from each, once however often it is sent, and first what follows."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from consentlog.domain.events import ConsentEvent
from consentlog.domain.facts import Fact
from consentlog.domain.state import EMPTY, evolve
from consentlog.domain.vocabulary import Action, Basis, Channel, Method, Purpose
from consentlog.errors import TransientError
from consentlog.http.auth import Principal
from consentlog.kafka.topics import EVENTS, REVIEWS
from consentlog.ports import Delivered, NewRecord
from consentlog.wire.events import decode_event
from consentlog.wire.evidence import decode_evidence
from consentlog.wire.reviews import ReviewAction, ReviewEvent, ReviewReason, decode_review
from producers.accept import Acceptor
from producers.intake import Intake
from producers.reviews.decide import Reviews
from producers.reviews.shapes import DecisionIn
from tests.support.gateway import (
    NUMBER,
    Gateway,
    corrected,
    grant,
    memory_gateway,
    message,
    refusal,
)
from tests.support.histories import NOON_MS
from tests.support.reviews import FollowedLog, record_of

UNKNOWN = {"entity": "acme", "campaign": "nobody-knows"}
SPOKEN = grant(method="spoken", evidence={"recording_sha256": "cd" * 32})
WHY = "heard the recording again: legal-1"
LATER_MS = 3_600_000


class EndedLog(FollowedLog):
    """A log whose process may be killed before a record of a topic is taken."""

    killed_at: str | None = None

    async def append_all(
        self, topic: str, records: Sequence[NewRecord], within_s: float | None = None
    ) -> list[Delivered]:
        if topic == self.killed_at and records:
            raise TransientError("CL-1402", reason="killed")
        return await super().append_all(topic, records, within_s)


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


def events(log: FollowedLog) -> list[ConsentEvent]:
    return [decode_event(record.value) for record in log.records(EVENTS.name)]


def steps(log: FollowedLog) -> list[ReviewEvent]:
    return [decode_review(record.value) for record in log.records(REVIEWS.name)]


def held(gateway: Gateway, **fields: Any) -> str:
    """A refusal of a campaign that nobody knows: a hold, and its case."""
    return str(gateway.post(refusal(scope=UNKNOWN, **fields)).json()["review_id"])


def decide(
    gateway: Gateway, review_id: str, decision: str, source: str = "compliance", **more: Any
) -> httpx2.Response:
    body = {"decision": decision, "reason": WHY, **more}
    headers = {"x-api-key": gateway.keys[source]}
    return gateway.client.post(f"/v1/reviews/{review_id}/decisions", json=body, headers=headers)


def shown(gateway: Gateway, review_id: str) -> dict[str, Any]:
    headers = {"x-api-key": gateway.keys["compliance"]}
    found: dict[str, Any] = gateway.client.get(f"/v1/reviews/{review_id}", headers=headers).json()
    return found


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
    from consentlog.domain.derive import derive

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


@pytest.mark.parametrize(
    "lost", ["holds:release", "role:compliance", "events:write", "reviews:decide", "reviews:read"]
)
def test_each_act_needs_what_it_always_needs(gateway: Gateway, log: EndedLog, lost: str) -> None:
    review_id = held(gateway)
    key = gateway.reference.registry.keys["compliance-1"]
    object.__setattr__(key, "scopes", key.scopes - {lost})
    answer = decide(gateway, review_id, "refused")
    assert (answer.status_code, answer.json()["code"]) == (403, "CL-1103")
    assert (len(events(log)), len(steps(log))) == (1, 1)


def test_an_approval_needs_its_own_right(gateway: Gateway, log: EndedLog) -> None:
    asked = gateway.post(SPOKEN).json()
    key = gateway.reference.registry.keys["compliance-1"]
    object.__setattr__(key, "scopes", key.scopes - {"approvals:write"})
    for review_id in (asked["review_id"], takeover(log)):
        answer = decide(gateway, review_id, "approved")
        assert (answer.status_code, answer.json()["code"]) == (403, "CL-1103")


@pytest.mark.parametrize("decision", ["refused", "no_refusal"])
@pytest.mark.parametrize("killed_at", [EVENTS.name, REVIEWS.name])
def test_killed_in_between_the_case_is_open_and_the_same_decision_is_the_same_acts(
    gateway: Gateway, log: EndedLog, killed_at: str, decision: str
) -> None:
    review_id = held(gateway)
    log.killed_at = killed_at
    assert decide(gateway, review_id, decision).status_code == 503
    assert shown(gateway, review_id)["state"] == "open"
    before = [event.fact.event_id for event in events(log)]
    log.killed_at = None
    gateway.clock.at_ms += LATER_MS
    assert decide(gateway, review_id, decision).status_code == 202
    after = [event.fact.event_id for event in events(log)]
    acts = 2 if decision == "refused" else 1
    assert len(set(after)) == 1 + acts
    assert after[: len(before)] == before
    states = [fold([event.fact for event in events(log)][:n]) for n in (1 + acts, len(after))]
    assert states[0] == states[1]


def fold(facts: Sequence[Fact]) -> object:
    state = EMPTY
    for fact in facts:
        state = evolve(state, fact)
    return state


def test_the_refusal_is_durable_before_the_hold_ends(gateway: Gateway, log: EndedLog) -> None:
    """Between the two the number is blocked twice, and never not at all."""
    review_id = held(gateway)
    decide(gateway, review_id, "refused")
    assert [event.fact.action for event in events(log)] == [
        Action.HELD,
        Action.REFUSED,
        Action.HOLD_RELEASED,
    ]


def test_decided_once_is_decided(gateway: Gateway, log: EndedLog) -> None:
    review_id = held(gateway)
    decide(gateway, review_id, "no_refusal")
    count = (len(events(log)), len(steps(log)))
    for again in ("no_refusal", "refused", "approved"):
        answer = decide(gateway, review_id, again)
        assert (answer.status_code, answer.json()["code"]) == (409, "CL-1803")
        assert answer.json()["decision"] == "no_refusal"
        assert answer.json()["decided_by"] == "compliance-1"
        assert answer.json()["decided_at"] == "2025-11-22T04:00:00.000Z"
        assert "retry-after" not in answer.headers
    owner = gateway.client.post(
        f"/v1/reviews/{review_id}/owner",
        json={"owner": "legal-1"},
        headers={"x-api-key": gateway.keys["compliance"]},
    )
    assert owner.status_code == 409
    assert (len(events(log)), len(steps(log))) == count


def test_decided_while_kafka_is_away_it_is_decided_too(gateway: Gateway, log: EndedLog) -> None:
    review_id = held(gateway)
    log.is_down = True
    answer = decide(gateway, review_id, "no_refusal").json()
    assert answer["events"][0]["durability"] == "spooled"
    assert decide(gateway, review_id, "refused").status_code == 409
    assert shown(gateway, review_id)["state"] == "decided"
    headers = {"x-api-key": gateway.keys["compliance"]}
    assert gateway.client.get("/v1/reviews", headers=headers).json() == {"reviews": []}


def test_the_answer_waits_until_the_decision_can_be_read(
    gateway: Gateway, log: EndedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[tuple[int, float]] = []

    async def applied(offset: int, within_s: float) -> bool:
        waited.append((offset, within_s))
        log.follow()
        return True

    review_id = held(gateway)
    log.follows = False
    monkeypatch.setattr(log.book, "applied", applied)
    decide(gateway, review_id, "no_refusal")
    assert waited == [(1, 2.0)]
    assert shown(gateway, review_id)["state"] == "decided"


def test_a_follower_that_is_behind_does_not_let_it_be_decided_twice(
    gateway: Gateway, log: EndedLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(_offset: int, _within_s: float) -> bool:
        return False

    review_id = held(gateway)
    log.follows = False
    monkeypatch.setattr(log.book, "applied", never)
    assert decide(gateway, review_id, "no_refusal").status_code == 202
    assert decide(gateway, review_id, "refused").status_code == 409
    log.follow()
    assert decide(gateway, review_id, "refused").json()["decision"] == "no_refusal"


def test_the_person_refused_less_in_their_own_words(gateway: Gateway, log: EndedLog) -> None:
    scope = {"entity": "acme", "purpose": "marketing", "channel": "voice"}
    assert decide(gateway, held(gateway), "refused", number=NUMBER, scope=scope).status_code == 202
    refused = events(log)[1].fact
    assert (refused.purpose, refused.channel) == (Purpose.MARKETING, Channel.VOICE)


def test_another_act_of_a_ticket_is_a_hold_of_its_own(gateway: Gateway, log: EndedLog) -> None:
    """The release of the first must not silently end the second."""
    first = held(gateway, source_ref="T-100")
    assert decide(gateway, first, "no_refusal").status_code == 202
    typo = {"entity": "acme", "campaign": "another-name"}
    again = gateway.post(refusal(source_ref="T-100", scope=typo)).json()
    assert again["review_id"] != first
    assert shown(gateway, again["review_id"])["state"] == "open"
    same = gateway.post(refusal(source_ref="T-100", scope=typo)).json()
    assert same["review_id"] == again["review_id"]
    ids = [event.fact.event_id for event in events(log) if event.fact.action is Action.HELD]
    assert len(ids) == 3
    assert len(set(ids)) == 2


def test_a_row_that_says_something_else_is_a_hold_of_its_own(gateway: Gateway) -> None:
    def unclear(words: str) -> str:
        item = refusal(
            action="held",
            hold_kind="unclear",
            method="import",
            nonce="weekly",
            evidence={"verbatim": words},
        )
        return str(gateway.post(item).json()["event_id"])

    assert unclear("X") == unclear("X")
    assert unclear("X") != unclear("Y")


MISFITS: list[tuple[str, dict[str, Any], str, str]] = [
    ("approved", {}, "CL-1804", "refused, no_refusal, dismissed"),
    ("declined", {}, "CL-1804", "refused, no_refusal, dismissed"),
    ("maybe", {}, "CL-1001", "/decision"),
    ("no_refusal", {"reason": "  "}, "CL-1001", "/reason"),
    ("no_refusal", {"reason": ""}, "CL-1001", "/reason"),
    ("no_refusal", {"number": NUMBER}, "CL-1001", "/number"),
    ("dismissed", {"scope": {"entity": "acme"}}, "CL-1001", "/scope"),
    ("dismissed", {"event_id": "ab" * 16}, "CL-1001", "/event_id"),
    ("refused", {"event_id": "ab" * 16}, "CL-1001", "/event_id"),
    ("refused", {"number": "62345678"}, "CL-1001", "/number"),
    ("refused", {"number": "+8613900139999"}, "CL-1001", "/number"),
    ("refused", {"scope": {"entity": "beta"}}, "CL-1001", "/scope/entity"),
    ("refused", {"scope": {"entity": "acme", "campaign": "nope"}}, "CL-1204", "nope"),
    ("refused", {"colour": "red"}, "CL-1001", "/colour"),
]


@pytest.mark.parametrize(
    ("decision", "more", "code", "told"), MISFITS, ids=[f"{m[0]} {m[1]}" for m in MISFITS]
)
def test_what_does_not_fit_changes_nothing(
    gateway: Gateway, log: EndedLog, decision: str, more: dict[str, Any], code: str, told: str
) -> None:
    review_id = held(gateway)
    answer = decide(gateway, review_id, decision, **more)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert told in answer.text
    assert (len(events(log)), len(steps(log))) == (1, 1)
    assert shown(gateway, review_id)["state"] == "open"


@pytest.mark.parametrize("decision", ["refused", "no_refusal", "dismissed"])
def test_what_waits_for_approval_is_no_refusal(
    gateway: Gateway, log: EndedLog, decision: str
) -> None:
    review_id = gateway.post(SPOKEN).json()["review_id"]
    answer = decide(gateway, review_id, decision)
    assert (answer.status_code, answer.json()["code"]) == (422, "CL-1804")
    assert "approved, declined" in answer.json()["do"]
    assert len(events(log)) == 1


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


def test_two_at_once_are_one_decision(gateway: Gateway, log: EndedLog) -> None:
    """As a page and the HTTP interface would, by the same service."""
    review_id = bytes.fromhex(held(gateway))
    reference = gateway.reference
    acceptor = Acceptor(
        reference.registry, reference.policy, reference.secrets.id_key, gateway.clock
    )
    service = Reviews(reference.registry, log.book, acceptor, Intake(log), log, gateway.clock)
    key = reference.registry.keys["compliance-1"]
    principal = Principal(key.id, reference.registry.sources[key.source], key.scopes)

    async def both() -> list[object]:
        asked = [DecisionIn(decision=name, reason=WHY) for name in ("refused", "no_refusal")]
        calls = (service.decide(principal, review_id, one) for one in asked)
        return [type(one).__name__ for one in await asyncio.gather(*calls, return_exceptions=True)]

    assert asyncio.run(both()) == ["Done", "RequestRefused"]
    assert [event.fact.action for event in events(log)][1:] == [
        Action.REFUSED,
        Action.HOLD_RELEASED,
    ]
