"""Bytes: Avro schemas, Confluent framing, headers."""
