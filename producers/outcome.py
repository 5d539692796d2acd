"""What becomes of one stated act: an event, a case for a person, a refusal to take it; or two."""

from __future__ import annotations

from dataclasses import dataclass

from consentlog.domain.events import ConsentEvent
from consentlog.http.problems import RequestRefused
from consentlog.wire.reviews import ReviewEvent


@dataclass(frozen=True, slots=True)
class Outcome:
    """At least one of `event` and `refusal` is set; nothing is answered before both are delivered.

    A `refusal` with a `review` is answered with the review's id.
    """

    event: ConsentEvent | None = None
    review: ReviewEvent | None = None
    refusal: RequestRefused | None = None
