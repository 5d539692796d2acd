"""Opens cases for what could not be understood, or waits for a second person.

The same input opens the same case, and an event has one case: a hold that nobody's case names
could never end.
"""

from __future__ import annotations

from dataclasses import replace

from consentlog.domain.events import ConsentEvent
from consentlog.domain.ids import case_id
from consentlog.domain.scope import ANY_ENTITY
from consentlog.wire.reviews import ReviewEvent, ReviewReason


def open_review(  # noqa: PLR0913  # the parts of a case, keyword-only
    id_key: bytes,
    reason: ReviewReason,
    *,
    source: str,
    opened_at_ms: int,
    payload: bytes,
    detail: str,
    subject: str | None = None,
    entity: str | None = None,
    event: ConsentEvent | None = None,
    named: bytes | None = None,
) -> ReviewEvent:
    """Open a case.

    Args:
        id_key: The deployment's id key: the id of a case must not tell whose number is in it.
        reason: Why a person must look.
        source: Registry id of the source.
        opened_at_ms: Gateway's clock, ms UTC.
        payload: What came in, as it came.
        detail: One sentence, without a number.
        subject: E.164 if one is recognisable.
        entity: Whom it is about, if somebody knows and the event does not say it.
        event: The hold that stands in meanwhile, or the act that waits for a second person.
        named: What makes it this case and no other; by default the event, else what came in.

    Returns:
        The event; a delivery repeated opens the same case.
    """
    if named is None:
        named = payload if event is None else event.fact.event_id
    opened = ReviewEvent(
        review_id=case_id(id_key, source, reason, named),
        reason=reason,
        opened_at_ms=opened_at_ms,
        source=source,
        subject=subject,
        detail=detail,
        payload=payload,
        entity=entity,
    )
    return about(opened, event)


def about(review: ReviewEvent, event: ConsentEvent | None) -> ReviewEvent:
    """Name the event that a case is about, and whom; None = there is none.

    A hold of every entity says nothing of whom the case is about.

    The case keeps its id: give `open_review` the event where each event is a case of its own.
    """
    if event is None:
        return review
    entity = review.entity if event.fact.entity == ANY_ENTITY else event.fact.entity
    return replace(review, event_id=event.fact.event_id, entity=entity)
