"""What an auditor reads and checks, on real Kafka and ClickHouse, as the read-only user."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Sequence

import pytest
from typer.testing import CliRunner, Result

from consentlog.cli import audit, history
from consentlog.clickhouse.history_table import HISTORY, HISTORY_COLUMNS
from consentlog.clickhouse.migrate import migrate
from consentlog.domain.events import ConsentEvent
from consentlog.domain.vocabulary import Precision
from consentlog.local.clickhouse_node import ClickHouseAccess
from consentlog.wire.evidence import Evidence, encode_evidence
from sinks.rows import row_of
from sinks.writer import ClickHouseHistory
from tests.support.histories import NOON_MS, event_id, granted, held, refused
from tests.support.history import client_of
from tests.support.sinks import SinkStage, stage_of

pytestmark = pytest.mark.integration

NUMBER = "+8613800138000"
EVIDENCE = encode_evidence(Evidence(source_ref="call-13800138000-7", verbatim="别再打了"))
STORY = (
    ConsentEvent(NUMBER, granted(1, NOON_MS - 5000, until_ms=NOON_MS + 9), NOON_MS - 4000),
    ConsentEvent(
        NUMBER,
        refused(
            2,
            NOON_MS,
            zone="Asia/Shanghai",
            margin_ms=300_000,
            precision=Precision.MINUTE,
            accepted_at_ms=NOON_MS + 700,
            brand="acme-life",
        ),
        NOON_MS + 300,
        evidence=EVIDENCE,
    ),
    ConsentEvent(NUMBER, held(3, NOON_MS + 5000, entity="*", occurred_at_ms=None)),
    b"\x00\x00\x00\x00\x01rubbish",
    ConsentEvent(NUMBER, refused(4, NOON_MS + 9000, entity="beta")),
)


@pytest.fixture(scope="module")
def stage(
    kafka: str, clickhouse: ClickHouseAccess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SinkStage]:
    """A written history; written by hand, because the sink has its own tests."""
    with client_of(clickhouse, "auditing") as client:
        migrate(client)
        path = tmp_path_factory.mktemp("audit")
        with stage_of(kafka, "auditing.", clickhouse, client, path) as stage:
            stage.make_topic(2)
            stage.produce(STORY, partition=1)
            rows = [row_of(record) for record in stage.log_records()]
            client.insert(HISTORY, HISTORY_COLUMNS, rows, "story")
            yield stage
        client.command("DROP DATABASE {database:Identifier}")


@pytest.fixture
def environment(stage: SinkStage, monkeypatch: pytest.MonkeyPatch) -> SinkStage:
    values = {
        "KAFKA__BOOTSTRAP_SERVERS": stage.bootstrap,
        "KAFKA__TOPIC_PREFIX": stage.prefix,
        "CLICKHOUSE__URL": stage.access.url,
        "CLICKHOUSE__USER": stage.access.auditor_user,
        "CLICKHOUSE__PASSWORD": stage.access.auditor_password,
        "CLICKHOUSE__DATABASE": stage.client.database,
    }
    for name, value in values.items():
        monkeypatch.setenv(f"CONSENTLOG_{name}", value)
    monkeypatch.setenv("COLUMNS", "120")
    return stage


def run_history(*arguments: str) -> Result:
    result = CliRunner().invoke(history.app, [NUMBER, *arguments])
    assert result.exit_code == 0, result.output
    return result


@pytest.mark.usefixtures("environment")
def test_the_refusal_is_told_with_four_clocks_and_its_place() -> None:
    entries = json.loads(run_history("--json").stdout)
    assert [one["offset"] for one in entries] == [0, 1, 2, 3, 4]
    refusal = entries[1]
    assert refusal["subject"] == "+86138****8000"
    assert refusal["token"] == "1:1"
    assert refusal["topic"] == "auditing.consent.events.v1"
    assert refusal["event_id"] == event_id(2).hex()
    assert refusal["occurred_at"] == "2025-11-22T04:00:00.000Z"
    assert refusal["recorded_at"] == "2025-11-22T04:00:00.300Z"
    assert refusal["accepted_at"] == "2025-11-22T04:00:00.700Z"
    assert refusal["ingested_at"].endswith("Z")
    assert (refusal["source"], refusal["method"]) == ("desk", "spoken")
    assert (refusal["actor_type"], refusal["actor_id"]) == ("agent", "agent-7")
    assert refusal["source_ref"].startswith("call-138")
    assert "13800138000" not in refusal["source_ref"]
    assert refusal["precision"] == "minute"
    assert entries[2]["occurred_at"] is None
    assert entries[3]["decoded"] is False
    assert entries[3]["defect"]


@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize(
    ("lang", "words"),
    [
        ("en", ("REFUSED", "agent agent-7", "desk · spoken", "± 300 s", "Asia/Shanghai")),
        ("zh", ("拒绝", "坐席 agent-7", "desk · 口头", "本人表示", "写入日志")),
    ],
)
def test_people_read_a_timeline_without_the_number(lang: str, words: Sequence[str]) -> None:
    text = run_history("--lang", lang, "--zone", "Asia/Shanghai").stderr
    for word in (*words, "2025-11-22 12:00:00.000+08:00", "auditing.consent.events.v1 / 1 / 1"):
        assert word in text
    assert "13800138000" not in text


@pytest.mark.usefixtures("environment")
def test_an_entity_sees_its_own_and_what_concerns_every_entity() -> None:
    entries = json.loads(run_history("--json", "--entity", "acme").stdout)
    assert [one["offset"] for one in entries] == [0, 1, 2, 3]


@pytest.mark.usefixtures("environment")
def test_unmasking_is_written_down() -> None:
    result = run_history("--json", "--unmask")
    assert json.loads(result.stdout)[0]["subject"] == NUMBER
    note = json.loads(result.stderr)
    assert (note["event"], note["number"]) == ("number_unmasked", "+86138****8000")
    assert note["by"]


def test_the_printed_query_runs_with_any_client(environment: SinkStage) -> None:
    sql = run_history("--sql", "--entity", "acme").stdout
    access = environment.access
    headers = {
        "X-ClickHouse-User": access.auditor_user,
        "X-ClickHouse-Key": access.auditor_password,
    }
    request = urllib.request.Request(
        f"{access.url}/?default_format=JSONEachRow", sql.encode(), headers
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        lines = [json.loads(line) for line in answer.read().splitlines()]
    assert [one["event_id"] for one in lines][:2] == [event_id(1).hex(), event_id(2).hex()]
    assert lines[1]["occurred_at"] == "2025-11-22 04:00:00.000"


def test_the_check_finds_what_was_changed(environment: SinkStage) -> None:
    checked = CliRunner().invoke(audit.app, ["check", "--full", "--wait", "0"])
    assert checked.exit_code == 0, checked.output
    assert "exact: 2 partitions, 5 rows, 5 compared" in checked.stderr
    writer = ClickHouseHistory(environment.client, environment.topic)
    environment.produce([b"new"], partition=1)
    behind = CliRunner().invoke(audit.app, ["check", "--wait", "0", "--json"])
    assert behind.exit_code == 3
    assert json.loads(behind.stdout)[1]["behind"] == 1
    writer.record_hole(1, 5, 5)
    writer.record_hole(1, 5, 5)
    assert CliRunner().invoke(audit.app, ["check", "--wait", "0"]).exit_code == 0
    environment.client.command(
        "ALTER TABLE {database:Identifier}.consent_history"
        " UPDATE defect = '', kafka_value = 'changed' WHERE kafka_offset = 4"
        " SETTINGS mutations_sync = 2"
    )
    assert CliRunner().invoke(audit.app, ["check", "--wait", "0"]).exit_code == 0
    full = CliRunner().invoke(audit.app, ["check", "--wait", "0", "--full"])
    assert full.exit_code == 3
    assert "differ from the log, at offsets 4, 5" in full.stderr
