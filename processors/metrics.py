"""What Prometheus may know of the fold; no label ever holds a number."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

EVENTS_FOLDED = Counter("consentlog_fold_events", "Events folded", ["action"])
EVENTS_HELD = Counter("consentlog_fold_held", "Records held and reviewed", ["reason"])
STATES_WRITTEN = Counter("consentlog_fold_states", "State records delivered", ["kind"])
LAG = Gauge("consentlog_fold_lag", "Events below the log's end not yet folded", ["partition"])
END_TO_END = Histogram(
    "consentlog_fold_end_to_end_seconds",
    "From the append of a batch's first event to the delivery of its last state",
    buckets=(0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30),
)
