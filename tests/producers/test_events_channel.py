"""`POST /v1/consent-events`: what is recorded, under which id, and what is answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from consentlog.domain.vocabulary import (
    Action,
    Basis,
    Channel,
    HoldKind,
    Method,
    Precision,
    Purpose,
    SetBy,
)
from consentlog.kafka.partition import partition_of
from consentlog.kafka.topics import EVENTS, PARTITIONS, REVIEWS
from consentlog.wire.evidence import decode_evidence
from consentlog.wire.reviews import ReviewReason
from tests.support.gateway import NUMBER, Gateway, grant, memory_gateway, refusal
from tests.support.histories import NOON_MS


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with memory_gateway(tmp_path) as found:
        yield found


def test_a_refusal_is_recorded_with_its_clocks_and_scope(gateway: Gateway) -> None:
    answer = gateway.post(refusal(basis="withdrawal", recorded_at="2025-11-22T04:00:00Z"))
    assert answer.status_code == 202
    event = gateway.event
    assert event.subject == NUMBER
    fact = event.fact
    assert answer.json() == {
        "status": "accepted",
        "event_id": fact.event_id.hex(),
        "token": f"{partition_of(NUMBER.encode(), PARTITIONS)}:0",
    }
    assert fact.scope == ("acme", None, None, Purpose.MARKETING, Channel.ALL)
    assert (fact.action, fact.basis, fact.method) == (
        Action.REFUSED,
        Basis.WITHDRAWAL,
        Method.SPOKEN,
    )
    assert fact.occurred_at_ms == NOON_MS - 60_000
    assert (fact.occurred_at_set_by, fact.precision) == (SetBy.SOURCE, Precision.INSTANT)
    assert event.recorded_at_ms == NOON_MS
    assert fact.accepted_at_ms == NOON_MS
    assert (fact.margin_ms, fact.source, fact.clock_wrong) == (300_000, "desk", False)


def test_evidence_is_kept_with_the_number_as_it_was_written(gateway: Gateway) -> None:
    given = {"verbatim": "别再打了", "recording_sha256": "ab" * 32, "recording_offset_ms": 1500}
    actor = {"id": "agent-7", "type": "agent", "role": "agent", "org": "Vendor Ltd"}
    gateway.post(refusal(number="138 0013 8000", evidence=given, actor=actor))
    evidence = decode_evidence(gateway.event.evidence)
    assert evidence.verbatim == "别再打了"
    assert evidence.recording_sha256 == b"\xab" * 32
    assert evidence.raw_number == "138 0013 8000"
    assert (evidence.actor_org, evidence.source_ref) == ("Vendor Ltd", "call-1")
    assert gateway.event.fact.has_evidence
    assert gateway.event.fact.actor_role == "agent"


def test_headers_say_what_the_event_is(gateway: Gateway) -> None:
    trace = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-01"
    gateway.post(refusal(), traceparent=trace)
    (record,) = gateway.log.records(EVENTS.name)
    headers = dict(record.headers)
    assert headers["ce_id"] == gateway.event.fact.event_id.hex().encode()
    assert headers["traceparent"] == trace.encode()
    gateway.post(refusal(), traceparent="13800138000")
    assert "traceparent" not in dict(gateway.log.records(EVENTS.name)[1].headers)


def test_a_list_answers_per_item(gateway: Gateway) -> None:
    answer = gateway.post([refusal(), refusal(number="110"), refusal(colour="red"), grant()])
    assert answer.status_code == 207
    results = answer.json()["results"]
    assert [result["index"] for result in results] == [0, 1, 2, 3]
    assert [result["status"] for result in results] == [
        "accepted",
        "rejected",
        "rejected",
        "accepted",
    ]
    assert results[1]["problem"]["code"] == "CL-1203"
    assert results[1]["review_id"] == gateway.reviews[0].review_id.hex()
    assert results[2]["problem"]["errors"][0]["pointer"] == "/colour"
    assert len(gateway.events) == 2


def test_a_list_of_which_all_is_accepted_is_a_202(gateway: Gateway) -> None:
    answer = gateway.post([refusal(source_ref=f"call-{n}") for n in range(1000)])
    assert answer.status_code == 202
    tokens = {result["token"] for result in answer.json()["results"]}
    assert len(tokens) == len(gateway.events) == 1000


def test_a_number_that_cannot_be_read_opens_a_review(gateway: Gateway) -> None:
    answer = gateway.post(refusal(number="138****8000"))
    assert answer.status_code == 422
    (review,) = gateway.reviews
    assert answer.json()["code"] == "CL-1203"
    assert answer.json()["review_id"] == review.review_id.hex()
    assert review.reason is ReviewReason.NUMBER_NOT_VALID
    assert b"138****8000" in review.payload
    assert not gateway.events
    again = gateway.post(refusal(number="138****8000"))
    assert again.json()["review_id"] == review.review_id.hex()


def test_a_refusal_with_an_unknown_name_becomes_a_hold_on_everything(gateway: Gateway) -> None:
    for scope in ({"entity": "gamma"}, {"entity": "acme", "campaign": "lost"}):
        answer = gateway.post(refusal(scope=scope, until=None))
        assert answer.status_code == 202
        assert answer.json()["held"] is True
    (first, second) = (event.fact for event in gateway.events)
    assert first.scope == ("*", None, None, Purpose.MARKETING, Channel.ALL)
    assert second.scope == ("*", None, None, Purpose.ALL, Channel.ALL)
    assert {first.action, second.action} == {Action.HELD}
    assert first.hold_kind is HoldKind.UNCLEAR
    assert [review.reason for review in gateway.reviews] == [ReviewReason.UNKNOWN_SCOPE] * 2
    assert gateway.reviews[0].subject == NUMBER


def test_a_grant_with_an_unknown_name_is_refused_with_a_review(gateway: Gateway) -> None:
    answer = gateway.post(grant(scope={"entity": "gamma"}))
    assert (answer.status_code, answer.json()["code"]) == (422, "CL-1204")
    assert answer.json()["review_id"] == gateway.reviews[0].review_id.hex()
    assert not gateway.events


def test_refusing_service_is_refusing_everything(gateway: Gateway) -> None:
    gateway.post(refusal(scope={"entity": "acme", "purpose": "service"}))
    gateway.post(refusal(scope={"entity": "acme", "campaign": "acme-claims"}))
    assert {event.fact.purpose for event in gateway.events} == {Purpose.ALL}


def test_a_grant_takes_the_purpose_of_its_campaign(gateway: Gateway) -> None:
    gateway.post(grant(scope={"entity": "acme", "campaign": "acme-claims"}))
    assert gateway.event.fact.purpose is Purpose.SERVICE


def test_a_day_is_the_sources_own_day(gateway: Gateway) -> None:
    gateway.post(refusal(occurred_at="2025-11-20", precision="day"))
    fact = gateway.event.fact
    assert fact.occurred_at_ms == 1_763_568_000_000  # 2025-11-20T00:00 in Shanghai
    assert (fact.precision, fact.zone) == (Precision.DAY, "Asia/Shanghai")


def test_a_naive_time_is_in_the_sources_zone(gateway: Gateway) -> None:
    gateway.post(refusal(occurred_at="2025-11-22T11:59:00"))
    gateway.post(refusal(occurred_at="2025-11-22T03:59:00", zone="UTC"))
    assert {event.fact.occurred_at_ms for event in gateway.events} == {NOON_MS - 60_000}


def test_a_refusal_without_a_time_stays_without_one(gateway: Gateway) -> None:
    gateway.post(refusal(occurred_at=None))
    assert gateway.event.fact.occurred_at_ms is None


def test_a_refusal_from_the_future_is_kept_and_flagged(gateway: Gateway) -> None:
    late = "2025-11-22T12:05:01+08:00"
    answer = gateway.post(refusal(occurred_at=late))
    assert answer.json()["clock_wrong"] is True
    assert gateway.event.fact.clock_wrong
    answer = gateway.post(refusal(occurred_at="2025-11-22T12:05:00+08:00", source_ref="call-2"))
    assert "clock_wrong" not in answer.json()


def test_a_grant_from_the_future_goes_to_review(gateway: Gateway) -> None:
    answer = gateway.post(grant(occurred_at="2025-11-22T12:05:01+08:00"))
    assert (answer.status_code, answer.json()["code"]) == (422, "CL-1207")
    assert answer.json()["review_id"]
    assert not gateway.events


def test_a_release_needs_the_role_and_takes_it_from_the_key(gateway: Gateway) -> None:
    release = refusal(
        action="hold_released",
        target="ab" * 16,
        actor={"id": "c-1", "type": "staff"},
        evidence={"verbatim": "no refusal was meant: says legal-1"},
    )
    assert gateway.post(release).json()["code"] == "CL-1103"
    answer = gateway.post(release, "compliance")
    assert answer.status_code == 202
    assert gateway.event.fact.actor_role == "compliance"
    assert gateway.event.fact.target == b"\xab" * 16


def test_a_key_speaks_only_for_its_own_entities(gateway: Gateway) -> None:
    source = gateway.reference.registry.sources["desk"]
    object.__setattr__(source, "entities", frozenset({"acme"}))
    answer = gateway.post(refusal(scope={"entity": "beta"}))
    assert (answer.status_code, answer.json()["code"]) == (403, "CL-1104")
    assert gateway.reviews[0].reason is ReviewReason.NOT_AUTHENTICATED
    assert not gateway.events


def test_while_the_log_is_away_an_act_is_spooled_and_has_no_token(gateway: Gateway) -> None:
    gateway.log.is_down = True
    answer = gateway.post(refusal())
    assert answer.status_code == 202
    assert answer.json().keys() == {"status", "event_id", "durability"}
    assert answer.json()["durability"] == "spooled"
    many = gateway.post([refusal(), refusal(number="110")])
    assert many.status_code == 207
    assert many.json()["results"][0]["durability"] == "spooled"
    assert many.json()["results"][1]["review_id"]
    assert [record.topic for record in gateway.log.spooled].count(REVIEWS.name) == 1
    gateway.log.is_down = False
    assert gateway.post(refusal()).json()["token"]


def test_a_spool_that_is_full_is_a_503_and_never_a_2xx(gateway: Gateway) -> None:
    gateway.log.is_full = True
    for body in (refusal(), refusal(number="110"), [refusal(), refusal()]):
        answer = gateway.post(body)
        assert (answer.status_code, answer.json()["code"]) == (503, "CL-1401")
        assert answer.headers["retry-after"]
    assert gateway.is_untouched


def test_the_interface_is_described(gateway: Gateway) -> None:
    described = gateway.client.get("/openapi.json").json()
    post = described["paths"]["/v1/consent-events"]["post"]
    one = post["requestBody"]["content"]["application/json"]["schema"]["oneOf"][0]
    assert set(one["required"]) == {"number", "action", "scope", "actor"}
    assert one["properties"]["scope"]["properties"]["entity"]["type"] == "string"


def test_what_was_accepted_is_counted_without_a_number(gateway: Gateway) -> None:
    gateway.post(refusal())
    metrics = gateway.client.get("/metrics").text
    assert 'consentlog_gateway_events_total{action="refused",source="desk"}' in metrics
    assert "13800138000" not in metrics
