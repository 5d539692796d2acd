"""Documented consents come one by one, from exactly the list that a second person approved."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from consentlog.domain.vocabulary import Action, ActorType, Channel, Method, Precision, Purpose
from consentlog.wire.evidence import decode_evidence
from consentlog.wire.reviews import ReviewReason
from producers.limits import LimitSettings
from producers.reviews.book import ReviewBook
from producers.takeovers.manifest import Manifest, digest_of
from producers.takeovers.row import TakeoverRow
from tests.support.gateway import NUMBER, Gateway, memory_gateway
from tests.support.reviews import FollowedLog
from tests.support.takeovers import manifest, row

_DAY: Final = "2024-05-01"
_SECOND: Final = {"decision": "approved", "reason": "compared with the paper forms: legal-1"}


@contextmanager
def _world(directory: Path, **options: Any) -> Iterator[Gateway]:
    log = FollowedLog()
    with memory_gateway(directory, log, book=log.book, **options) as gateway:
        gateway.log = log
        yield gateway


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with _world(tmp_path) as found:
        yield found


def ask(gateway: Gateway, path: str, body: Any, source: str = "takeover", **headers: str) -> Any:
    key = {"x-api-key": gateway.keys[source], **headers}
    return gateway.client.post(path, json=body, headers=key)


def propose(gateway: Gateway, body: dict[str, Any], source: str = "takeover") -> Any:
    return ask(gateway, "/v1/takeovers", body, source)


def approve(gateway: Gateway, takeover_id: str, source: str = "compliance", **fields: str) -> Any:
    return ask(gateway, f"/v1/reviews/{takeover_id}/decisions", {**_SECOND, **fields}, source)


def send(gateway: Gateway, of: dict[str, Any], rows: list[Any], batch: int = 0, **more: Any) -> Any:
    """Send rows of a list that was proposed, under its own id or another."""
    takeover_id = more.pop("takeover_id", None) or propose(gateway, of).json()["takeover_id"]
    body = {"manifest": of, "batch": batch, "rows": rows}
    return ask(gateway, f"/v1/takeovers/{takeover_id}/events", body, **more)


def taken(gateway: Gateway, *rows: dict[str, Any], **fields: Any) -> list[dict[str, Any]]:
    """Propose, approve and send rows; returns the result of each."""
    of = manifest(list(rows), **fields)
    assert approve(gateway, propose(gateway, of).json()["takeover_id"]).status_code == 202
    answer = send(gateway, of, list(rows))
    assert answer.status_code in (202, 207), answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def code_of(result: dict[str, Any]) -> str:
    return str(result["problem"]["code"])


def test_a_list_waits_for_a_second_person(gateway: Gateway) -> None:
    of = manifest([row()])
    first = propose(gateway, of)
    (case,) = gateway.reviews
    assert first.status_code == 202
    assert first.json() == {"takeover_id": case.review_id.hex(), "status": "waiting"}
    assert (case.reason, case.entity, case.subject) == (ReviewReason.TAKEOVER, "acme", None)
    assert json.loads(case.payload) == of
    assert "takeover-1" in case.detail
    assert propose(gateway, dict(reversed(of.items()))).json() == first.json()
    assert len(gateway.reviews) == 1
    refused = send(gateway, of, [row()])
    assert (refused.status_code, refused.json()["code"]) == (409, "CL-1903")
    assert case.review_id.hex() in refused.json()["do"]
    assert gateway.events == []


def test_approved_by_another_each_row_is_a_consent_with_its_proof(gateway: Gateway) -> None:
    (result,) = taken(gateway, row(until="2099-01-01T00:00:00Z", verbatim="同意接收短信"))
    event = gateway.event
    fact, evidence = event.fact, decode_evidence(event.evidence)
    assert (result["status"], result["event_id"]) == ("accepted", fact.event_id.hex())
    assert (event.subject, fact.action, fact.method) == (NUMBER, Action.GRANTED, Method.WEB)
    assert (fact.entity, fact.purpose, fact.channel) == ("acme", Purpose.MARKETING, Channel.SMS)
    assert (fact.occurred_at_ms, fact.until_ms) == (1_714_528_800_000, 4_070_908_800_000)
    assert (fact.source, fact.actor_id, fact.actor_type) == (
        "takeover",
        "takeover",
        ActorType.SYSTEM,
    )
    assert (evidence.data_source, evidence.source_ref) == ("crm-2024", "crm-1")
    assert (evidence.consent_text_version, evidence.verbatim) == ("privacy-7", "同意接收短信")
    takeover_id = gateway.reviews[0].review_id.hex()
    assert evidence.source_system == f"takeover {takeover_id}, approved by compliance-1"


def test_sent_again_the_rows_are_the_same_acts(gateway: Gateway) -> None:
    first = [result["event_id"] for result in taken(gateway, row(), row(evidence_ref="crm-2"))]
    gateway.clock.at_ms += 3_600_000
    again = [result["event_id"] for result in taken_again(gateway)]
    assert again == first
    assert len(set(first)) == 2


def taken_again(gateway: Gateway) -> list[dict[str, Any]]:
    rows = [row(), row(evidence_ref="crm-2")]
    results: list[dict[str, Any]] = send(gateway, manifest(rows), rows).json()["results"]
    return results


def test_how_a_list_stands_is_told_to_its_own_source(gateway: Gateway) -> None:
    takeover_id = propose(gateway, manifest([row()])).json()["takeover_id"]
    key = {"x-api-key": gateway.keys["takeover"]}
    path = f"/v1/takeovers/{takeover_id}"
    assert gateway.client.get(path, headers=key).json()["status"] == "waiting"
    approve(gateway, takeover_id)
    found = gateway.client.get(path, headers=key).json()
    assert (found["status"], found["decided_by"]) == ("approved", "compliance-1")
    assert found["decided_at"].endswith("Z")
    assert propose(gateway, manifest([row()])).json() == found
    unknown = gateway.client.get(f"/v1/takeovers/{'0' * 32}", headers=key)
    assert (unknown.status_code, unknown.json()["code"]) == (404, "CL-1902")


def test_a_list_that_was_proposed_can_be_asked_after_at_once(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer waits until the book has the case: asked right then, nobody hears of no list."""
    log, waited = gateway.log, list[tuple[int, float]]()
    assert isinstance(log, FollowedLog)
    log.follows = False

    async def applied(offset: int, within_s: float) -> bool:
        waited.append((offset, within_s))
        log.follow()
        return True

    monkeypatch.setattr(log.book, "applied", applied)
    takeover_id = propose(gateway, manifest([row()])).json()["takeover_id"]
    assert waited == [(0, 2.0)]
    key = {"x-api-key": gateway.keys["takeover"]}
    answer = gateway.client.get(f"/v1/takeovers/{takeover_id}", headers=key)
    assert (answer.status_code, answer.json()["status"]) == (200, "waiting")


def test_proposed_while_kafka_is_away_a_list_is_durable_and_told_of_later(gateway: Gateway) -> None:
    gateway.log.is_down = True
    answer = propose(gateway, manifest([row()]))
    assert (answer.status_code, answer.json()["status"]) == (202, "waiting")
    assert len(gateway.log.spooled) == 1


def test_a_case_of_another_kind_is_no_takeover(gateway: Gateway) -> None:
    (result,) = taken(gateway, row(number="12"))
    key = {"x-api-key": gateway.keys["takeover"]}
    answer = gateway.client.get(f"/v1/takeovers/{result['review_id']}", headers=key)
    assert (answer.status_code, answer.json()["code"]) == (404, "CL-1902")


def test_a_declined_list_stays_so(gateway: Gateway) -> None:
    of = manifest([row()])
    takeover_id = propose(gateway, of).json()["takeover_id"]
    assert approve(gateway, takeover_id, decision="declined").status_code == 202
    assert propose(gateway, of).json()["status"] == "declined"
    answer = send(gateway, of, [row()])
    assert (answer.status_code, answer.json()["code"]) == (409, "CL-1904")
    assert "compliance-1" in answer.json()["detail"]
    assert gateway.events == []


@pytest.mark.parametrize("source", ["takeover", "care", "desk", "app"])
def test_only_compliance_approves(gateway: Gateway, source: str) -> None:
    of = manifest([row()])
    answer = approve(gateway, propose(gateway, of).json()["takeover_id"], source)
    assert answer.status_code == 403
    assert send(gateway, of, [row()]).json()["code"] == "CL-1903"


def test_whoever_approved_cannot_send(gateway: Gateway) -> None:
    registry = gateway.reference.registry
    of = manifest([row()])
    taken(gateway, row())
    # The key that approved is given the right later, and its source the list's.
    keys: Any = registry.keys
    keys["takeover-1"], keys["compliance-1"] = (
        replace(keys["takeover-1"], sha256="00" * 32),
        replace(keys["compliance-1"], source="takeover", scopes=frozenset({"grants:backfill"})),
    )
    takeover_id = gateway.reviews[0].review_id.hex()
    answer = send(gateway, of, [row()], source="compliance", takeover_id=takeover_id)
    assert (answer.status_code, answer.json()["code"]) == (403, "CL-1907")


@pytest.mark.parametrize(
    "changed",
    [
        [row(number="13900139000")],
        [row(occurred_at=f"{_DAY}T10:00:01+08:00")],
        [row(channel="all")],
        [row(), row(evidence_ref="crm-2")],
        [row(evidence_ref="crm-2")],
        [{**row(), "verbatim": None}],
    ],
)
def test_rows_that_nobody_approved_are_refused(gateway: Gateway, changed: list[Any]) -> None:
    of = manifest([row()])
    approve(gateway, propose(gateway, of).json()["takeover_id"])
    answer = send(gateway, of, changed)
    assert (answer.status_code, answer.json()["code"]) == (422, "CL-1906")
    assert gateway.events == []


def test_a_batch_stands_at_its_own_place_only(gateway: Gateway) -> None:
    one, other = [row()], [row(evidence_ref="crm-2")]
    of = manifest(one, other)
    approve(gateway, propose(gateway, of).json()["takeover_id"])
    assert send(gateway, of, other, batch=0).json()["code"] == "CL-1906"
    assert send(gateway, of, other, batch=2).json()["code"] == "CL-1906"
    assert send(gateway, of, other, batch=1).status_code == 202


def test_a_manifest_that_nobody_approved_has_another_id(gateway: Gateway) -> None:
    approved = propose(gateway, manifest([row()])).json()["takeover_id"]
    approve(gateway, approved)
    changed = [row(number="13900139000")]
    answer = send(gateway, manifest(changed), changed, takeover_id=approved)
    assert (answer.status_code, answer.json()["code"]) == (422, "CL-1905")
    assert gateway.events == []


def test_before_the_cases_are_read_nothing_is_approved(tmp_path: Path) -> None:
    with memory_gateway(tmp_path, book=ReviewBook()) as gateway:
        batch = {"manifest": manifest([row()]), "batch": 0, "rows": [row()]}
        for path, body in (
            ("/v1/takeovers", manifest([row()])),
            (f"/v1/takeovers/{'0' * 32}/events", batch),
        ):
            answer = ask(gateway, path, body)
            assert (answer.status_code, answer.json()["code"]) == (503, "CL-1801")
        assert gateway.is_untouched


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"method": "spoken"}, "CL-1908"),
        ({"method": "letter"}, "CL-1001"),
        ({"method": None}, "CL-1001"),
        ({"consent_text_version": None}, "CL-1001"),
        ({"consent_text_version": "  "}, "CL-1001"),
        ({"evidence_ref": None}, "CL-1001"),
        ({"evidence_ref": " "}, "CL-1001"),
        ({"occurred_at": None}, "CL-1001"),
        ({"occurred_at": "2024-05-01T10:00:00"}, "CL-1001"),
        ({"occurred_at": "2024-13-01T10:00:00Z"}, "CL-1001"),
        ({"zone": "Mars"}, "CL-1001"),
        ({"channel": None}, "CL-1001"),
        ({"action": "refused"}, "CL-1001"),
        ({"occurred_at": "2025-05-01T10:00:00Z"}, "CL-1909"),
        ({"occurred_at": "2023-05-01T10:00:00Z"}, "CL-1909"),
        ({"number": "138****8000"}, "CL-1203"),
        ({"campaign": "no-such"}, "CL-1204"),
    ],
)
def test_a_row_that_proves_nothing_is_refused_alone(
    gateway: Gateway, fields: dict[str, Any], code: str
) -> None:
    good, bad = taken(gateway, row(evidence_ref="crm-2"), row(**fields))
    assert (good["status"], bad["status"]) == ("accepted", "rejected")
    assert code_of(bad) == code
    assert len(gateway.events) == 1
    assert ("review_id" in bad) == (code in ("CL-1203", "CL-1204"))


def test_a_consent_of_the_future_goes_to_a_person(gateway: Gateway) -> None:
    ahead = row(occurred_at="2031-01-01T00:00:00Z")
    (result,) = taken(gateway, ahead, last_at="2032-01-01T00:00:00Z")
    assert code_of(result) == "CL-1207"
    assert result["review_id"] == gateway.reviews[-1].review_id.hex()
    assert gateway.events == []


def test_a_day_and_a_zone_are_a_time(gateway: Gateway) -> None:
    taken(gateway, row(occurred_at=_DAY, precision="day", zone="Asia/Shanghai"))
    fact = gateway.event.fact
    assert (fact.precision, fact.zone) == (Precision.DAY, "Asia/Shanghai")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"rows": 0}, "/rows"),
        ({"rows": 1001}, ""),
        ({"batches": []}, "/batches"),
        ({"batches": [f"50:{'a' * 43}"]}, ""),
        ({"batches": ["short"]}, "/batches/0"),
        ({"file_sha256": "AB" * 32}, "/file_sha256"),
        ({"first_at": "2024-01-01T00:00:00"}, "/first_at"),
        ({"first_at": "2025-01-01T00:00:00Z"}, ""),
        ({"last_at": "soon"}, "/last_at"),
        ({"list": ""}, "/list"),
        ({"approved": True}, "/approved"),
    ],
)
def test_a_manifest_of_another_form_is_turned_away(
    gateway: Gateway, fields: dict[str, Any], pointer: str
) -> None:
    answer = propose(gateway, manifest([row()], **fields))
    assert (answer.status_code, answer.json()["code"]) == (422, "CL-1001")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert gateway.is_untouched


def test_a_list_too_large_for_a_case_is_to_be_split(gateway: Gateway) -> None:
    many = manifest(rows=1500, batches=["1:" + "a" * 43] * 1500)
    answer = propose(gateway, many)
    assert (answer.status_code, answer.json()["code"]) == (422, "CL-1901")
    assert "Split the list" in answer.json()["do"]
    assert (
        len(
            Manifest.model_validate(
                manifest(rows=1_250_000, batches=["1000:" + "a" * 43] * 1250)
            ).canonical
        )
        < 65_536
    )


@pytest.mark.parametrize(
    "wide", [{"channel": "voice"}, {"channel": "all"}, {"channel": "sms", "purpose": "all"}]
)
def test_a_keyword_opens_marketing_by_sms_only(wide: dict[str, str]) -> None:
    TakeoverRow.model_validate(row(method="keyword", channel="sms"))
    with pytest.raises(ValueError, match="marketing by sms only"):
        TakeoverRow.model_validate(row(**{"method": "keyword", **wide}))


@pytest.mark.parametrize("source", ["care", "app", "compliance", "dialer"])
def test_a_key_without_the_right_takes_nothing_over(gateway: Gateway, source: str) -> None:
    of = manifest([row()])
    assert propose(gateway, of, source).json()["code"] == "CL-1103"
    takeover_id = propose(gateway, of).json()["takeover_id"]
    approve(gateway, takeover_id)
    assert send(gateway, of, [row()], source=source).json()["code"] == "CL-1103"
    assert gateway.events == []


def test_a_list_of_another_entity_is_not_the_sources_own(gateway: Gateway) -> None:
    answer = propose(gateway, manifest([row()], entity="beta"))
    assert (answer.status_code, answer.json()["code"]) == (403, "CL-1104")


def test_what_can_only_open_comes_later_when_it_is_too_fast(tmp_path: Path) -> None:
    limits = LimitSettings(acts_per_second=1, burst_acts=1)
    with _world(tmp_path, limits=limits) as gateway:
        assert propose(gateway, manifest([row()])).status_code == 202
        answer = propose(gateway, manifest([row()]))
    assert (answer.status_code, answer.json()["code"]) == (429, "CL-1109")


def test_the_documented_manifest_is_the_documented_rows() -> None:
    text = (Path(__file__).parents[2] / "docs" / "http.md").read_text("utf-8")
    part = text.partition("## Take documented consents over")[2].partition("\n## ")[0]
    shown, of = (json.loads(block) for block in re.findall(r"```json\n(.*?)```", part, re.DOTALL))
    TakeoverRow.model_validate(of)
    assert Manifest.model_validate(shown).batches == [digest_of([of])]


def test_a_digest_does_not_depend_on_how_rows_were_written() -> None:
    rows = [row(verbatim="同意\n")]
    spaced = json.loads(json.dumps([dict(reversed(rows[0].items()))], indent=3))
    assert digest_of(rows) == digest_of(spaced)
    assert digest_of([{"a": "1"}]) == "1:32lf4iImLOKWdKhnBmKVve4e1ohOaGDdiJm2rYqK6JU"
