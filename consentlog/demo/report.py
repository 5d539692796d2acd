"""What the show found, as JSON for machines; numbers are masked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from consentlog.demo.script import Contact, Outcome
from consentlog.demo.show import Findings
from consentlog.demo.stage import outcomes


def report_of(found: Findings, start_seconds: float, deaths: Sequence[str]) -> dict[str, Any]:
    """Return the whole outcome.

    Args:
        found: What the show found.
        start_seconds: How long the stack's start took.
        deaths: Services that died on the way and were started again, each with its reason.

    Returns:
        `ok` is True only if there is no difference; `latency_ms` is None without a timed refusal.
    """
    latency = found.latency
    return {
        "ok": not found.differences,
        "differences": [asdict(one) for one in found.differences],
        "contacts": [_contact(*both) for both in pairs(found)],
        "steps": len(found.played),
        "latency_ms": latency
        and {
            "count": latency.count,
            "p50": round(latency.p50_ms, 1),
            "p99": round(latency.p99_ms, 1),
            "max": round(latency.max_ms, 1),
            "by_step": {name: round(ns / 1e6, 1) for name, ns in found.samples_ns.items()},
        },
        "history_records": len(found.history),
        "reviews": found.review_count,
        "deaths": list(deaths),
        "seconds": {"start": round(start_seconds, 1), "show": round(found.seconds, 1)},
    }


def pairs(found: Findings) -> Iterator[tuple[Contact, Outcome, Outcome]]:
    """Yield each contact of the call list with its outcome before and after, in list order."""
    after = outcomes(found.after)
    for contact, before in outcomes(found.before).items():
        yield contact, before, after[contact]


def _contact(contact: Contact, before: Outcome, after: Outcome) -> dict[str, Any]:
    return asdict(contact) | {"before": asdict(before), "after": asdict(after)}
