"""What the desk counts; labels are of closed sets, never a number."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

NOT_NOW_BY_CLERK = Counter(
    "consentlog_desk_not_now_total",
    "Holds of kind not_now recorded at the desk, by the clerk's key (repeats included).",
    ["key"],
)
"""Clerks are keys of the registry, a closed set."""
DENIED_SECONDS = Histogram(
    "consentlog_desk_denied_seconds",
    "From a refusal or hold submitted at the desk to the gate's denial.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.5),
)
NOT_SEEN_DENIED = Counter(
    "consentlog_desk_not_yet_spread_total",
    "Refusals and holds of the desk that were recorded, and not seen denied in time.",
)
