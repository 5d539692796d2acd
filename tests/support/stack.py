"""One Kafka and one ClickHouse front a run, for every integration test.

Tests keep apart by names: a topic prefix and a database of their own (`topics`, `database`).
"""

from __future__ import annotations

import base64
import secrets
import urllib.request
from collections.abc import Iterator

import pytest

from consentlog.kafka.topics import create_topics
from consentlog.local.clickhouse_node import ClickHouseAccess, ClickHouseNode
from consentlog.local.jars import ensure_jars
from consentlog.local.kafka_node import KafkaCluster, KafkaRuntime
from consentlog.local.settings import LocalSettings
from consentlog.local.stack import LocalStack


@pytest.fixture(scope="session")
def kafka_runtime() -> KafkaRuntime:
    """Jars and java, for tests that start nodes of their own: `KafkaCluster(tmp_path, ...)`."""
    settings = LocalSettings.read()
    return KafkaRuntime(ensure_jars(settings.cache, settings.maven_repository))


@pytest.fixture(scope="session")
def kafka_cluster(
    kafka_runtime: KafkaRuntime, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[KafkaCluster]:
    """The run's one-node cluster, shared: never kill it, start your own for that."""
    overrides = {"log.cleaner.backoff.ms": "1000"}  # compaction within a test's patience
    directory = tmp_path_factory.mktemp("kafka")
    with KafkaCluster(directory, kafka_runtime, overrides=overrides) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def kafka(kafka_cluster: KafkaCluster) -> str:
    """Bootstrap address of the run's Kafka."""
    return kafka_cluster.bootstrap


@pytest.fixture
def topic_prefix() -> str:
    """A topic prefix that no other test uses; nothing is created."""
    return f"t{secrets.token_hex(4)}."


@pytest.fixture
def topics(kafka: str, topic_prefix: str) -> str:
    """The prefix under which all topics of the product were just created."""
    create_topics(kafka, topic_prefix)
    return topic_prefix


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseAccess]:
    """The run's ClickHouse: host, port, url, user, password, auditor_user, auditor_password."""
    with ClickHouseNode(tmp_path_factory.mktemp("clickhouse")) as node:
        yield node.access


@pytest.fixture
def database(clickhouse: ClickHouseAccess) -> Iterator[str]:
    """A fresh, empty database, dropped afterwards."""
    name = f"t{secrets.token_hex(4)}"
    ask(clickhouse, f"CREATE DATABASE {name}")
    yield name
    ask(clickhouse, f"DROP DATABASE {name}")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    """The whole product, every service, on ports and data of its own; shared by the run.

    Who kills a service of it waits with `stack.wait_ready()` before the test ends.
    """
    settings = LocalSettings.any_ports()
    with LocalStack(tmp_path_factory.mktemp("stack"), settings=settings) as running:
        yield running


def ask(access: ClickHouseAccess, sql: str) -> str:
    """Run one statement as the writer and return the answer's text."""
    token = base64.b64encode(f"{access.user}:{access.password}".encode()).decode()
    request = urllib.request.Request(
        access.url, sql.encode(), {"Authorization": f"Basic {token}"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return str(response.read().decode())
