"""What an import shows to a person: counts before, a bar meanwhile, the result."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from consentlog.cli.output import say
from consentlog.errors import Language
from producers.imports.memory import Run
from producers.imports.preview import Preview
from producers.imports.rows import Finding
from producers.imports.tables import Table

Told = Callable[[int], None]

_ZH: Final = {
    Finding.EMPTY: "号码为空",
    Finding.TOO_LONG: "超过号码可能的长度",
    Finding.NOT_ONLY_DIGITS: "号码含字母或掩码",
    Finding.NO_REGION: "号码无国家码且未指定 --region",
    Finding.NOT_A_NUMBER: "不是号码的格式",
    Finding.NOT_VALID: "号码规划中没有，或缺少区号",
    Finding.LOOSENS: "会放宽：不生效，交人工复核",
    Finding.ACTION: "动作无法识别：先暂停联系，交人工复核",
    Finding.DATE: "日期无法识别：按无日期记录",
    Finding.SCOPE: "范围无法识别：按更大范围记录",
}
_EN: Final = {
    Finding.EMPTY: "no number",
    Finding.TOO_LONG: "longer than a number can be",
    Finding.NOT_ONLY_DIGITS: "letters or masking in the number",
    Finding.NO_REGION: "no country code, and no --region",
    Finding.NOT_A_NUMBER: "not the form of a number",
    Finding.NOT_VALID: "no plan has it, or its area code is missing",
    Finding.LOOSENS: "would loosen: changes nothing, goes to review",
    Finding.ACTION: "action not understood: held, goes to review",
    Finding.DATE: "date not understood: recorded without one",
    Finding.SCOPE: "scope not understood: recorded wider",
}
_RESULT_ZH: Final = {
    "recorded": "已记录为拒绝",
    "held": "已暂停联系，待人工处理",
    "review": "未记录，已交人工复核",
    "lost": "未记录，也无复核编号：仅列于错误文件",
    "undated": "日期晚于网关时间，按无日期记录",
}
_RESULT_EN: Final = {
    "recorded": "recorded as refusals",
    "held": "held, for a person to decide",
    "review": "not recorded, in review",
    "lost": "NOT recorded, and no review: only in the file of errors",
    "undated": "dated after the gateway's clock: recorded without their date",
}


class Screen:
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

    def preview(self, file: Path, table: Table, found: Preview) -> None:
        """Show what the list would do."""
        self._total = found.rows
        if self._is_quiet:
            return
        zh = self._zh
        say(f"{file.name} ({table.description})")
        self._count(found.rows, "行" if zh else "rows")
        self._count(found.valid, "有效" if zh else "valid")
        self._count(found.duplicates, "与前面的行相同" if zh else "the same as an earlier row")
        for finding in Finding:
            if found.findings[finding]:
                self._count(found.findings[finding], (_ZH if zh else _EN)[finding])

    def asks(self, rows: int) -> bool:
        """Ask whether to send.

        Raises:
            typer.BadParameter: If nobody is there to answer.
        """
        if not sys.stdin.isatty():
            raise typer.BadParameter(
                "没有终端可供确认" if self._zh else "nobody is there to be asked",
                param_hint="--yes",
            )
        question = f"发送 {rows:,} 行？" if self._zh else f"Send {rows:,} rows?"
        return typer.confirm(question, err=True)

    def begins(self, run: Run, known: int) -> None:
        """Say where the run begins, and what is known of the list."""
        if self._is_quiet:
            return
        if run.is_resumed:
            say(
                f"从第 {run.rows_done + 1:,} 行继续"
                if self._zh
                else f"goes on after {run.rows_done:,} rows"
            )
        elif known:
            say(
                f"此名单曾有 {known:,} 个不同的行"
                if self._zh
                else f"the list is known, with {known:,} different rows"
            )
        else:
            say("首次导入此名单" if self._zh else "the first import of this list here")

    def stopped(self, rows_done: int) -> None:
        """Say that the run stopped."""
        say(
            f"已停止：{rows_done:,} 行已有应答。再次运行同一命令即可继续"
            if self._zh
            else f"stopped: {rows_done:,} rows are answered; the same command goes on from there"
        )

    def result(self, counts: Counter[str], fault_path: Path) -> None:
        """Show what became of the rows."""
        if self._is_quiet:
            return
        for kind, words in (_RESULT_ZH if self._zh else _RESULT_EN).items():
            if counts[kind] or kind == "recorded":
                self._count(counts[kind], words)
        say(f"{'需人工查看的行' if self._zh else 'rows to look at'}: {fault_path}")

    @contextmanager
    def reading(self) -> Iterator[Told]:
        """Show how far the look over the list is."""
        with self._bar("读取" if self._zh else "reading", None) as told:
            yield told

    @contextmanager
    def sending(self) -> Iterator[tuple[Told, Callable[[str], None]]]:
        """Show how far the sending is; the second is told why it waits."""

        def wait(reason: str) -> None:
            say(f"{'等待网关' if self._zh else 'waiting for the gateway'}: {reason}")

        with self._bar("发送" if self._zh else "sending", self._total) as told:
            yield told, wait

    @contextmanager
    def _bar(self, what: str, total: int | None) -> Iterator[Told]:
        if not self._is_shown:
            yield lambda _: None
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        console = Console(stderr=True)
        with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
            task = bar.add_task(what, total=total)
            yield lambda done: bar.update(task, completed=done)

    def _count(self, count: int, words: str) -> None:
        say(f"  {count:>11,}  {words}")
