"""`consentlog import`: sends a list of refusals to the gateway; looks it over first."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Final

import httpx2
import typer

from consentlog.cli.import_screen import ImportScreen
from consentlog.cli.import_terms import Door, Terms, door_of, read_terms, sha256_of
from consentlog.cli.list_options import (
    Column,
    DataDir,
    DryRun,
    Encoding,
    Faults,
    KeyFile,
    Patience,
    Region,
    Sheet,
    Url,
    Yes,
    Zone,
)
from consentlog.cli.output import AsJson, Lang, emit, language
from consentlog.cli.own_files import own_files
from consentlog.cli.stopping import Stopped, stop_on_signals
from consentlog.errors import InvalidEvent
from consentlog.garbage import collect_rarely
from producers.imports.columns import Columns, columns_of, data_rows
from producers.imports.faults import FaultFile
from producers.imports.memory import list_memory, memory_file
from producers.imports.preview import Preview, check_numbers, check_readable, check_zone, preview
from producers.imports.rows import RowReader
from producers.imports.run import Import
from producers.imports.sending import HttpGateway
from producers.imports.tables import Table, open_table

_SWITCH_S: Final = 0.0005

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV, XLSX, or one number a line")]
ListName = Annotated[
    str, typer.Option("--list", help="name of the list; the same each time it is imported")
]
SourceId = Annotated[str, typer.Option("--source", help="registry id of who states the rows")]
Entity = Annotated[
    str | None, typer.Option("--entity", help="who was refused, where no column says it")
]
Basis = Annotated[
    str,
    typer.Option("--basis", help="do_not_call_list, objection, withdrawal or authority"),
]
StateDir = Annotated[
    Path | None,
    typer.Option("--state-dir", help="keeps what a list had; default: beside FILE"),
]

AllowUnreadable = Annotated[
    bool,
    typer.Option("--allow-unreadable", help="send even if more than a tenth cannot be read"),
]


@app.command()
def import_(  # noqa: PLR0913  # options of a command
    file: File,
    list_name: ListName,
    source: SourceId,
    entity: Entity = None,
    zone: Zone = None,
    region: Region = None,
    column: Column = None,
    encoding: Encoding = None,
    sheet: Sheet = None,
    basis: Basis = "do_not_call_list",
    url: Url = None,
    key_file: KeyFile = None,
    data_dir: DataDir = None,
    state_dir: StateDir = None,
    errors: Faults = None,
    patience: Patience = 600.0,
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    allow_unreadable: AllowUnreadable = False,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Record every row of a list as a refusal. An import only tightens.

    Looks the whole list over and counts, then asks, then sends. May be stopped and started again:
    it goes on where it stopped, and the same row of the same list is one act. Rows that a person
    must look at stand in FILE.errors.csv. Exit 1 if a row was recorded nowhere, or if nothing was
    sent because more than a tenth of the rows (and more than 100) cannot be read. Example:

    \b
    consentlog import dnc.csv --list weekly-dnc --source care --entity acme --zone Asia/Shanghai
    """  # noqa: D301  # click's mark for lines to leave as they are
    _be_quick()
    screen = ImportScreen(language(lang), is_quiet=as_json)
    terms = read_terms(
        file, list_name, source, entity, zone, region, column, basis, data_dir, encoding, sheet
    )
    before = _stamp(file)
    table = open_table(file, encoding, sheet)
    columns = columns_of(table, terms.told)
    terms.check_entity(columns)
    reader = RowReader(columns, terms.about, table)
    fault_path = errors or file.with_name(f"{file.name}.errors.csv")
    # Before the list is read, which can take a minute.
    door = None if dry_run else door_of(source, url, key_file, data_dir)
    found = _look_over(table, columns, reader, fault_path if dry_run else None, screen)
    screen.preview(file, table, found)
    check_numbers(found)
    check_zone(found, zone)
    if dry_run and as_json:
        emit(_as_json(found, None))
    if not allow_unreadable:
        check_readable(found)
    if door is None:
        return
    if not yes and not screen.asks(found.rows):
        raise typer.Exit(1)
    directory = state_dir or file.absolute().parent
    counts = _send(terms, door, (table, columns, reader), (directory, fault_path), patience, screen)
    if _stamp(file) != before:
        raise InvalidEvent("CL-1501", file=file.name, reason="it changed while it was read")
    screen.result(counts, fault_path)
    if as_json:
        emit(_as_json(found, counts))
    if counts["lost"]:
        raise typer.Exit(1)


def _be_quick() -> None:
    """Set the interpreter up for a list: a thread that reads rows, and some that send them."""
    # Python's default of 5 ms is paid for each step of each request on its way.
    sys.setswitchinterval(_SWITCH_S)
    collect_rarely()


@own_files()
def _look_over(
    table: Table, columns: Columns, reader: RowReader, fault_path: Path | None, screen: ImportScreen
) -> Preview:
    with screen.reading() as on_progress:
        if fault_path is None:
            return preview(table, columns, reader, None, on_progress)
        with closing(FaultFile(fault_path, columns.header)) as faults:
            return preview(table, columns, reader, faults, on_progress)


@own_files()
def _send(  # noqa: PLR0913  # what a run stands on
    terms: Terms,
    door: Door,
    what: tuple[Table, Columns, RowReader],
    where: tuple[Path, Path],
    patience: float,
    screen: ImportScreen,
) -> Counter[str]:
    table, columns, reader = what
    directory, fault_path = where
    name = terms.about.name
    with (
        list_memory(memory_file(directory, name), name) as memory,
        httpx2.Client(
            base_url=door.url, headers=door.headers, timeout=60, trust_env=False
        ) as client,
        screen.sending() as (on_progress, on_wait),
    ):
        run = memory.begin(sha256_of(terms.file), terms.as_text(columns))
        screen.begins(run, memory.rows_known)
        gateway = HttpGateway(client, patience, on_wait)
        with closing(FaultFile(fault_path, columns.header, run.errors_bytes)) as faults:
            send = Import(name, reader, memory, gateway, faults, on_progress)
            try:
                with stop_on_signals():
                    return send.run(data_rows(table, columns), run)
            except Stopped:
                screen.stopped(run.rows_done)
                raise typer.Exit(1) from None
            finally:
                gateway.stop()


def _stamp(file: Path) -> tuple[int, int]:
    try:
        found = file.stat()
    except OSError as exc:
        reason = exc.strerror or "it cannot be opened"
        raise InvalidEvent("CL-1501", file=file.name, reason=reason) from None
    return found.st_mtime_ns, found.st_size


def _as_json(found: Preview, counts: Counter[str] | None) -> dict[str, object]:
    shown: dict[str, object] = asdict(found)
    shown["findings"] = {finding.value: count for finding, count in found.findings.items()}
    if counts is not None:
        shown["sent"] = dict(counts)
    return shown
