"""Adapter to ClickHouse: client, migrations."""
