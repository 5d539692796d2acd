"""Imports a list of a million rows: rows a second, and the most memory the import ever held.

Three runs, each a process of its own with another one as its gateway:

- the whole import against a stub that parses each batch and answers every item: all that the import
  itself does (read twice, look over, normalise, remember, encode, HTTP, answers, place kept), and
  nothing of the gateway;
- the same from XLSX;
- with `--gateway`, the import against the real gateway on a log in memory: what it costs to accept,
  without Kafka and without the spool's disk.

`.venv/bin/python -m benchmarks.imports [--rows N] [--gateway]`; exit 1 if the first misses a bound.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import platform
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

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


def write_csv(file: Path, rows: int) -> None:
    """Write a list with dates of five years; the numbers are made up."""
    with file.open("w", encoding="utf-8") as out:
        out.write("手机号,日期,渠道,备注\n")
        for n in range(rows):
            number = f"13{n % 10}{n // 10:08d}"
            date = f"202{n % 5 + 1}-{n % 12 + 1:02d}-{n % 28 + 1:02d}"
            out.write(f"{number},{date},{('', '电话', '短信')[n % 3]},客户要求不要再打\n")


def write_xlsx(file: Path, rows: int) -> None:
    """Write the list as a spreadsheet does that shares every text."""
    main = 'xmlns="urn:spreadsheet"'
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook {main} xmlns:r="urn:r"><sheets><sheet name="1" r:id="r1"/></sheets>'
            "</workbook>",
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            '<Relationships><Relationship Id="r1" Target="worksheets/sheet1.xml"/></Relationships>',
        )
        with archive.open("xl/sharedStrings.xml", "w") as out:
            out.write(f"<sst {main}><si><t>手机号</t></si><si><t>日期</t></si>".encode())
            for n in range(rows):
                out.write(f"<si><t>13{n % 10}{n // 10:08d}</t></si>".encode())
            out.write(b"</sst>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as out:
            out.write(f"<worksheet {main}><sheetData>".encode())
            out.write(b'<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>')
            for n in range(rows):
                at = n + 2
                out.write(
                    f'<row r="{at}"><c r="A{at}" t="s"><v>{at}</v></c>'
                    f'<c r="B{at}"><v>{44300 + n % 1500}</v></c></row>'.encode()
                )
            out.write(b"</sheetData></worksheet>")


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


def _serve_gateway(ready: Connection) -> None:
    """Serve the real channel on a log in memory, without a limit on how fast a key may send."""
    import socket

    import uvicorn

    from consentlog.http.clock import SystemClock
    from consentlog.kafka.partition import partition_of
    from consentlog.kafka.topics import PARTITIONS
    from consentlog.observability.logging import configure_logging
    from consentlog.settings import LogSettings
    from consentlog.testing.event_log import MemoryEventLog
    from producers.app import build_gateway
    from producers.limits import LimitSettings
    from tests.support.gateway import demo_reference

    configure_logging(LogSettings(level="WARNING"), "gateway")
    with tempfile.TemporaryDirectory() as directory:
        reference, keys = demo_reference(Path(directory))
    log = MemoryEventLog(lambda key: partition_of(key, PARTITIONS))
    limits = LimitSettings(acts_per_second=0, burst_acts=1)
    app = build_gateway(reference, log, SystemClock(), limits=limits)
    listening = socket.create_server(("127.0.0.1", 0))
    ready.send((listening.getsockname()[1], keys["care"]))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False))
    asyncio.run(server.serve([listening]))


@contextmanager
def serving(gateway: bool) -> Iterator[tuple[str, str]]:
    """Run a gateway in a process of its own; yields its address and the key."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    target = _serve_gateway if gateway else _serve_stub
    process = context.Process(target=target, args=(there,))
    process.start()
    try:
        if not here.poll(60):
            raise SystemExit("the gateway did not start")
        port, key = here.recv()
        yield f"http://127.0.0.1:{port}", key
    finally:
        process.kill()
        process.join()


def one_import(file: Path, url: str, key: str) -> Figures:
    """Run `consentlog import` as a process and wait for it."""
    key_file = file.with_name("key")
    key_file.write_text(key)
    key_file.chmod(0o600)
    program = Path(sys.executable).with_name("consentlog")
    argv = [str(program), "import", str(file), "--yes", "--list", file.name, "--source", "care"]
    argv += ["--entity", "acme", "--zone", "Asia/Shanghai", "--region", "CN", "--json"]
    argv += ["--url", url, "--key-file", str(key_file), "--data-dir", str(file.parent)]
    answer_file = f"{file}.json"
    flags = os.O_CREAT | os.O_WRONLY
    started = time.monotonic()
    pid = os.posix_spawn(
        argv[0],
        argv,
        dict(os.environ),
        file_actions=[(os.POSIX_SPAWN_OPEN, 1, answer_file, flags, 0o600)],
    )
    _, status, used = os.wait4(pid, 0)
    seconds = time.monotonic() - started
    if status:
        raise SystemExit(f"the import failed: {status}")
    answer = json.loads(Path(answer_file).read_text())
    if answer["sent"] != {"recorded": answer["rows"]}:
        raise SystemExit(f"not every row was recorded: {answer['sent']}")
    return Figures(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def show(name: str, rows: int, found: Figures) -> bool:
    """Print one line; tell whether both bounds hold."""
    rate = rows / found.seconds
    print(
        f"{name:34} {rate:9,.0f} rows/s   {found.seconds:6.1f} s, of them {found.cpu_s:6.1f} s CPU"
        f" of the import   {found.peak_mb:5.0f} MB",
        flush=True,
    )
    return rate >= BOUND_ROWS_S and found.peak_mb <= BOUND_MB


def main() -> int:
    """Run and print; exit 1 when the import alone misses a bound."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--gateway", action="store_true", help="the real gateway, too")
    args = parser.parse_args()
    print(machine(), flush=True)
    print(f"{args.rows:,} rows; bounds: {BOUND_ROWS_S:,} rows/s, {BOUND_MB} MB", flush=True)
    with tempfile.TemporaryDirectory(prefix="consentlog-bench-") as directory:
        here = Path(directory)
        write_csv(here / "list.csv", args.rows)
        write_xlsx(here / "list.xlsx", min(args.rows, 1_048_575))
        with serving(gateway=False) as (url, key):
            holds = show("CSV, stub gateway", args.rows, one_import(here / "list.csv", url, key))
            found = one_import(here / "list.xlsx", url, key)
            holds &= show("XLSX, stub gateway", min(args.rows, 1_048_575), found)
        if args.gateway:
            with serving(gateway=True) as (url, key):
                (here / "again").mkdir()
                again = here / "again" / "list.csv"
                again.symlink_to(here / "list.csv")
                found = one_import(again, url, key)
                show("CSV, real gateway, log in memory", args.rows, found)
    print("bounds of the import alone: " + ("hold" if holds else "MISSED"))
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
