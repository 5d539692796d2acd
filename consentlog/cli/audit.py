"""`consentlog audit check`: does the history equal the log?"""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated

import typer

from auditors.check import PartitionReport, check_counts, compare_bytes
from auditors.log import log_ends, read_partition
from consentlog.cli.auditor import auditor_settings, connected
from consentlog.cli.output import AsJson, ExitCode, Lang, emit, language, say
from consentlog.clickhouse.client import ClickHouseClient
from consentlog.kafka.topics import EVENTS
from consentlog.local.targets import Targets, find_targets

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Full = Annotated[bool, typer.Option("--full", help="re-read the log and compare every byte")]
Wait = Annotated[float, typer.Option("--wait", min=0, help="seconds the sink may need to catch up")]


@app.callback()
def audit() -> None:
    """Compare what the history holds with what the log holds."""


@app.command()
def check(
    *, full: Full = False, wait: Wait = 10.0, as_json: AsJson = False, lang: Lang = None
) -> None:
    """Check that each offset of the log stands in the history once. Changes nothing.

    Exit 0 if it does, 3 with one line per finding if not. Example: `consentlog audit check --full`.
    """
    zh = language(lang) == "zh"
    targets = find_targets()
    with connected(auditor_settings(targets)) as client:
        reports = _reports(client, targets, full=full, wait_s=wait)
    if as_json:
        emit([asdict(one) | {"exact": one.is_exact} for one in reports])
    else:
        _tell(reports, zh=zh)
    if not all(one.is_exact for one in reports):
        raise typer.Exit(ExitCode.VERIFICATION_FAILED)


def _reports(
    client: ClickHouseClient, targets: Targets, *, full: bool, wait_s: float
) -> list[PartitionReport]:
    topic = EVENTS.named(targets.kafka.topic_prefix)
    bootstrap = targets.kafka.bootstrap_servers
    deadline = time.monotonic() + wait_s
    while True:
        ends = log_ends(bootstrap, topic)
        reports = [check_counts(client, p, end) for p, (_, end) in ends.items()]
        if all(one.is_exact for one in reports) or time.monotonic() > deadline:
            break
        time.sleep(0.5)
    if not full:
        return reports
    return [
        compare_bytes(
            client, read_partition(bootstrap, topic, one.partition, ends[one.partition][0]), one
        )
        for one in reports
    ]


def _tell(reports: list[PartitionReport], *, zh: bool) -> None:
    rows, compared = sum(one.rows for one in reports), sum(one.compared for one in reports)
    for one in reports:
        for finding in one.findings:
            say(f"{'分区' if zh else 'partition'} {one.partition}: {finding}")
    exact = all(one.is_exact for one in reports)
    verdict = ("一致" if exact else "不一致") if zh else ("exact" if exact else "NOT exact")
    say(
        f"{verdict}: {len(reports)} 个分区，{rows} 行，逐字节比较 {compared} 行"
        if zh
        else f"{verdict}: {len(reports)} partitions, {rows} rows, {compared} compared byte by byte"
    )
