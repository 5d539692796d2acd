"""The local stack: Apache Kafka, the ClickHouse engine and every service on one machine."""
