"""Imports a list of a million rows: rows a second, and the most memory the import ever held.

The real thing first: `consentlog import` through one gateway process, with its spool, into one
Kafka node whose topics are as in production; meanwhile somebody refuses on the phone ten times a
second. Then the same rows as another list, whose import is killed in the middle and started again:
it looks the whole list over twice. Afterwards the log is read: each row of both lists is in it, and
none counts twice. Then what the import alone takes, against a stub that parses each batch and
answers: from CSV and from XLSX.

`.venv/bin/python -m benchmarks.imports [--rows N] [--stub]`; exit 1 if a bound is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import platform
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple, Self

from benchmarks.lists import write_csv, write_xlsx
from benchmarks.stage import kafka
from consentlog.kafka.reader import build_reader, read_to_end, watermarks
from consentlog.kafka.topics import EVENTS, PARTITIONS, create_topics
from tests.support.gateway import refusal
from tests.support.gateway_process import GatewayProcess

BOUND_ROWS_S = 10_000
BOUND_MB = 200
KEY = "cl_benchmark"


class Figures(NamedTuple):
    """What one import took."""

    seconds: float
    cpu_s: float
    peak_mb: float


def machine() -> str:
    """Name the machine."""
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    python = platform.python_version()
    return f"{platform.machine()}, {os.cpu_count()} cores, load {load}, Python {python}"


async def _stub(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer every batch on one connection, an id for each item."""
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            writer.close()
            return
        length = next(
            int(line.split(b":")[1])
            for line in head.lower().split(b"\r\n")
            if line.startswith(b"content-length")
        )
        rows = json.loads(await reader.readexactly(length))["rows"]
        body = json.dumps(
            {"accepted": len(rows), "rejected": 0, "spooled": 0, "results": []}
        ).encode()
        writer.write(b"HTTP/1.1 202 Accepted\r\ncontent-type: application/json\r\n")
        writer.write(f"content-length: {len(body)}\r\n\r\n".encode() + body)


def _serve_stub(ready: Connection) -> None:
    async def main() -> None:
        server = await asyncio.start_server(_stub, "127.0.0.1", 0, limit=1 << 22)
        ready.send((server.sockets[0].getsockname()[1], KEY))
        await server.serve_forever()

    asyncio.run(main())


@contextmanager
def stub() -> Iterator[tuple[str, str]]:
    """Run the stub in a process of its own; yields its address and the key."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve_stub, args=(there,))
    process.start()
    try:
        if not here.poll(60):
            raise SystemExit("the stub did not start")
        port, key = here.recv()
        yield f"http://127.0.0.1:{port}", key
    finally:
        process.kill()
        process.join()


def command(file: Path, url: str, key: str) -> list[str]:
    """Return the command of an import, with its key beside the file."""
    key_file = file.with_name("key")
    key_file.write_text(key)
    key_file.chmod(0o600)
    program = Path(sys.executable).with_name("consentlog")
    argv = [str(program), "import", str(file), "--yes", "--list", file.name, "--source", "care"]
    argv += ["--entity", "acme", "--zone", "Asia/Shanghai", "--region", "CN", "--json"]
    return [*argv, "--url", url, "--key-file", str(key_file), "--data-dir", str(file.parent)]


def one_import(
    file: Path, url: str, key: str, stop_at: Callable[[], bool] | None = None
) -> Figures:
    """Run `consentlog import` as a process and wait for it.

    Args:
        file: The list.
        url: The gateway's.
        key: The source's.
        stop_at: Says when to kill it; None = never.
    """
    argv = command(file, url, key)
    told = Path(f"{file}.json")
    opened = (os.POSIX_SPAWN_OPEN, 1, str(told), os.O_CREAT | os.O_WRONLY, 0o600)
    started = time.monotonic()
    pid = os.posix_spawn(argv[0], argv, dict(os.environ), file_actions=[opened])
    if stop_at is not None:
        while not stop_at():
            time.sleep(0.1)
        os.kill(pid, signal.SIGKILL)
    _, status, used = os.wait4(pid, 0)
    seconds = time.monotonic() - started
    if stop_at is None:
        _check(status, told)
    return Figures(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def _check(status: int, told: Path) -> None:
    if status:
        raise SystemExit(f"the import failed: {status}")
    answer = json.loads(told.read_text())
    if answer["sent"] != {"recorded": answer["rows"]}:
        raise SystemExit(f"not every row was recorded: {answer['sent']}")


def show(name: str, rows: int, found: Figures) -> bool:
    """Print one line; tell whether both bounds hold."""
    rate = rows / found.seconds
    print(
        f"{name:40} {rate:9,.0f} rows/s   {found.seconds:6.1f} s, of them {found.cpu_s:6.1f} s CPU"
        f" of the import   {found.peak_mb:5.0f} MB",
        flush=True,
    )
    return rate >= BOUND_ROWS_S and found.peak_mb <= BOUND_MB


def through_gateway(here: Path, rows: int) -> bool:
    """Import two lists through a real gateway, one in one go; tell whether all bounds hold."""
    write_csv(here / "list.csv", rows)
    (here / "killed.csv").hardlink_to(here / "list.csv")
    with kafka() as bootstrap:
        create_topics(bootstrap)
        settings = {"CONSENTLOG_LOG__LEVEL": "WARNING"}
        gateway = GatewayProcess(here / "gateway", bootstrap, settings=settings)
        try:
            gateway.wait_for("/readyz", 200)
            url, key = f"http://127.0.0.1:{gateway.port}", gateway.keys["care"]
            used_s = cpu_seconds(gateway.process.pid)
            with Caller(gateway) as caller:
                whole = one_import(here / "list.csv", url, key)
            used_s = cpu_seconds(gateway.process.pid) - used_s
            holds = show("CSV, gateway, spool, Kafka", rows, whole)
            print(f"gateway: {used_s / rows * 1e6:.0f} us CPU a row; {caller.told()}", flush=True)
            middle = rows + rows // 2
            first = one_import(
                here / "killed.csv", url, key, lambda: last_offsets(bootstrap) >= middle
            )
            both = _sum(first, one_import(here / "killed.csv", url, key))
            holds &= both.peak_mb <= BOUND_MB
            show("the same, killed once", rows, both)
            gateway.wait_for_metric("consentlog_spool_waiting_records", 0)
        finally:
            gateway.kill()
        # In a process of its own: a child's greatest memory begins with its parent's.
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            records, acts, numbers = pool.apply(counted, (bootstrap,))
    print(f"in the log: {records:,} records of {acts:,} acts of {numbers:,} numbers")
    exact = acts == 2 * rows and numbers == rows
    print("nothing lost, nothing doubled" if exact else "NOT every row is exactly one act")
    return holds and exact


def _sum(one: Figures, other: Figures) -> Figures:
    return Figures(
        one.seconds + other.seconds, one.cpu_s + other.cpu_s, max(one.peak_mb, other.peak_mb)
    )


class Caller(threading.Thread):
    """Refuses ten times a second while it is entered, and keeps how long each took."""

    def __init__(self, gateway: GatewayProcess) -> None:
        super().__init__(daemon=True)
        self._gateway = gateway
        self._over = threading.Event()
        self._took_ms: list[float] = []
        self._failed = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()

    def run(self) -> None:
        """Refuse until it is over."""
        for n in count():
            if self._over.wait(0.1):
                return
            started = time.perf_counter()
            act = refusal(number=f"155{n:08d}", source_ref=f"call-{n}")
            answer = self._gateway.post(act)
            self._took_ms.append((time.perf_counter() - started) * 1000)
            self._failed += answer.status_code != 202

    def told(self) -> str:
        """Say how long single refusals took meanwhile."""
        took = sorted(self._took_ms)
        p50, p99 = took[len(took) // 2], took[len(took) * 99 // 100]
        return (
            f"meanwhile {len(took)} single refusals, {self._failed} not taken:"
            f" p50 {p50:.0f} ms, p99 {p99:.0f} ms, at most {took[-1]:.0f} ms"
        )


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process so far (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def last_offsets(bootstrap: str) -> int:
    """Return how many records are in the log of the events."""
    reader = build_reader(bootstrap, "benchmark")
    try:
        return sum(watermarks(reader, EVENTS.name, p)[1] for p in range(PARTITIONS))
    finally:
        reader.close()


def counted(bootstrap: str) -> tuple[int, int, int]:
    """Count the list's records, different acts and different numbers in the log."""
    records, acts, numbers = 0, set(), set()
    for record in read_to_end(bootstrap, EVENTS.name, partitions=PARTITIONS):
        if record.key is not None and not record.key.startswith(b"+86155"):
            records += 1
            acts.add(dict(record.headers)["ce_id"])
            numbers.add(record.key)
    return records, len(acts), len(numbers)


def main() -> int:
    """Run and print; exit 1 when a bound is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--stub", action="store_true", help="the import alone")
    args = parser.parse_args()
    print(machine(), flush=True)
    print(f"{args.rows:,} rows; bounds: {BOUND_ROWS_S:,} rows/s, {BOUND_MB} MB", flush=True)
    with tempfile.TemporaryDirectory(prefix="consentlog-bench-") as directory:
        here = Path(directory)
        holds = args.stub or through_gateway(here, args.rows)
        alone = here / "alone"
        alone.mkdir()
        write_csv(alone / "list.csv", args.rows)
        of_sheet = min(args.rows, 1_048_575)
        write_xlsx(alone / "list.xlsx", of_sheet)
        with stub() as (url, key):
            holds &= show("CSV, stub gateway", args.rows, one_import(alone / "list.csv", url, key))
            found = one_import(alone / "list.xlsx", url, key)
            holds &= show("XLSX, stub gateway", of_sheet, found)
        print(f"load at the end {os.getloadavg()[0]:.1f}")
    print("bounds: " + ("hold" if holds else "MISSED"))
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
