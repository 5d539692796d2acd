"""What every command that takes a list shows to a person: counts, a question, a bar, the result."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from consentlog.cli.output import say
from consentlog.errors import Language

_Kind = TypeVar("_Kind", bound=str)
Told = Callable[[int], None]
Words = tuple[str, str]
"""The same in English and in Chinese."""


class ListScreen:
    """Speaks to a person on stderr; `is_quiet` leaves only questions and waits.

    Args:
        lang: Language.
        is_quiet: A machine reads stdout.
    """

    def __init__(self, lang: Language, *, is_quiet: bool) -> None:
        self._zh = lang == "zh"
        self._is_quiet = is_quiet
        self._is_shown = sys.stderr.isatty()
        self._total: int | None = None

    def stopped(self, done: int) -> None:
        """Say that the sending stopped."""
        en = f"stopped: {done:,} rows are answered; the same command goes on from there"
        say(self._one_of(en, f"已停止：{done:,} 行已有应答。再次运行同一命令即可继续"))

    @contextmanager
    def reading(self) -> Iterator[Told]:
        """Show how far the look over the list is."""
        with self._bar(("reading", "读取"), None) as told:
            yield told

    @contextmanager
    def sending(self) -> Iterator[tuple[Told, Callable[[str], None]]]:
        """Show how far the sending is; the second is told why it waits."""

        def wait(reason: str) -> None:
            say(f"{self._one_of('waiting for the gateway', '等待网关')}: {reason}")

        with self._bar(("sending", "发送"), self._total) as told:
            yield told, wait

    def _asks(self, en: str, zh: str) -> bool:
        if not sys.stdin.isatty():
            told = self._one_of("nobody is there to be asked", "没有终端可供确认")
            raise typer.BadParameter(told, param_hint="--yes")
        return typer.confirm(self._one_of(en, zh), err=True)

    @contextmanager
    def _bar(self, what: Words, total: int | None) -> Iterator[Told]:
        if not self._is_shown:
            yield lambda _: None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        console = Console(stderr=True)
        with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
            task = bar.add_task(self._one_of(*what), total=total)
            yield lambda done: bar.update(task, completed=done)

    def _count_all(
        self, counts: Mapping[_Kind, int], words: Mapping[_Kind, Words], always: str = ""
    ) -> None:
        """Show a line for each kind that there is, and for the one that is always shown."""
        for kind, said in words.items():
            if counts[kind] or kind == always:
                self._count(counts[kind], said)

    def _count(self, count: int, words: Words) -> None:
        say(f"  {count:>11,}  {self._one_of(*words)}")

    def _one_of(self, en: str, zh: str) -> str:
        return zh if self._zh else en
