"""`consentlog demo`: one checked-in day of refusals on a fresh stack, shown and judged."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from auditors.entries import masked_row
from auditors.queries import history_of
from auditors.timeline import print_timeline
from consentlog.cli.output import AsJson, Lang, emit, language
from consentlog.cli.stopping import Stopped, stop_on_signals
from consentlog.demo.next_steps import next_steps, write_numbers
from consentlog.demo.player import Mint
from consentlog.demo.report import report_of
from consentlog.demo.screen import Screen, console_for_people
from consentlog.demo.script import read_day
from consentlog.demo.show import Findings, run_show
from consentlog.demo.stage import ZONE, Stage, stage_on
from consentlog.domain.scope import Scope
from consentlog.errors import FatalError
from consentlog.explain.wording import say_reason
from consentlog.local.layout import Layout, check_vacant
from consentlog.local.stack import LocalStack
from consentlog.reference.secrets import load_secrets
from producers.links import LinkSealer

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

_SHOWN: Final = "+8613800138029"
"""Refused on the phone, opened for SMS by SMS: the number whose history is shown."""
_UNTOUCHED: Final = "+8613800138040"
_LINKED: Final = "+8613800138033"
_ENTITY: Final = "acme"
_INTERRUPTED: Final = 130

Once = Annotated[bool, typer.Option("--once", help="end by itself; exit 1 on any difference")]
DataDir = Annotated[
    Path | None, typer.Option("--data-dir", help="empty or new; default: a temporary one")
]
Keep = Annotated[bool, typer.Option("--keep", help="do not delete the temporary directory")]


@app.command()
def demo(
    *,
    once: Once = False,
    data_dir: DataDir = None,
    keep: Keep = False,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Start the whole stack, play one day of refusals, let a sample dialer work its call list.

    Shows who is not called any more and why, one number's history, and how fast each refusal was a
    *no*; stays up until Ctrl-C. Writes only into its data directory and the download cache. With
    --once: exit 0 only if every number came out as expected. Example: `consentlog demo --once`.
    """
    screen = Screen(console_for_people(), language(lang), say_reason)
    with stop_on_signals(), _data_directory(screen, data_dir, keep=keep) as root:
        is_kept = keep or data_dir is not None
        try:
            found = _show(screen, root, stays=not once, as_json=as_json, is_kept=is_kept)
        except Stopped:
            raise typer.Exit(_INTERRUPTED) from None
    if found.differences:
        raise typer.Exit(1)


def _show(screen: Screen, root: Path, *, stays: bool, as_json: bool, is_kept: bool) -> Findings:
    day = read_day()
    screen.opening(root)
    began = time.monotonic()
    stack = LocalStack(root, on_event=screen.service)
    with stack:
        start_seconds = time.monotonic() - began
        screen.up(start_seconds)
        mint = _minter(stack.layout)
        with stage_on(stack, day, mint) as stage:
            found = run_show(stage, day, screen.step, screen.worked)
            screen.flips(found)
            screen.timeline(lambda console: _timeline(console, stage, screen))
        screen.figures(found)
        if as_json:
            emit(report_of(found, start_seconds, screen.deaths))
        if stays:
            _stay(screen, stack, mint, is_kept=is_kept)
        screen.say("stopping")
    return found


def _stay(screen: Screen, stack: LocalStack, mint: Mint, *, is_kept: bool) -> None:
    """Keep the stack up until Ctrl-C, which is the ordinary end here."""
    layout = stack.layout
    write_numbers(layout, _SHOWN, _UNTOUCHED)
    screen.next_steps(
        next_steps(layout, stack.url("gateway"), stack.url("clickhouse"), mint(_LINKED))
    )
    screen.stay(layout.root, is_kept=is_kept)
    try:
        while stack.is_supervising:
            time.sleep(0.2)
    except Stopped:
        return
    raise RuntimeError("the supervisor's thread ended")


def _timeline(console: Console, stage: Stage, screen: Screen) -> None:
    query = history_of(stage.clickhouse.database, _SHOWN).inlined()
    rows = [masked_row(row) for row in stage.clickhouse.documents(query)]
    if rows:
        print_timeline(console, rows, ZONE, screen.lang)


def _minter(layout: Layout) -> Mint:
    """Return the maker of one-click tokens, as whoever sends messages for this deployment has."""
    secrets = load_secrets(layout.secrets)
    sealer = LinkSealer(secrets.link_active, secrets.link_keys)
    return lambda number: sealer.mint(number, Scope(_ENTITY))


@contextmanager
def _data_directory(screen: Screen, data_dir: Path | None, *, keep: bool) -> Iterator[Path]:
    """Give a directory without any earlier record; delete it afterwards if it is temporary.

    Raises:
        FatalError: `CL-9001` if a stack has lived in it, `CL-5013` if anything else does.
    """
    if data_dir is not None:
        root = data_dir.expanduser().absolute()
        if Layout(root).lock.exists():
            raise FatalError("CL-9001", path=root)
        check_vacant(Layout(root))
    else:
        root = Path(tempfile.mkdtemp(prefix="consentlog-demo-"))
    try:
        yield root
    finally:
        if data_dir is None and not keep:
            shutil.rmtree(root)
        else:
            screen.say("kept", path=root)
