"""The doctor's questions to the running parts: brokers, topics, schemas, ClickHouse, services."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from consentlog.errors import ConsentLogError
from consentlog.local.doctor import Check, Finding
from consentlog.local.doctor_spool import spool
from consentlog.local.kafka_reach import brokers_listed
from consentlog.local.layout import Layout
from consentlog.local.record import running_stack
from consentlog.local.settings import LocalSettings
from consentlog.local.targets import Targets, find_targets

_START: Final = "start the stack: `consentlog local up`, or set CONSENTLOG_KAFKA__BOOTSTRAP_SERVERS"


def broker(_settings: LocalSettings) -> Iterator[Finding]:
    """Whether Kafka answers."""
    targets = _targets()
    if targets is None:
        yield Finding("broker", "warn", "no Kafka configured and no stack running", _START)
        return
    where = targets.kafka.bootstrap_servers
    if brokers_listed(where, 1, 5.0):
        yield Finding("broker", "ok", f"{where} answers")
    else:
        yield Finding("broker", "fail", f"{where} does not answer", "look at the broker's log")


def topics(_settings: LocalSettings) -> Iterator[Finding]:
    """Whether every topic is there as it must be."""
    targets = _targets()
    if targets is None or not brokers_listed(targets.kafka.bootstrap_servers, 1, 5.0):
        return
    from consentlog.kafka.topics import TOPICS, check_topics

    kafka = targets.kafka
    differences = check_topics(kafka.bootstrap_servers, kafka.topic_prefix)
    do = "`consentlog topics create` makes missing ones; settings are changed by hand"
    for line in differences:
        yield Finding("topics", "fail", line, do)
    if not differences:
        yield Finding("topics", "ok", f"{len(TOPICS)} as they must be")


def schemas(_settings: LocalSettings) -> Iterator[Finding]:
    """Whether the pinned schemas can all be read."""
    from consentlog.wire.schemas import parsed, pinned

    found = pinned()
    for schema_id in found:
        parsed(schema_id)
    ids = ", ".join(f"{row.id}={row.subject}" for row in found.values())
    yield Finding("schemas", "ok", ids)


def clickhouse(_settings: LocalSettings) -> Iterator[Finding]:
    """Whether ClickHouse answers and is up to date."""
    targets = _targets()
    if targets is None or targets.clickhouse is None:
        return
    from consentlog.clickhouse.client import build_client
    from consentlog.clickhouse.migrate import pending

    try:
        client = build_client(targets.clickhouse)
        try:
            waiting = pending(client)
        finally:
            client.close()
    except ConsentLogError as error:
        yield Finding("clickhouse", "fail", error.what(), error.do())
        return
    if waiting:
        seen = f"not applied: {', '.join(waiting)}"
        yield Finding("clickhouse", "fail", seen, "run `consentlog migrate`")
    else:
        yield Finding("clickhouse", "ok", f"{targets.clickhouse.url} answers, migrations applied")


def services(settings: LocalSettings) -> Iterator[Finding]:
    """Whether every service of the local stack is ready."""
    try:
        record = running_stack(Layout(settings.data_dir.expanduser().absolute()))
    except ConsentLogError:
        return
    for name, one in record.services.items():
        seen = f"{one.state}, started again {one.restarts} times"
        if one.state == "ready":
            yield Finding(name, "ok", seen)
        else:
            yield Finding(name, "fail", seen, f"read {one.log}")


RUNNING: Final[tuple[Check, ...]] = (broker, topics, schemas, clickhouse, services, spool)


@cache
def _targets() -> Targets | None:
    try:
        return find_targets()
    except ConsentLogError as error:
        if error.code == "CL-5007":
            return None
        raise
