"""One case as the gateway knows it: whole while it is open, a few words once it is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from consentlog.domain.registry import Source
from consentlog.domain.scope import ANY_ENTITY
from consentlog.http.auth import Principal
from consentlog.ports import Record
from consentlog.wire.reviews import ReviewEvent, ReviewReason

UNREADABLE_SOURCE = "gateway"
"""Who opens the case of a review record that does not decode."""


class Whose(NamedTuple):
    """Whom a case is about, as far as somebody knows, and which source it came from."""

    entity: str | None
    source: str

    def may_be_seen_by(self, principal: Principal, sources: Mapping[str, Source]) -> bool:
        """Tell whether a key may know of the case, open or decided.

        A key sees cases about its own source's entities. Where nobody knows whom a case is about,
        it sees those of sources that speak for one of them, and those of the services themselves.

        Args:
            principal: The key.
            sources: Of the registry, by id.
        """
        own = principal.source.entities
        if self.entity not in (None, ANY_ENTITY):
            return self.entity in own
        source = sources.get(self.source)
        return source is None or bool(source.entities & own)


class Kind(NamedTuple):
    """What open cases are asked after by, beside their age; many cases share one."""

    whose: Whose
    reason: ReviewReason
    owner: str


class Decided(NamedTuple):
    """What is kept of a decided case; `at_ms` is None where its record does not say when."""

    decision: str
    by: str
    at_ms: int | None
    owner: str
    whose: Whose


class Place(NamedTuple):
    """Where an open case stands in the order of age: the oldest first."""

    opened_at_ms: int
    review_id: bytes

    def __str__(self) -> str:
        return f"{self.opened_at_ms}:{self.review_id.hex()}"


@dataclass(frozen=True, slots=True)
class Case:
    """An open case; `opened` is the event that opened it, `owner` who has it now."""

    opened: ReviewEvent
    owner: str

    @property
    def place(self) -> Place:
        """Its place in the order of age."""
        return Place(self.opened.opened_at_ms, self.opened.review_id)

    @property
    def whose(self) -> Whose:
        """Whom it is about."""
        return Whose(self.opened.entity, self.opened.source)

    @property
    def kind(self) -> Kind:
        """What it is asked after by."""
        return Kind(self.whose, self.opened.reason, self.owner)


def unreadable(record: Record, review_id: bytes, reason: str) -> Case:
    """Return the case that a record of the review topic is when it does not decode.

    Args:
        record: As it lies in the log.
        review_id: What names it.
        reason: Why it does not decode.
    """
    opened = ReviewEvent(
        review_id=review_id,
        reason=ReviewReason.UNDECODABLE,
        opened_at_ms=record.append_ms,
        source=UNREADABLE_SOURCE,
        topic=record.topic,
        partition=record.partition,
        kafka_offset=record.offset,
        detail=f"a record of the review log does not decode: {reason}",
        payload=record.value or b"",
    )
    return Case(opened, opened.owner)
