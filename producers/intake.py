"""Hands outcomes to the log, and answers only once everything of them is durable."""

from __future__ import annotations

import asyncio
import re
from typing import Final

from consentlog.domain.vocabulary import HoldKind
from consentlog.kafka.topics import EVENTS, REVIEWS
from consentlog.ports import Delivered, EventLog
from consentlog.wire.events import encode_event
from consentlog.wire.headers import event_headers
from consentlog.wire.reviews import ReviewAction, encode_review
from producers.metrics import EVENTS_ACCEPTED, NOT_NOW, REVIEWS_OPENED
from producers.outcome import Outcome

_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class Intake:
    """Delivers events and reviews.

    Args:
        log: Where they go.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log

    async def deliver(self, outcome: Outcome, traceparent: str | None = None) -> Delivered:
        """Deliver the event and the review of one outcome.

        Args:
            outcome: What became of one act.
            traceparent: W3C trace context of the request; dropped if it is not one.

        Returns:
            What became of the event, once event and review are both durable: its position if the
            broker acknowledged it, else `spooled`. Without an event, what became of the review.

        Raises:
            TransientError: A code with status 503 if either is not durable. The other may be.
        """
        event, review = await asyncio.gather(
            self._event(outcome, traceparent), self._review(outcome)
        )
        return review._replace(position=None) if event is None else event

    async def _event(self, outcome: Outcome, traceparent: str | None) -> Delivered | None:
        if outcome.event is None:
            return None
        trace = traceparent if traceparent and _TRACEPARENT.fullmatch(traceparent) else None
        delivered = await self._log.append(
            EVENTS.name,
            outcome.event.subject.encode(),
            encode_event(outcome.event),
            event_headers(outcome.event, trace),
        )
        fact = outcome.event.fact
        EVENTS_ACCEPTED.labels(fact.source, fact.action).inc()
        if fact.hold_kind is HoldKind.NOT_NOW:
            NOT_NOW.labels(fact.source).inc()
        return delivered

    async def _review(self, outcome: Outcome) -> Delivered:
        if outcome.review is None:
            return Delivered()
        key = outcome.review.review_id.hex().encode()
        delivered = await self._log.append(REVIEWS.name, key, encode_review(outcome.review), [])
        # What was only received asks nobody to look.
        if outcome.review.action is ReviewAction.OPENED:
            REVIEWS_OPENED.labels(outcome.review.source, outcome.review.reason).inc()
        return delivered


def durability_of(delivered: Delivered) -> dict[str, str]:
    """Return what a channel answers about an event: its `token`, or that it is spooled.

    A token that nobody knows yet is never made up: whoever waits for it would be told too early.
    """
    if delivered.position is not None:
        return {"token": str(delivered.position)}
    return {"durability": "spooled"}
