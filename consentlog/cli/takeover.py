"""`consentlog takeover`: proposes a list of documented consents; sends it once it is approved."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import httpx2
import typer

from consentlog.cli.import_terms import Door, door_of, read_terms, sha256_of, told_columns
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
from consentlog.cli.output import AsJson, ExitCode, Lang, emit, language
from consentlog.cli.own_files import own_files
from consentlog.cli.stopping import Stopped, stop_on_signals
from consentlog.cli.takeover_screen import TakeoverScreen
from consentlog.errors import InvalidEvent
from producers.imports.columns import Columns
from producers.imports.faults import FaultFile
from producers.imports.memory import file_of
from producers.imports.tables import open_table
from producers.takeovers.columns import CONSENT_HEADERS, ConsentList, consent_columns
from producers.takeovers.listing import Listing, Look
from producers.takeovers.place import Place, place_in
from producers.takeovers.reading import ConsentReader, Fault
from producers.takeovers.sending import TakeoverClient, tally

_METHODS: Final = ("web", "app", "form", "keyword")
_CHANNELS: Final = ("voice", "sms", "all")

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

File = Annotated[Path, typer.Argument(metavar="FILE", help="CSV or XLSX, one consent a row")]
ListName = Annotated[str, typer.Option("--list", help="name of the list")]
Entity = Annotated[str, typer.Option("--entity", help="who was given the consents")]
SourceId = Annotated[str, typer.Option("--source", help="registry id; its key has grants:backfill")]
Method = Annotated[
    str | None, typer.Option("--method", help="web, app, form or keyword, where no column says it")
]
Channel = Annotated[
    str | None, typer.Option("--channel", help="voice, sms or all, where no column says it")
]
Version = Annotated[
    str | None,
    typer.Option("--text-version", help="of what was agreed to, where no column says it"),
]


@dataclass(frozen=True, slots=True)
class _Job:
    """One list on its way: what it is, what was found in it, where its files are."""

    listing: Listing
    columns: Columns
    look: Look
    manifest: dict[str, Any]
    faults: Path
    place: Path
    errors_bytes: int


@app.command()
def takeover(  # noqa: PLR0913  # options of a command
    file: File,
    list_name: ListName,
    entity: Entity,
    source: SourceId = "takeover",
    zone: Zone = None,
    region: Region = None,
    method: Method = None,
    channel: Channel = None,
    text_version: Version = None,
    column: Column = None,
    encoding: Encoding = None,
    sheet: Sheet = None,
    url: Url = None,
    key_file: KeyFile = None,
    data_dir: DataDir = None,
    errors: Faults = None,
    patience: Patience = 600.0,
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Take documented consents over from an older system; a second person approves the list.

    Each row needs a number, when and how the person agreed, the version of the text, a reference
    to the proof, and the channel. The first run looks the list over and proposes it; once somebody
    with role compliance approved it, the same command sends it, and may be stopped and started
    again: the same row is one act. Faulty rows stand in FILE.errors.csv and are not proposed.
    Exit 1 if the list was declined or a row was not recorded. Examples:

    \b
    consentlog takeover crm.csv --list crm-2024 --entity acme --zone Asia/Shanghai --dry-run
    consentlog takeover crm.csv --list crm-2024 --entity acme --zone Asia/Shanghai
    consentlog review decide ID --as approved --reason "compared with the forms"
    consentlog takeover crm.csv --list crm-2024 --entity acme --zone Asia/Shanghai
    """  # noqa: D301  # click's mark for lines to leave as they are
    screen = TakeoverScreen(language(lang), is_quiet=as_json)
    terms = read_terms(
        *(file, list_name, source, entity, zone, region, None, "objection"),
        *(data_dir, encoding, sheet),
    )
    _check_words(method, channel)
    of_source = terms.about.region
    about = ConsentList(list_name, entity, zone, of_source, method, channel, text_version)
    # Before the list is read, which can take a minute.
    door = None if dry_run else door_of(source, url, key_file, data_dir)
    job = _look_over(
        file, about, told_columns(column, CONSENT_HEADERS), (encoding, sheet), errors, screen
    )
    if door is None:
        if as_json:
            emit(_as_json(job, None, None))
        return
    if not yes and not screen.asks(job.look.consents):
        raise typer.Exit(ExitCode.FAILURE)
    _propose_or_send(job, door, patience, screen, as_json=as_json)


def _check_words(method: str | None, channel: str | None) -> None:
    for word, words, option in (
        (method, _METHODS, "--method"),
        (channel, _CHANNELS, "--channel"),
    ):
        if word is not None and word not in words:
            raise typer.BadParameter(", ".join(words), param_hint=option)


@own_files()
def _look_over(  # noqa: PLR0913  # what a list is read by
    file: Path,
    about: ConsentList,
    told: dict[str, str],
    how: tuple[str | None, str | None],
    errors: Path | None,
    screen: TakeoverScreen,
) -> _Job:
    fault_path = errors or file.with_name(f"{file.name}.errors.csv")
    before = sha256_of(file)
    table = open_table(file, *how)
    columns = consent_columns(table, told, about)
    listing = Listing(table, columns, ConsentReader(columns, about, table))
    with screen.reading() as on_progress, closing(FaultFile(fault_path, columns.header)) as faults:
        look = listing.look(faults, on_progress)
        errors_bytes = faults.flush()
    screen.preview(file, table, look, before, fault_path)
    if look.faults[Fault.NO_ZONE]:
        raise InvalidEvent("CL-1503", rows=look.faults[Fault.NO_ZONE])
    manifest = look.manifest(about.name, about.entity, before)
    place = file_of(file.parent, about.name, "takeover.json")
    return _Job(listing, columns, look, manifest, fault_path, place, errors_bytes)


def _propose_or_send(
    job: _Job, door: Door, patience: float, screen: TakeoverScreen, *, as_json: bool
) -> None:
    with (
        httpx2.Client(base_url=door.url, headers=door.headers, timeout=60, trust_env=False) as http,
        screen.sending() as (on_progress, on_wait),
    ):
        client = TakeoverClient(http, patience, on_wait)
        standing = client.propose(job.manifest)
        place = None
        if standing["status"] == "approved":
            place = place_in(job.place, standing["takeover_id"], job.errors_bytes)
            _send(job, client, place, screen, on_progress)
    screen.stands(standing, job.manifest)
    if place is not None:
        screen.result(place.counts, job.faults)
    if as_json:
        emit(_as_json(job, standing, None if place is None else place.counts))
    is_short = place is not None and place.counts["recorded"] < job.look.consents
    if is_short or standing["status"] == "declined":
        raise typer.Exit(ExitCode.FAILURE)


@own_files()
def _send(
    job: _Job, client: TakeoverClient, place: Place, screen: TakeoverScreen, on_progress: Any
) -> None:
    """Send what has no answer yet; a place is kept after each batch."""
    takeover_id = place.takeover_id
    with closing(FaultFile(job.faults, job.columns.header, place.errors_bytes)) as faults:
        try:
            with stop_on_signals():
                for at, lines in enumerate(job.listing.batches()):
                    if at < place.batches_done:
                        continue
                    results = client.send(takeover_id, job.manifest, at, lines)
                    place.counts += tally(lines, results, faults)
                    place.batches_done, place.errors_bytes = at + 1, faults.flush()
                    place.keep(job.place)
                    on_progress(place.counts.total())
        except Stopped:
            screen.stopped(place.counts.total())
            raise typer.Exit(ExitCode.FAILURE) from None


def _as_json(
    job: _Job, standing: dict[str, Any] | None, counts: Counter[str] | None
) -> dict[str, Any]:
    look = job.look
    shown: dict[str, Any] = {
        "rows": look.rows,
        "consents": look.consents,
        "repeated": look.repeated,
        "faults": {fault.value: count for fault, count in sorted(look.faults.items())},
        "file_sha256": job.manifest["file_sha256"],
    }
    return {**shown, **(standing or {}), **({} if counts is None else {"sent": dict(counts)})}
