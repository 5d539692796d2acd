"""Corrections and approvals through gateway, log, fold and gate on the real stack."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from consentlog.local.stack import LocalStack
from dialers.client import GateClient
from tests.support.gate_watch import gate_of
from tests.support.gateway import approved, corrected, ended, grant, refusal

pytestmark = pytest.mark.integration

_fresh = itertools.count(1)


class World:
    """One person's number, the doors that state acts about it, and the gate that is asked.

    Args:
        stack: Running.
        client: Of its gateway.
        gate: A dialer's connection.
    """

    def __init__(self, stack: LocalStack, client: httpx2.Client, gate: GateClient) -> None:
        self._client, self._gate = client, gate
        self._keys: dict[str, str] = json.loads(stack.layout.keys.read_text("utf-8"))
        self._number = f"136{int(time.time()) % 10_000:04}{next(_fresh):04}"
        self._token = ""

    def state(self, source: str, body: dict[str, Any], hours_ago: float = 0) -> str:
        """State an act with the key of a source; returns its id."""
        at = datetime.now(UTC) - timedelta(hours=hours_ago)
        named = {"number": self._number, "occurred_at": at.isoformat(), "source_ref": None}
        headers = {"X-API-Key": self._keys[source]}
        answer = self._client.post("/v1/consent-events", json=body | named, headers=headers)
        assert answer.status_code == 202, answer.text
        self._token = answer.json()["token"]
        found: str = answer.json()["event_id"]
        return found

    def reasons(self) -> set[tuple[str, str | None]]:
        """Why the gate denies once it has seen the last act; nothing if it allows."""
        reply = self._gate.decide(
            {
                "number": self._number,
                "entity": "acme",
                "campaign": "acme-life-spring",
                "channel": "sms",
                "min_token": self._token,
                "wait_ms": 10_000,
            }
        )
        assert reply.status == 200, reply.body
        found = {(one["code"], one.get("event_id")) for one in reply.reasons}
        assert reply.allowed == (not found)
        return found


@pytest.fixture
def world(stack: LocalStack) -> Iterator[World]:
    with (
        httpx2.Client(base_url=stack.url("gateway"), timeout=30, trust_env=False) as client,
        gate_of(stack) as gate,
    ):
        yield World(stack, client, gate)


def test_a_corrected_refusal_opens_the_gate_again_only_once_another_person_approved(
    world: World,
) -> None:
    world.state("app", grant(), hours_ago=2)
    assert world.reasons() == set()
    refused = world.state("desk", refusal(), hours_ago=1)
    still = {("refused", refused)}
    assert world.reasons() == still
    correction = world.state("care", corrected(refused))
    assert world.reasons() == still, "nobody approved it"
    world.state("compliance", approved(correction, actor={"id": "care-3", "type": "staff"}))
    assert world.reasons() == still, "the same person approved it"
    world.state("compliance", approved(refused))
    assert world.reasons() == still, "the refusal was approved, not its correction"
    world.state("compliance", approved(correction))
    assert world.reasons() == set()
    again = world.state("desk", refusal())
    assert world.reasons() == {("refused", again)}, "a correction is undone by a new refusal"


def test_a_spoken_consent_opens_only_once_approved_and_its_correction_needs_one_person(
    world: World,
) -> None:
    actor = {"id": "agent-7", "type": "agent"}
    evidence = {"recording_sha256": "cd" * 32}
    spoken = world.state("desk", grant(method="spoken", actor=actor, evidence=evidence), 1)
    nothing = {("no_basis", None)}
    assert world.reasons() == nothing
    world.state("compliance", approved(spoken))
    assert world.reasons() == set()
    world.state("care", corrected(spoken))
    assert world.reasons() == nothing


def test_consent_that_ended_no_longer_opens_and_a_refusal_stays(world: World) -> None:
    world.state("app", grant(), hours_ago=2)
    world.state("care", ended(actor={"id": "billing", "type": "system"}), hours_ago=1)
    assert world.reasons() == {("no_basis", None)}
    refused = world.state("desk", refusal(), hours_ago=0.5)
    world.state("care", ended(actor={"id": "billing", "type": "system"}))
    assert world.reasons() == {("refused", refused)}
