"""What the spool counts; labels are of closed sets, never a number."""

from __future__ import annotations

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

WAITING: Final = Gauge(
    "consentlog_spool_waiting_records", "Records on disk that the log has not acknowledged."
)
PARKED: Final = Gauge(
    "consentlog_spool_parked_records", "Records that the broker refused for good."
)
OLDEST_SECONDS: Final = Gauge(
    "consentlog_spool_oldest_unsent_seconds", "Age of the oldest record that waits; 0 = none."
)
ALARM: Final = Gauge(
    "consentlog_spool_alarm",
    "1 while a person must look, by what: age, disk, full, parked.",
    ["of"],
)
ANSWERS: Final = Counter(
    "consentlog_spool_answers_total", "Records answered, by how: token or spooled.", ["how"]
)
REJECTED: Final = Counter(
    "consentlog_spool_rejected_total", "Records not taken (503), by why: full or disk.", ["why"]
)
COMMIT_SECONDS: Final = Histogram(
    "consentlog_spool_commit_seconds",
    "Time of one commit to disk.",
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5),
)
