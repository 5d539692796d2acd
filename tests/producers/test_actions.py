"""Ends of consent, corrections, approvals: who may state them, and what they must say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from consentlog.domain.vocabulary import Action, ActorType, Basis, Channel, HoldKind, Purpose
from consentlog.wire.evidence import decode_evidence
from consentlog.wire.reviews import ReviewReason
from tests.support.gateway import (
    NUMBER,
    Gateway,
    approved,
    corrected,
    ended,
    grant,
    memory_gateway,
    refusal,
)

TARGET = "ab" * 16
STAFF = {"id": "c-1", "type": "staff"}
REASON = {"verbatim": "identity checked, no refusal was meant: legal-1"}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with memory_gateway(tmp_path) as found:
        yield found


def released(**fields: Any) -> dict[str, Any]:
    """A release of one hold by compliance."""
    return approved(**{"action": "hold_released", **fields})


OF = {"corrected": corrected, "approved": approved, "hold_released": released}
SAYS = {"corrected": "care", "approved": "compliance", "hold_released": "compliance"}


@pytest.mark.parametrize("action", OF)
def test_it_is_recorded_with_target_actor_and_reason(gateway: Gateway, action: str) -> None:
    answer = gateway.post(OF[action](), SAYS[action])
    assert (answer.status_code, answer.json()["status"]) == (202, "accepted")
    fact = gateway.event.fact
    assert (fact.action, fact.target, fact.basis) == (
        Action(action),
        b"\xab" * 16,
        Basis.UNKNOWN,
    )
    assert (fact.actor_type, fact.has_evidence) == (ActorType.STAFF, True)
    assert fact.actor_role == ("" if action == "corrected" else "compliance")
    assert decode_evidence(gateway.event.evidence).verbatim


def test_consent_ends_for_everything_unless_the_act_says_less(gateway: Gateway) -> None:
    for scope in (
        {"entity": "acme"},
        {"entity": "acme", "campaign": "acme-claims"},
        {"entity": "acme", "purpose": "marketing", "channel": "sms"},
    ):
        assert gateway.post(ended(scope=scope), "care").status_code == 202
    assert {event.fact.action for event in gateway.events} == {Action.CONSENT_ENDED}
    assert [event.fact.scope[3:] for event in gateway.events] == [
        (Purpose.ALL, Channel.ALL),
        (Purpose.SERVICE, Channel.ALL),
        (Purpose.MARKETING, Channel.SMS),
    ]


def test_a_system_may_end_consent_and_compliance_may_too(gateway: Gateway) -> None:
    system = {"id": "billing", "type": "system"}
    assert gateway.post(ended(actor=system), "care").status_code == 202
    assert gateway.post(ended(actor=STAFF), "compliance").status_code == 202


MAY_NOT: list[tuple[str, dict[str, Any], str]] = [
    ("desk", ended(), "CL-1103"),
    ("desk", corrected(), "CL-1103"),
    ("compliance", corrected(), "CL-1103"),
    ("care", approved(), "CL-1103"),
    ("care", released(), "CL-1103"),
    ("dialer", ended(), "CL-1103"),
    ("care", corrected(actor={**STAFF, "role": "compliance"}), "CL-1103"),
    ("care", ended(actor={**STAFF, "role": "compliance"}), "CL-1103"),
]


@pytest.mark.parametrize(
    ("source", "body", "code"), MAY_NOT, ids=[f"{m[0]} {m[1]['action']}" for m in MAY_NOT]
)
def test_a_key_that_may_not(gateway: Gateway, source: str, body: dict[str, Any], code: str) -> None:
    answer = gateway.post(body, source)
    assert gateway.is_untouched
    assert (answer.status_code, answer.json()["code"]) == (403, code)


@pytest.mark.parametrize("too_much", ["corrections:write", "grants:write"])
def test_a_key_that_could_have_stated_it_cannot_approve_it(gateway: Gateway, too_much: str) -> None:
    key = gateway.reference.registry.keys["compliance-1"]
    object.__setattr__(key, "scopes", key.scopes | {too_much})
    answer = gateway.post(approved(), "compliance")
    assert gateway.is_untouched
    assert (answer.status_code, answer.json()["code"]) == (403, "CL-1106")
    assert too_much in answer.json()["detail"]


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("corrected", {"target": None}, "/target"),
    ("approved", {"target": None}, "/target"),
    ("hold_released", {"target": None}, "/target"),
    ("corrected", {"target": "AB" * 16}, "/target"),
    ("corrected", {"target": "ab" * 15}, "/target"),
    ("approved", {"target": 7}, "/target"),
    ("corrected", {"evidence": None}, "/evidence/verbatim"),
    ("corrected", {"evidence": {"verbatim": "  "}}, "/evidence/verbatim"),
    ("approved", {"evidence": {"language": "en"}}, "/evidence/verbatim"),
    ("hold_released", {"evidence": {}}, "/evidence/verbatim"),
    ("corrected", {"actor": {"id": "", "type": "staff"}}, "/actor/id"),
    ("corrected", {"actor": {"type": "staff"}}, "/actor/id"),
    ("corrected", {"actor": {"id": "robot", "type": "system"}}, "/actor/type"),
    ("corrected", {"actor": {"id": "agent-7", "type": "agent"}}, "/actor/type"),
    ("approved", {"actor": {"id": "subject", "type": "person"}}, "/actor/type"),
    ("approved", {"basis": "objection"}, "/basis"),
    ("corrected", {"until": "2026-01-01T00:00:00Z"}, "/until"),
    ("corrected", {"hold_kind": "dispute"}, "/hold_kind"),
    ("corrected", {"reason": "wrong number"}, "/reason"),
    ("corrected", {"evidence": {"reason": "wrong number"}}, "/evidence/reason"),
    ("approved", {"action": "approve"}, "/action"),
    ("approved", {"action": ["approved"]}, "/action"),
]


@pytest.mark.parametrize(
    ("action", "fields", "pointer"), WRONG, ids=[f"{w[0]} {w[1]}"[:60] for w in WRONG]
)
def test_what_is_missing_or_wrong_is_pointed_at(
    gateway: Gateway, action: str, fields: dict[str, Any], pointer: str
) -> None:
    answer = gateway.post(OF[action](**fields), SAYS[action])
    assert gateway.is_untouched
    assert (answer.status_code, answer.json()["code"]) == (422, "CL-1001")
    assert pointer in {error["pointer"] for error in answer.json()["errors"]}


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"actor": {"id": "agent-7", "type": "agent"}}, "/actor/type"),
        ({"actor": {"id": "subject", "type": "person"}}, "/actor/type"),
        ({"target": TARGET}, "/target"),
        ({"until": "2026-01-01T00:00:00Z"}, "/until"),
        ({"hold_kind": "dispute"}, "/hold_kind"),
    ],
    ids=str,
)
def test_an_end_of_consent_that_is_wrong(
    gateway: Gateway, fields: dict[str, Any], pointer: str
) -> None:
    answer = gateway.post(ended(**fields), "care")
    assert gateway.is_untouched
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_a_list_answers_for_each_of_them(gateway: Gateway) -> None:
    items = [corrected(), corrected(target=None), approved(), ended(), refusal(colour="red"), 7]
    answer = gateway.post(items, "care")
    assert answer.status_code == 207
    results = answer.json()["results"]
    codes = [result.get("problem", {}).get("code") for result in results]
    assert codes == [None, "CL-1001", "CL-1103", None, "CL-1001", "CL-1001"]
    assert len(gateway.events) == 2


def test_an_end_of_consent_with_an_unknown_name_holds_the_number_meanwhile(
    gateway: Gateway,
) -> None:
    answer = gateway.post(ended(scope={"entity": "gamma"}), "care")
    assert (answer.status_code, answer.json()["held"]) == (202, True)
    fact = gateway.event.fact
    assert (fact.action, fact.hold_kind, fact.entity) == (Action.HELD, HoldKind.UNCLEAR, "*")
    assert fact.purpose is Purpose.ALL
    assert gateway.reviews[0].reason is ReviewReason.UNKNOWN_SCOPE


def test_a_correction_needs_an_entity_that_is_known_and_its_own(gateway: Gateway) -> None:
    unknown = gateway.post(corrected(scope={"entity": "*"}), "care")
    assert unknown.json()["code"] == "CL-1204"
    source = gateway.reference.registry.sources["care"]
    object.__setattr__(source, "entities", frozenset({"acme"}))
    others = gateway.post(corrected(scope={"entity": "beta"}), "care")
    assert (others.status_code, others.json()["code"]) == (403, "CL-1104")
    assert not gateway.events


def test_a_correction_may_name_a_campaign_that_is_long_over(gateway: Gateway) -> None:
    answer = gateway.post(corrected(scope={"entity": "acme", "campaign": "lost-2019"}), "care")
    assert answer.status_code == 202


ROWS = [
    ("desk", grant),
    ("care", ended),
    ("care", corrected),
    ("compliance", approved),
    ("compliance", released),
]


@pytest.mark.parametrize(("source", "act"), ROWS, ids=[row[1].__name__ for row in ROWS])
def test_an_import_that_would_allow_changes_nothing_and_goes_to_review(
    gateway: Gateway, source: str, act: Any
) -> None:
    answer = gateway.post(act(method="import"), source)
    assert (answer.status_code, answer.json()["code"]) == (422, "CL-1209")
    (review,) = gateway.reviews
    assert answer.json()["review_id"] == review.review_id.hex()
    assert (review.subject, gateway.events) == (NUMBER, [])


def test_an_import_may_refuse_and_hold(gateway: Gateway) -> None:
    held = {"action": "held", "hold_kind": "unverified", "actor": STAFF}
    rows = [refusal(method="import"), refusal(method="import", **held)]
    assert gateway.post(rows).status_code == 202


def test_a_spoken_grant_with_its_recording_is_recorded_and_waits_for_its_approval(
    gateway: Gateway,
) -> None:
    spoken = grant(method="spoken", evidence={"recording_sha256": "cd" * 32})
    given = gateway.post(spoken).json()
    assert given["status"] == "accepted"
    assert gateway.post(approved(given["event_id"]), "compliance").status_code == 202
    assert [event.fact.action for event in gateway.events] == [Action.GRANTED, Action.APPROVED]
