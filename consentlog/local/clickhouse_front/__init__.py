"""ClickHouse's HTTP interface on loopback, over the engine that chDB runs in this process.

Services and auditors connect to it with `clickhouse-connect`, curl or any other ClickHouse client,
as to a real server. A request goes `app` → `auth` → `request` (what is asked) → `statement` (may
this user) → `engine` → answer. What chDB lacks (roles, BACKUP, sessions, asynchronous inserts) is
not pretended.
"""
