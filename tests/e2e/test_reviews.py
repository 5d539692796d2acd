"""Cases on the real stack: opened, listed, decided, and what the gate and the history say then."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from auditors.queries import history_of
from consentlog.local.stack import LocalStack
from dialers.client import GateClient
from producers.reviews.client import Reply, ReviewClient
from tests.support.gate_watch import gate_of
from tests.support.gateway import grant, refusal
from tests.support.settled import auditor_of

pytestmark = pytest.mark.integration

WHY = "heard the recording again: legal-1"
_fresh = itertools.count(1)


class World:
    """A person's number, the door that acts come by, whoever decides, and the gate."""

    def __init__(
        self, stack: LocalStack, door: httpx2.Client, reviews: ReviewClient, gate: GateClient
    ) -> None:
        self._stack, self._door, self._gate = stack, door, gate
        self.reviews = reviews
        self._keys: dict[str, str] = json.loads(stack.layout.keys.read_text("utf-8"))
        self.number = f"137{int(time.time()) % 10_000:04}{next(_fresh):04}"

    def state(self, body: dict[str, Any]) -> dict[str, Any]:
        """State an act at the desk; returns the answer."""
        at = datetime.now(UTC).isoformat()
        named = {"number": self.number, "occurred_at": at, "source_ref": None}
        headers = {"X-API-Key": self._keys["desk"]}
        answer = self._door.post("/v1/consent-events", json=body | named, headers=headers)
        assert answer.status_code == 202, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def case_of(self, review_id: str) -> dict[str, Any]:
        """Wait until the case can be read, and return it."""
        deadline = time.monotonic() + 10
        while (reply := self.reviews.show(review_id)).status != 200:
            assert time.monotonic() < deadline, reply.body
            time.sleep(0.05)
        return reply.body

    def decide(self, review_id: str, decision: str) -> Reply:
        """Decide a case as compliance."""
        return self.reviews.decide(review_id, {"decision": decision, "reason": WHY})

    def denied_by(self, token: str) -> set[tuple[str, str | None]]:
        """Why the gate denies once it has seen that token; nothing if it allows."""
        reply = self._gate.decide(
            {
                "number": self.number,
                "entity": "acme",
                "campaign": "acme-life-spring",
                "channel": "sms",
                "min_token": token,
                "wait_ms": 10_000,
            }
        )
        assert reply.status == 200, reply.body
        return {(one["code"], one.get("event_id")) for one in reply.reasons}

    def history(self, count: int) -> list[dict[str, Any]]:
        """Wait until so many records of the number are in the history, and return them."""
        query = history_of("consentlog", f"+86{self.number}", None).inlined()
        deadline = time.monotonic() + 20
        with closing(auditor_of(self._stack)) as client:
            while len(rows := client.documents(query)) < count:
                assert time.monotonic() < deadline, rows
                time.sleep(0.05)
        return [dict(row) for row in rows]


@pytest.fixture
def world(stack: LocalStack) -> Iterator[World]:
    keys = json.loads(stack.layout.keys.read_text("utf-8"))
    url = stack.url("gateway")
    with (
        httpx2.Client(base_url=url, timeout=30, trust_env=False) as door,
        closing(ReviewClient(url, {"X-API-Key": keys["compliance"]})) as reviews,
        gate_of(stack) as gate,
    ):
        yield World(stack, door, reviews, gate)


def test_a_hold_becomes_the_refusal_that_it_was(world: World) -> None:
    held = world.state(refusal(scope={"entity": "acme", "campaign": "nobody-knows"}))
    assert world.denied_by(held["token"]) == {("held", held["event_id"]), ("no_basis", None)}
    case = world.case_of(held["review_id"])
    assert (case["event_id"], case["entity"]) == (held["event_id"], "acme")

    done = world.decide(held["review_id"], "refused")
    assert done.status == 202, done.body
    refused, released = done.body["events"]
    assert world.denied_by(released["token"]) == {("refused", refused["event_id"])}
    again = world.decide(held["review_id"], "no_refusal")
    assert (again.status, again.body["decision"]) == (409, "refused")
    assert world.case_of(held["review_id"])["state"] == "decided"

    rows = world.history(3)
    assert [row["action"] for row in rows] == ["held", "refused", "hold_released"]
    assert [row["actor_id"] for row in rows][1:] == ["compliance-1", "compliance-1"]


def test_a_spoken_consent_opens_once_its_case_is_approved(world: World) -> None:
    spoken = grant(
        method="spoken",
        actor={"id": "agent-7", "type": "agent"},
        evidence={"recording_sha256": "cd" * 32},
    )
    asked = world.state(spoken)
    assert asked["needs_approval"]
    assert world.denied_by(asked["token"]) == {("no_basis", None)}
    assert world.case_of(asked["review_id"])["reason"] == "needs_approval"
    (approved,) = world.decide(asked["review_id"], "approved").body["events"]
    assert world.denied_by(approved["token"]) == set()
    assert [row["action"] for row in world.history(2)] == ["granted", "approved"]
