"""Adapter to Kafka: topics, producer, reader, partitioner."""
