"""Fixtures of every test; they live in tests/support so that nothing is imported from here."""

from tests.support.counted import pytest_terminal_summary
from tests.support.stack import (
    clickhouse,
    database,
    kafka,
    kafka_cluster,
    kafka_runtime,
    stack,
    topic_prefix,
    topics,
)

__all__ = [
    "clickhouse",
    "database",
    "kafka",
    "kafka_cluster",
    "kafka_runtime",
    "pytest_terminal_summary",
    "stack",
    "topic_prefix",
    "topics",
]
