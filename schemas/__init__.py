"""Avro schemas, their pinned ids and golden examples, as package data."""
