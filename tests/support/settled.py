"""A stack at rest after a load: log, state and history compared, one sentence per difference."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from pydantic import SecretStr

from auditors.check import check_counts, compare_bytes
from consentlog.clickhouse.client import ClickHouseClient, build_client
from consentlog.domain.events import ConsentEvent
from consentlog.kafka.reader import read_to_end
from consentlog.kafka.topics import EVENTS, PARTITIONS
from consentlog.local.layout import load_passwords
from consentlog.local.stack import LocalStack
from consentlog.ports import Record
from consentlog.settings import ClickHouseSettings
from processors.held import judge
from tests.support.fold_bench import FoldBench
from tests.support.load import Acked

SINK_PATIENCE_S = 60.0


def auditor_of(stack: LocalStack) -> ClickHouseClient:
    """The history as the auditor may read it."""
    password = SecretStr(load_passwords(stack.layout).auditor)
    url = stack.url("clickhouse")
    return build_client(
        ClickHouseSettings(url=url, user="auditor", password=password, database="consentlog")
    )


def read_log(bootstrap: str) -> list[Record]:
    """The whole log in order."""
    found = read_to_end(bootstrap, EVENTS.name, partitions=PARTITIONS)
    return sorted(found, key=lambda one: (one.partition, one.offset))


def missing_from(log: Iterable[Record], acked: Iterable[Acked]) -> Iterator[str]:
    """Acknowledged acts that are not in the log, or not where their token says."""
    at, acts = dict[str, ConsentEvent](), defaultdict[tuple[str, str, str], int](int)
    for record in log:
        event = judge(record.partition, record.key, record.value)
        if isinstance(event, ConsentEvent):
            at[f"{record.partition}:{record.offset}"] = event
            acts[event.subject, event.fact.action.value, event.fact.source] += 1
    for one in acked:
        if one.token is None:
            if not acts[one.act.number, one.act.action, one.act.source]:
                yield f"{one.act}: nowhere in the log"
            continue
        event_there = at.get(one.token)
        if event_there is None:
            yield f"{one.act}: nothing at {one.token}"
        elif (event_there.subject, event_there.fact.event_id.hex()) != (
            one.act.number,
            one.event_id,
        ):
            yield f"{one.act}: another event at {one.token}"


def state_differences(stack: LocalStack, folder: Path) -> list[str]:
    """Keys whose last state record is not the pure fold of the log."""
    bench = FoldBench(stack.bootstrap, "", folder)
    bench.wait_folded(90)
    truth, states = bench.truth(), bench.states()
    return [
        f"{key}: {len(states[key].facts) if key in states else 'no'} facts in the state topic, "
        f"{len(truth[key].facts) if key in truth else 'none'} in the log"
        for key in truth.keys() | states.keys()
        if truth.get(key) != states.get(key)
    ]


def history_findings(stack: LocalStack, log: Iterable[Record]) -> list[str]:
    """What differs between history and log once the sink had its time; bytes are compared too."""
    by_partition: dict[int, list[Record]] = {partition: [] for partition in range(PARTITIONS)}
    for record in log:
        by_partition[record.partition].append(record)
    ends = {p: records[-1].offset + 1 if records else 0 for p, records in by_partition.items()}
    client = auditor_of(stack)
    try:
        deadline = time.monotonic() + SINK_PATIENCE_S
        while True:
            reports = [check_counts(client, partition, end) for partition, end in ends.items()]
            if all(one.is_exact for one in reports) or time.monotonic() > deadline:
                break
            time.sleep(0.5)
        compared = [compare_bytes(client, by_partition[one.partition], one) for one in reports]
    finally:
        client.close()
    assert sum(one.compared for one in compared) == sum(map(len, by_partition.values()))
    return [f"partition {one.partition}: {what}" for one in compared for what in one.findings]
