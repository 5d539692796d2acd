"""What a take-over shows to a person: counts, what the second person has to do, the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from consentlog.cli.list_screen import ListScreen, Words
from consentlog.cli.output import say
from producers.imports.tables import Table
from producers.takeovers.listing import Look
from producers.takeovers.reading import Fault

_FAULTS: Final[Mapping[Fault, Words]] = {
    Fault.NUMBER: ("no valid number", "号码无效"),
    Fault.ACTION: ("says something else than consent", "动作不是同意"),
    Fault.ENTITY: ("another entity than --entity", "主体与 --entity 不符"),
    Fault.METHOD: ("how it was given is not understood", "同意方式无法识别"),
    Fault.SPOKEN: ("spoken: each needs its own approval", "口头同意：须逐条确认"),
    Fault.DATE: ("date not understood", "日期无法识别"),
    Fault.NO_ZONE: ("date without offset, and no --zone", "日期无时差且未指定 --zone"),
    Fault.VERSION: ("no version of the text", "缺少文本版本"),
    Fault.REF: ("no reference to the proof", "缺少证据编号"),
    Fault.CHANNEL: ("channel missing or not understood", "渠道缺失或无法识别"),
    Fault.PURPOSE: ("purpose not understood", "用途无法识别"),
    Fault.SCOPE: ("a scope in words: would be left out", "范围以文字表述，无法采用"),
    Fault.UNTIL: ("its end is not understood", "有效期无法识别"),
    Fault.FORM: ("not of the form, see the file", "格式不符，见文件"),
    Fault.TWICE: ("told in two ways: would block the number", "同一凭证有两种说法：会阻止该号码"),
}
_RESULT: Final[Mapping[str, Words]] = {
    "recorded": ("recorded as consents", "已记录为同意"),
    "review": ("not recorded, in review", "未记录，已交人工复核"),
    "refused": ("not recorded, see the file", "未记录，见文件"),
}


class TakeoverScreen(ListScreen):
    """The screen of a take-over."""

    def preview(self, file: Path, table: Table, look: Look, sha256: str, faults: Path) -> None:
        """Show what the list holds."""
        self._total = look.consents
        if self._is_quiet:
            return
        say(f"{file.name} ({table.description})")
        say(f"  SHA-256 {sha256}")
        self._count(look.rows, ("rows", "行"))
        self._count(look.consents, ("consents with their proof", "有据可查的同意"))
        self._count(look.repeated, ("the same as an earlier row", "与前面的行相同"))
        self._count_all(look.faults, _FAULTS)
        if look.faults:
            say(f"{self._one_of('faulty rows, not proposed', '有误而未提交的行')}: {faults}")

    def asks(self, consents: int) -> bool:
        """Ask whether to go on.

        Raises:
            typer.BadParameter: If nobody is there to answer.
        """
        return self._asks(
            f"{consents:,} consents: propose them, or send them if they are approved?",
            f"共 {consents:,} 条同意：提交确认，或在已确认后发送？",
        )

    def stands(self, standing: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
        """Say how the list stands, and what has to happen next."""
        if self._is_quiet:
            return
        status, id_ = standing["status"], standing["takeover_id"]
        by, at = standing.get("decided_by", "?"), standing.get("decided_at", "?")
        if status == "approved":
            say(self._one_of(f"approved by {by} at {at}", f"由 {by} 于 {at} 确认"))
        elif status == "declined":
            say(self._one_of(f"declined by {by} at {at}", f"由 {by} 于 {at} 不予确认"))
        else:
            self._waits(id_, manifest["file_sha256"])

    def result(self, counts: Counter[str], faults: Path) -> None:
        """Show what became of the rows."""
        if self._is_quiet:
            return
        self._count_all(counts, _RESULT, always="recorded")
        if counts["review"] or counts["refused"]:
            say(f"{self._one_of('rows to look at', '需人工查看的行')}: {faults}")

    def _waits(self, id_: str, sha256: str) -> None:
        say(self._one_of("proposed; nothing is sent yet.", "已提交，尚未发送任何内容。"))
        say(
            self._one_of(
                f"  A second person with role compliance compares the file ({sha256[:16]}…), then:",
                f"  请由具备 compliance 角色的另一人核对文件（{sha256[:16]}…），然后运行：",
            )
        )
        say(f'    consentlog review decide {id_} --as approved --reason "…"')
        say(
            self._one_of(
                "  After that, the same command as now sends the rows.",
                "  之后再次运行与现在相同的命令，即发送各行。",
            )
        )
