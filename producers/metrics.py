"""What the gateway counts; labels are of closed sets, never a number."""

from __future__ import annotations

from prometheus_client import Counter

EVENTS_ACCEPTED = Counter(
    "consentlog_gateway_events_total",
    "Events acknowledged by the log, by source and action.",
    ["source", "action"],
)
REVIEWS_OPENED = Counter(
    "consentlog_gateway_reviews_total",
    "Reviews acknowledged by the log, by source and reason (repeats included).",
    ["source", "reason"],
)
