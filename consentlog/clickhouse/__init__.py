"""Adapter to ClickHouse: client, migrations, and the columns of the history table."""
