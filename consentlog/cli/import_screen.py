"""What an import shows to a person: counts before, where it goes on, the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from consentlog.cli.list_screen import ListScreen, Words
from consentlog.cli.output import say
from producers.imports.memory import Run
from producers.imports.preview import Preview
from producers.imports.rows import Finding
from producers.imports.tables import Table

_FINDINGS: Final[Mapping[Finding, Words]] = {
    Finding.EMPTY: ("no number", "号码为空"),
    Finding.TOO_LONG: ("longer than a number can be", "超过号码可能的长度"),
    Finding.NOT_ONLY_DIGITS: ("letters or masking in the number", "号码含字母或掩码"),
    Finding.NO_REGION: ("no country code, and no --region", "号码无国家码且未指定 --region"),
    Finding.NOT_A_NUMBER: ("not the form of a number", "不是号码的格式"),
    Finding.NOT_VALID: (
        "no plan has it, or its area code is missing",
        "号码规划中没有，或缺少区号",
    ),
    Finding.LOOSENS: (
        "would loosen: changes nothing, goes to review",
        "会放宽：不生效，交人工复核",
    ),
    Finding.ACTION: (
        "action not understood: held, goes to review",
        "动作无法识别：先暂停联系，交人工复核",
    ),
    Finding.DATE: ("date not understood: recorded without one", "日期无法识别：按无日期记录"),
    Finding.SCOPE: ("scope not understood: recorded wider", "范围无法识别：按更大范围记录"),
}
_RESULT: Final[Mapping[str, Words]] = {
    "recorded": ("recorded as refusals", "已记录为拒绝"),
    "held": ("held, for a person to decide", "已暂停联系，待人工处理"),
    "review": ("not recorded, in review", "未记录，已交人工复核"),
    "lost": (
        "NOT recorded, and no review: only in the file of errors",
        "未记录，也无复核编号：仅列于错误文件",
    ),
    "undated": (
        "dated after the gateway's clock: recorded without their date",
        "日期晚于网关时间，按无日期记录",
    ),
}


class ImportScreen(ListScreen):
    """The screen of an import."""

    def preview(self, file: Path, table: Table, found: Preview) -> None:
        """Show what the list would do."""
        self._total = found.rows
        if self._is_quiet:
            return
        say(f"{file.name} ({table.description})")
        self._count(found.rows, ("rows", "行"))
        self._count(found.valid, ("valid", "有效"))
        self._count(found.duplicates, ("the same as an earlier row", "与前面的行相同"))
        self._count_all(found.findings, _FINDINGS)

    def asks(self, rows: int) -> bool:
        """Ask whether to send.

        Raises:
            typer.BadParameter: If nobody is there to answer.
        """
        return self._asks(f"Send {rows:,} rows?", f"发送 {rows:,} 行？")

    def begins(self, run: Run, known: int) -> None:
        """Say where the run begins, and what is known of the list."""
        if self._is_quiet:
            return
        done = run.rows_done
        if run.is_resumed:
            words = (f"goes on after {done:,} rows", f"从第 {done + 1:,} 行继续")
        elif known:
            en = f"the list is known, with {known:,} different rows"
            words = (en, f"此名单曾有 {known:,} 个不同的行")
        else:
            words = ("the first import of this list here", "首次导入此名单")
        say(self._one_of(*words))

    def result(self, counts: Counter[str], fault_path: Path) -> None:
        """Show what became of the rows."""
        if self._is_quiet:
            return
        self._count_all(counts, _RESULT, always="recorded")
        say(f"{self._one_of('rows to look at', '需人工查看的行')}: {fault_path}")
