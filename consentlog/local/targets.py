"""Which Kafka and ClickHouse an operator means: the configured ones, else the local stack's."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr

from consentlog.errors import FatalError
from consentlog.local.layout import Layout, load_passwords
from consentlog.local.record import running_stack
from consentlog.local.settings import LocalSettings
from consentlog.settings import ClickHouseSettings, KafkaSettings, ServiceSettings


class _Environment(ServiceSettings):
    """Both groups, each only if configured."""

    kafka: KafkaSettings | None = None
    clickhouse: ClickHouseSettings | None = None


@dataclass(frozen=True, slots=True)
class Targets:
    """Where to; `layout` is set if the local stack is meant."""

    kafka: KafkaSettings
    clickhouse: ClickHouseSettings | None
    layout: Layout | None


def find_targets() -> Targets:
    """Read the environment; without Kafka's address there, find the running local stack.

    Raises:
        FatalError: `CL-6001` for wrong variables, `CL-5007` if nothing is configured or running.
    """
    environment = _Environment.read()
    if environment.kafka is not None:
        return Targets(environment.kafka, environment.clickhouse, None)
    layout = Layout(LocalSettings.read().data_dir.expanduser().absolute())
    record = running_stack(layout)
    kafka = KafkaSettings(bootstrap_servers=record.bootstrap, topic_prefix="")
    clickhouse = ClickHouseSettings(
        url=record.url("clickhouse"),
        user="writer",
        password=SecretStr(load_passwords(layout).writer),
        database="consentlog",
    )
    return Targets(kafka, clickhouse, layout)


def need_clickhouse(targets: Targets) -> ClickHouseSettings:
    """Return where ClickHouse is.

    Raises:
        FatalError: `CL-6001` if Kafka is configured and ClickHouse is not.
    """
    if targets.clickhouse is None:
        raise FatalError("CL-6001", problems="CONSENTLOG_CLICKHOUSE__URL: Field required")
    return targets.clickhouse
