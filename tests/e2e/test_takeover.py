"""A documented consent through gateway, review, log, fold and gate on the real stack."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from consentlog.local.stack import LocalStack
from dialers.client import GateClient
from producers.takeovers.manifest import digest_of
from tests.support.gate_watch import gate_of

pytestmark = pytest.mark.integration

_fresh = itertools.count(1)


class World:
    """One person's consent in an older system, the gateway, and the gate that is asked."""

    def __init__(self, stack: LocalStack, client: httpx2.Client, gate: GateClient) -> None:
        self._client, self._gate = client, gate
        self._keys: dict[str, str] = json.loads(stack.layout.keys.read_text("utf-8"))
        self.number = f"137{int(time.time()) % 10_000:04}{next(_fresh):04}"
        self.row = {
            "number": self.number,
            "method": "form",
            "occurred_at": "2026-03-01T10:00:00+08:00",
            "consent_text_version": "privacy-7",
            "evidence_ref": f"crm-{self.number}",
            "channel": "sms",
        }
        self.manifest = {
            "list": f"crm {self.row['evidence_ref']}",
            "entity": "acme",
            "rows": 1,
            "file_sha256": "ab" * 32,
            "first_at": "2026-03-01T02:00:00Z",
            "last_at": "2026-03-01T02:00:00Z",
            "batches": [digest_of([self.row])],
        }

    def post(self, path: str, body: Any, source: str = "takeover") -> httpx2.Response:
        """Ask the gateway with the key of a source."""
        headers = {"X-API-Key": self._keys[source]}
        deadline = time.monotonic() + 30
        while True:
            answer = self._client.post(path, json=body, headers=headers)
            # A gateway that has just started may still read the cases.
            if answer.status_code != 503 or time.monotonic() > deadline:
                return answer
            time.sleep(0.1)

    def send(self, takeover_id: str, row: dict[str, str]) -> httpx2.Response:
        """Send the only batch."""
        body = {"manifest": self.manifest, "batch": 0, "rows": [row]}
        return self.post(f"/v1/takeovers/{takeover_id}/events", body)

    def asked(self, token: str | None = None) -> dict[str, Any]:
        """What the gate says about an SMS, with every fact of the number."""
        question = {"number": self.number, "entity": "acme", "campaign": "acme-life-spring"}
        reply = self._gate.decide(
            {**question, "channel": "sms", "min_token": token, "wait_ms": 10_000, "explain": True}
        )
        assert reply.status == 200, reply.body
        return reply.body


@pytest.fixture
def world(stack: LocalStack) -> Iterator[World]:
    with (
        httpx2.Client(base_url=stack.url("gateway"), timeout=30, trust_env=False) as client,
        gate_of(stack) as gate,
    ):
        yield World(stack, client, gate)


def test_only_the_rows_that_another_person_approved_open_the_gate(world: World) -> None:
    proposed = world.post("/v1/takeovers", world.manifest)
    assert (proposed.status_code, proposed.json()["status"]) == (202, "waiting"), proposed.text
    takeover_id = proposed.json()["takeover_id"]
    assert world.send(takeover_id, world.row).json()["code"] == "CL-1903"
    decision = {"decision": "approved", "reason": "compared with the form"}
    path = f"/v1/reviews/{takeover_id}/decisions"
    assert world.post(path, decision).status_code == 403, "a list is not approved by its sender"
    assert world.post(path, decision, "compliance").status_code == 202
    assert world.post("/v1/takeovers", world.manifest).json()["status"] == "approved"
    altered = world.send(takeover_id, {**world.row, "channel": "all"})
    assert (altered.status_code, altered.json()["code"]) == (422, "CL-1906")
    assert world.asked()["verdict"] == "deny"
    tokens, ids = [], set()
    for _ in range(2):
        answer = world.send(takeover_id, world.row)
        assert answer.status_code == 202, answer.text
        (result,) = answer.json()["results"]
        tokens.append(result["token"])
        ids.add(result["event_id"])
    seen = world.asked(tokens[-1])
    assert seen["verdict"] == "allow", seen
    assert len(set(tokens)) == 2
    assert {fact["event_id"] for fact in seen["explanation"]["facts"]} == ids
    assert len(ids) == len(seen["explanation"]["facts"]) == 1
