"""What a channel answers about one act."""

from __future__ import annotations

from consentlog.errors import Language
from consentlog.http.problems import problem_of
from consentlog.ports import Delivered
from consentlog.wire.reviews import ReviewReason
from producers.intake import durability_of
from producers.outcome import Outcome


def accepted(outcome: Outcome, delivered: Delivered) -> dict[str, object]:
    """Tell about an act that is durable: its id, where it is, and what is odd about it.

    Args:
        outcome: With an event.
        delivered: What became of it.
    """
    assert outcome.event is not None  # noqa: S101  # an outcome has an event or a refusal
    found: dict[str, object] = {
        "status": "accepted",
        "event_id": outcome.event.fact.event_id.hex(),
        **durability_of(delivered),
    }
    if outcome.review is not None:
        waits = outcome.review.reason is ReviewReason.NEEDS_APPROVAL
        found |= {"needs_approval" if waits else "held": True, **review_id(outcome)}
    if outcome.event.fact.clock_wrong:
        found["clock_wrong"] = True
    return found


def result_of(outcome: Outcome, delivered: Delivered, language: Language) -> dict[str, object]:
    """Tell about one line of a list: that it is durable, or what is wrong with it."""
    if outcome.refusal is None:
        return accepted(outcome, delivered)
    problem = problem_of(outcome.refusal, language)
    return {"status": "rejected", "problem": problem, **review_id(outcome)}


def review_id(outcome: Outcome) -> dict[str, object]:
    """Name the case that a person looks at, if there is one."""
    return {} if outcome.review is None else {"review_id": outcome.review.review_id.hex()}
