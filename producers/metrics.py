"""What the gateway counts; labels are of closed sets, never a number."""

from __future__ import annotations

from prometheus_client import Counter

EVENTS_ACCEPTED = Counter(
    "consentlog_gateway_events_total",
    "Events made durable (in the log, or spooled for it), by source and action.",
    ["source", "action"],
)
REVIEWS_OPENED = Counter(
    "consentlog_gateway_reviews_total",
    "Reviews made durable, by source and reason (repeats included).",
    ["source", "reason"],
)
NOT_NOW = Counter(
    "consentlog_not_now_total",
    "Holds of kind not_now made durable, by source (repeats included).",
    ["source"],
)
"""By source, of which the registry has a closed set. The count by agent is a query of the history
(docs/http.md): agents are unbounded, and a process counts only what came through itself.
"""
LIMITED = Counter(
    "consentlog_gateway_limited_total",
    "Requests over the rate of their key: waited, passed (the queue was full), refused (429).",
    ["outcome"],
)
