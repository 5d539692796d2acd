"""`consentlog history +86…`: when a refusal was recorded, by whom, through what, and where."""

from __future__ import annotations

import getpass
import re
import sys
from datetime import tzinfo
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import structlog
import typer
from rich.console import Console

from auditors.entries import entry_of, masked_row
from auditors.queries import history_of
from auditors.timeline import print_timeline
from consentlog.cli.auditor import auditor_settings, connected
from consentlog.cli.output import AsJson, Lang, emit, language, say
from consentlog.local.targets import find_targets
from consentlog.observability.logging import mask_event
from consentlog.observability.masking import mask

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

_SEPARATORS = re.compile(r"[\s\-]")

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="for example +8613800138000")]
Entity = Annotated[str | None, typer.Option("--entity", help="only what concerns this entity")]
AsSql = Annotated[bool, typer.Option("--sql", help="print the query instead of running it")]
Unmask = Annotated[bool, typer.Option("--unmask", help="show the number whole; this is logged")]
Zone = Annotated[str | None, typer.Option("--zone", help="zone of the times shown; default: here")]


@app.command()
def history(  # noqa: PLR0913  # options of a command
    number: Number,
    entity: Entity = None,
    zone: Zone = None,
    *,
    as_sql: AsSql = False,
    unmask: Unmask = False,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Show every record about NUMBER in log order: what, by whom, four clocks, place in the log.

    Reads only; --unmask writes one log line to stderr, and so does --sql, whose text holds the
    number. Which ClickHouse: CONSENTLOG_CLICKHOUSE__URL, __USER, __PASSWORD, __DATABASE, else the
    running local stack's auditor. Example: `consentlog history +8613800138000 --entity acme`.
    """
    spoken = language(lang)
    shown_in = _zone(zone)
    subject = _SEPARATORS.sub("", number)
    settings = auditor_settings(find_targets())
    query = history_of(settings.database, subject, entity).inlined()
    if as_sql:
        _note_unmasking(subject, "sql")
        sys.stdout.write(query + "\n")
        return
    with connected(settings) as client:
        rows = client.documents(query)
    if unmask:
        _note_unmasking(subject, "history")
    else:
        rows = [masked_row(row) for row in rows]
    if as_json:
        emit([entry_of(row) for row in rows])
    elif rows:
        print_timeline(Console(stderr=True), rows, shown_in, spoken)
    else:
        nothing = "没有记录。" if spoken == "zh" else "The history holds nothing about it."
        say(f"{subject if unmask else mask(subject)}: {nothing}")


def _zone(name: str | None) -> tzinfo | None:
    try:
        return None if name is None else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as exc:
        raise typer.BadParameter(f"no zone {name}", param_hint="--zone") from exc


def _note_unmasking(subject: str, command: str) -> None:
    """Write down that somebody saw a number whole: unmasking is an audited act."""
    log = structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
            mask_event,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    log.info("number_unmasked", number=subject, command=command, by=getpass.getuser())
