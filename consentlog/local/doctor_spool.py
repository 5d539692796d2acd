"""The doctor's question to the local gateway's spool; it reads the file, also of a dead gateway."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from consentlog.local.doctor import Finding
from consentlog.local.layout import Layout
from consentlog.local.settings import LocalSettings

_LATE_SECONDS: Final = 60


def spool(settings: LocalSettings) -> Iterator[Finding]:
    """Whether everything that was accepted is in the log."""
    from producers.spool.store import FILE
    from producers.spool.upkeep import overview

    directory = Layout(settings.data_dir.expanduser().absolute()).spool
    if not (directory / FILE).exists():
        return
    found = overview(directory)
    oldest_ms = found.oldest_waiting_ms
    age = 0 if oldest_ms is None else max(0, int(time.time() - oldest_ms / 1000))
    if found.parked:
        seen = f"{len(found.parked)} records refused by Kafka for good"
        yield Finding("spool", "fail", seen, "`consentlog explain CL-1404`")
    if age > _LATE_SECONDS:
        seen = f"{found.waiting} records wait for the log, the oldest for {age} s"
        yield Finding("spool", "fail", seen, "`consentlog explain CL-1405`")
    elif not found.parked:
        yield Finding("spool", "ok", f"{found.waiting} records wait, the oldest for {age} s")
