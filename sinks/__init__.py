"""Kafka to ClickHouse: the fenced audit sink."""
