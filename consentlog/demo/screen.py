"""The show on screen, zh or en; plain lines where nobody watches a terminal."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rich.box import SIMPLE
from rich.cells import set_cell_size
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from consentlog.demo.history import HistoryRow
from consentlog.demo.next_steps import NextStep
from consentlog.demo.player import Played
from consentlog.demo.script import Phase
from consentlog.demo.show import Findings
from consentlog.demo.stage import ZONE, contact_of
from consentlog.demo.words import CHANNELS, said
from consentlog.errors import Language
from consentlog.local.supervised import StackEvent
from consentlog.observability.masking import mask
from dialers.sample import CallRow

_PLAIN_COLUMNS: Final = 130

SayReason = Callable[[Mapping[str, Any], Language], str]


def console_for_people(*, is_plain: bool | None = None) -> Console:
    """Return a console on standard error: wide and without colour unless it is a terminal."""
    console = Console(stderr=True, highlight=False, soft_wrap=False)
    if is_plain or (is_plain is None and not console.is_terminal):
        return Console(stderr=True, highlight=False, width=_PLAIN_COLUMNS, no_color=True)
    return console


@dataclass(slots=True)
class Screen:
    """Prints each act.

    Args:
        console: Where to.
        lang: Language of everything but names of services.
        say_reason: Puts a gate's reason in words.
        started: Monotonic clock from which seconds are counted.
        deaths: Services that died so far, each with its reason.
    """

    console: Console
    lang: Language
    say_reason: SayReason
    started: float = field(default_factory=time.monotonic)
    deaths: list[str] = field(default_factory=list)

    def opening(self, path: object) -> None:
        """Say what begins and where its data lies."""
        self._heading("title")
        self._line("starting", path=path)

    def service(self, event: StackEvent) -> None:
        """Show one event of the stack's start or stop."""
        if event.kind == "died":
            self.deaths.append(f"{event.service}: {event.detail}")
        if event.kind != "starting":
            seconds = time.monotonic() - self.started
            self._print(f"  {seconds:5.1f} s  {event.service:<12} {event.kind} {event.detail}")

    def up(self, seconds: float) -> None:
        """Say that the stack is ready; the first act begins."""
        self._line("up", seconds=seconds)
        self._heading("act_before")

    def step(self, played: Played, took_ns: int | None) -> None:
        """Show one step, and how fast its refusal was a *no*."""
        step = played.step
        at = step.at.partition("T")[2][:5]
        channel = set_cell_size(CHANNELS[step.channel][self.lang], 10)
        number = set_cell_size(mask(step.number) if step.number else "", 15)
        result = self._result(played, took_ns)
        self._print(f"  {at}  {channel} {number} {step.what[self.lang]}  -> {result}")

    def worked(self, phase: Phase, rows: list[CallRow]) -> None:
        """Sum up one run of the dialer over its list."""
        called = sum(row.called for row in rows)
        self._line(f"worked_{phase}", count=len(rows), called=called, not_called=len(rows) - called)
        if phase == "before":
            self._heading("act_day")

    def flips(self, found: Findings) -> None:
        """Show who was called before and is not any more, and why; count the others."""
        self._heading("act_flip")
        table = self._table("number", "contact", "flip", "why")
        recorded = {row.event_id: row for row in found.history if row.event_id}
        arrow = f"{said('allow', self.lang)} -> {said('deny', self.lang)}"
        for before, after in zip(found.before, found.after, strict=True):
            if before.called and not after.called:
                contact = contact_of(after)
                place = f"{contact.entity} {contact.campaign or '-'} {contact.channel}"
                table.add_row(
                    contact.number, place, f"[red]{arrow}[/red]", self._why(after, recorded)
                )
        self.console.print(table)
        still = sum(row.called for row in found.after)
        never = [row for row in found.before if not row.called]
        self._line("still", called=still, never=len(never))
        for row in never:
            self._print(f"  {row.number:<15} {self._why(row, recorded)}")

    def timeline(self, print_it: Callable[[Console], None]) -> None:
        """Show one number's history."""
        self._heading("act_timeline")
        print_it(self.console)

    def figures(self, found: Findings) -> None:
        """Show latency, exactness, and the verdict on the whole show."""
        self._heading("act_figures")
        if (latency := found.latency) is not None:
            self._line("latency", p50=latency.p50_ms, p99=latency.p99_ms, count=latency.count)
        if found.differences:
            self._differences(found)
            return
        self._line("exact", rows=len(found.history), reviews=found.review_count)
        text = said("as_expected", self.lang, count=len(found.after), seconds=found.seconds)
        self._print(f"[bold green]{text}[/bold green]", markup=True)

    def next_steps(self, steps: Iterable[NextStep]) -> None:
        """Show commands and addresses that work while the stack is up."""
        self._heading("act_next")
        for step in steps:
            if step.name:
                self._print(f"  # {said(step.name, self.lang)}")
            self.console.print(f"  {step.command}", markup=False, soft_wrap=True)

    def stay(self, path: object, *, is_kept: bool) -> None:
        """Say how it ends."""
        deletes = "" if is_kept else said("and_deletes", self.lang, path=path)
        self._print("")
        self._line("stop", and_deletes=deletes)

    def say(self, name: str, **values: object) -> None:
        """Say one sentence of the table."""
        self._line(name, **values)

    def _differences(self, found: Findings) -> None:
        text = said("differences", self.lang, count=len(found.differences))
        self._print(f"[bold red]{text}[/bold red]", markup=True)
        expected, got = said("expected", self.lang), said("found", self.lang)
        for one in found.differences:
            self._print(f"  {one.where}: {expected} {one.expected}; {got} {one.found}")

    def _result(self, played: Played, took_ns: int | None) -> str:
        if took_ns is not None:
            return said("denied_in", self.lang, ms=took_ns / 1e6)
        rejected = [
            review for code, review in zip(played.codes, played.review_ids, strict=True) if code
        ]
        if rejected:
            return said("not_taken", self.lang, review=(rejected[0] or "-")[:8])
        is_page = played.step.request.get("method") == "GET"
        return said("shown" if is_page else "taken", self.lang)

    def _why(self, row: CallRow, recorded: Mapping[str, HistoryRow]) -> str:
        reasons = [
            self.say_reason({"code": reason["code"]}, self.lang) + self._behind(reason, recorded)
            for reason in row.reasons
        ]
        return escape("; ".join(dict.fromkeys(reasons)) or row.problem or "")

    def _behind(self, reason: Mapping[str, Any], recorded: Mapping[str, HistoryRow]) -> str:
        """Say what the history has behind a reason: through what, and when the person acted."""
        parts = [str(reason["detail"])] if "detail" in reason else []
        row = recorded.get(reason.get("event_id", ""))
        if row is not None:
            parts.append(row.what.partition("@")[2])
        if row is not None and row.occurred_at is not None:
            parts.append(row.occurred_at.astimezone(ZONE).strftime("%m-%d %H:%M"))
        return f": {', '.join(parts)}" if parts else ""

    def _table(self, *columns: str) -> Table:
        table = Table(box=SIMPLE if self.console.is_terminal else None, padding=(0, 2, 0, 0))
        for name in columns:
            table.add_column(said(name, self.lang), no_wrap=name != "why")
        return table

    def _heading(self, name: str) -> None:
        self._print(f"\n[bold]{said(name, self.lang)}[/bold]", markup=True)

    def _line(self, name: str, **values: object) -> None:
        self._print(said(name, self.lang, **values))

    def _print(self, text: str, *, markup: bool = False) -> None:
        self.console.print(text, markup=markup, soft_wrap=True)
