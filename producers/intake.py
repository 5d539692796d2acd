"""Hands outcomes to the log, and answers only once everything of them is durable."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from consentlog.domain.events import ConsentEvent
from consentlog.domain.vocabulary import HoldKind
from consentlog.kafka.topics import EVENTS, REVIEWS
from consentlog.ports import Delivered, EventLog, NewRecord
from consentlog.wire.events import encode_event
from consentlog.wire.headers import event_headers
from consentlog.wire.reviews import ReviewAction, ReviewEvent, encode_review
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
        (delivered,) = await self.deliver_all([outcome], traceparent)
        return delivered

    async def deliver_all(
        self,
        outcomes: Sequence[Outcome],
        traceparent: str | None = None,
        within_s: float | None = None,
    ) -> list[Delivered]:
        """Deliver events and reviews of several outcomes, all of them or an error; as `deliver`.

        Args:
            outcomes: What became of each act.
            traceparent: As for `deliver`.
            within_s: How long to wait for the broker; None = as long as the log does for one act.
        """
        trace = trace_of(traceparent)
        events = [outcome.event for outcome in outcomes if outcome.event is not None]
        reviews = [outcome.review for outcome in outcomes if outcome.review is not None]
        found, cases = await asyncio.gather(
            self.deliver_rows(
                [_record_of(event, trace) for event in events],
                [(event.fact.source, event.fact.action) for event in events],
                within_s,
            ),
            self._reviews(reviews, within_s),
        )
        for event in events:
            if event.fact.hold_kind is HoldKind.NOT_NOW:
                NOT_NOW.labels(event.fact.source).inc()
        of_events, of_cases = iter(found), iter(cases)
        delivered = []
        for outcome in outcomes:
            case = Delivered() if outcome.review is None else next(of_cases)
            has_event = outcome.event is not None
            delivered.append(next(of_events) if has_event else case._replace(position=None))
        return delivered

    async def deliver_case(self, review: ReviewEvent) -> Delivered:
        """Deliver one step of a case that goes with no act.

        Returns:
            Where it is in the review topic, for whoever waits until cases are read: no consistency
            token, which is a position among events.

        Raises:
            TransientError: As `deliver`.
        """
        (delivered,) = await self._reviews([review], None)
        return delivered

    async def deliver_rows(
        self,
        records: Sequence[NewRecord],
        kinds: Iterable[tuple[str, str]],
        within_s: float | None = None,
    ) -> list[Delivered]:
        """Deliver events that are encoded already, all of them or an error.

        Args:
            records: The events.
            kinds: Source and action of each, to be counted.
            within_s: As for `deliver_all`.

        Raises:
            TransientError: A code with status 503 if they are not all durable.
        """
        delivered = await self._log.append_all(EVENTS.name, records, within_s)
        for (source, action), count in Counter(kinds).items():
            EVENTS_ACCEPTED.labels(source, action).inc(count)
        return delivered

    async def _reviews(
        self, reviews: Sequence[ReviewEvent], within_s: float | None
    ) -> list[Delivered]:
        records = [
            NewRecord(review.review_id.hex().encode(), encode_review(review)) for review in reviews
        ]
        delivered = await self._log.append_all(REVIEWS.name, records, within_s)
        for review in reviews:
            # What was only received asks nobody to look.
            if review.action is ReviewAction.OPENED:
                REVIEWS_OPENED.labels(review.source, review.reason).inc()
        return delivered


def trace_of(traceparent: str | None) -> str | None:
    """Return a W3C trace context, or None if it is not one."""
    return traceparent if traceparent and _TRACEPARENT.fullmatch(traceparent) else None


def _record_of(event: ConsentEvent, trace: str | None) -> NewRecord:
    return NewRecord(event.subject.encode(), encode_event(event), event_headers(event, trace))


def durability_of(delivered: Delivered) -> dict[str, str]:
    """Return what a channel answers about an event: its `token`, or that it is spooled.

    A token that nobody knows yet is never made up: whoever waits for it would be told too early.
    """
    if delivered.position is not None:
        return {"token": str(delivered.position)}
    return {"durability": "spooled"}
