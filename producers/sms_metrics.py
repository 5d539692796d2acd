"""What the webhooks of SMS vendors count; labels are of closed sets, never a number."""

from __future__ import annotations

from prometheus_client import Counter

MESSAGES = Counter(
    "consentlog_sms_messages_total",
    "Messages from people whose outcome is durable, by source and what they were taken for.",
    ["source", "verdict"],
)
UNVERIFIED = Counter(
    "consentlog_webhook_unverified_total",
    "Messages in requests without a right signature: kept as holds and reviews, or turned away.",
    ["source", "result"],
)
REPLAYED = Counter(
    "consentlog_webhook_replayed_total",
    "Signed requests that were sent again after they had been taken.",
    ["source"],
)
