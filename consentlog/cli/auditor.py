"""How the audit commands reach the history: as the auditor, who may only read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import SecretStr

from consentlog.clickhouse.client import ClickHouseClient, build_client
from consentlog.local.layout import load_passwords
from consentlog.local.targets import Targets, need_clickhouse
from consentlog.settings import ClickHouseSettings


def auditor_settings(targets: Targets) -> ClickHouseSettings:
    """Return the configured user, or the local stack's auditor."""
    settings = need_clickhouse(targets)
    if targets.layout is None:
        return settings
    password = SecretStr(load_passwords(targets.layout).auditor)
    return settings.model_copy(update={"user": "auditor", "password": password})


@contextmanager
def connected(settings: ClickHouseSettings) -> Iterator[ClickHouseClient]:
    """Connect and close again.

    Raises:
        TransientError: `CL-8101` if nothing answers.
        FatalError: `CL-8103` for wrong credentials.
    """
    client = build_client(settings)
    try:
        yield client
    finally:
        client.close()
