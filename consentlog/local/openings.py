"""What a start does before the first service: clear leftovers away, choose ports."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from consentlog.local.layout import Layout
from consentlog.local.ports import free_port
from consentlog.local.record import read_record
from consentlog.local.settings import LocalSettings

_LEFTOVER_SECONDS: Final = 10.0


def end_leftovers(layout: Layout) -> list[str]:
    """End services of a supervisor that died, found by recorded id and start time, never by name.

    Args:
        layout: Of a data directory whose lock the caller holds.

    Returns:
        Names of the services that still ran.
    """
    record = read_record(layout)
    if record is None:
        return []
    found = {
        name: service.identity
        for name, service in record.services.items()
        if service.identity is not None and service.identity.is_alive()
    }
    if found:
        with ThreadPoolExecutor(len(found)) as pool:
            list(pool.map(lambda identity: identity.end(_LEFTOVER_SECONDS), found.values()))
    return list(found)


def choose_ports(layout: Layout, settings: LocalSettings) -> dict[str, int]:
    """Choose a port for each name: last time's, else the configured, else any that is free.

    Last time's come first so that a client's bookmarks survive a restart.
    """
    record = read_record(layout)
    before: Mapping[str, int] = record.ports if record else {}
    chosen: dict[str, int] = {}
    for name, wanted in _wanted(settings).items():
        port = free_port(before.get(name, wanted), chosen.values())
        chosen[name] = port
    return chosen


def _wanted(settings: LocalSettings) -> dict[str, int]:
    probe = settings.probe_port
    return {
        "kafka": settings.kafka_port,
        "controller": settings.controller_port,
        "clickhouse": settings.clickhouse_port,
        "gateway": settings.gateway_port,
        "gate": settings.gate_port,
        "fold": probe,
        "sink": probe + 1 if probe else 0,
    }
