"""Decisions of cases as a person of compliance sends them, and what is in the log then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx2

from consentlog.domain.events import ConsentEvent
from consentlog.errors import TransientError
from consentlog.kafka.topics import EVENTS, REVIEWS
from consentlog.ports import Delivered, NewRecord
from consentlog.wire.events import decode_event
from consentlog.wire.reviews import ReviewEvent, decode_review
from tests.support.gateway import Gateway, grant, refusal
from tests.support.reviews import FollowedLog

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


def events(log: FollowedLog) -> list[ConsentEvent]:
    """Every event in the log."""
    return [decode_event(record.value) for record in log.records(EVENTS.name)]


def steps(log: FollowedLog) -> list[ReviewEvent]:
    """Every step of every case in the log."""
    return [decode_review(record.value) for record in log.records(REVIEWS.name)]


def held(gateway: Gateway, **fields: Any) -> str:
    """A refusal of a campaign that nobody knows: a hold, and its case."""
    return str(gateway.post(refusal(scope=UNKNOWN, **fields)).json()["review_id"])


def decide(
    gateway: Gateway, review_id: str, decision: str, source: str = "compliance", **more: Any
) -> httpx2.Response:
    """Decide a case over HTTP, with the key of a source."""
    body = {"decision": decision, "reason": WHY, **more}
    headers = {"x-api-key": gateway.keys[source]}
    return gateway.client.post(f"/v1/reviews/{review_id}/decisions", json=body, headers=headers)


def shown(gateway: Gateway, review_id: str) -> dict[str, Any]:
    """A case as compliance is shown it."""
    headers = {"x-api-key": gateway.keys["compliance"]}
    found: dict[str, Any] = gateway.client.get(f"/v1/reviews/{review_id}", headers=headers).json()
    return found
