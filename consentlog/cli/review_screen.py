"""What `consentlog review` shows to a person: a table of cases, one case, what was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from consentlog.cli.output import say
from consentlog.errors import Language

_WORDS: Final = {
    "id": ("id", "编号"),
    "state": ("state", "状态"),
    "open": ("open", "待处理"),
    "decided": ("decided", "已决定"),
    "age": ("age", "时长"),
    "reason": ("reason", "原因"),
    "number": ("number", "号码"),
    "owner": ("owner", "处理人"),
    "source": ("source", "来源"),
    "entity": ("entity", "主体"),
    "detail": ("detail", "说明"),
    "opened_at": ("opened at", "开立时间"),
    "event_id": ("event", "事件"),
    "place": ("record", "记录位置"),
    "payload": ("what came in", "原始内容"),
    "decision": ("decision", "决定"),
    "decided_by": ("decided by", "决定人"),
    "decided_at": ("decided at", "决定时间"),
    "nothing": ("Nothing waits.", "没有待处理的复核单。"),
    "more": ("more: --after {next}", "还有更多：--after {next}"),
    "done": ("recorded: {action} {event_id}  {where}", "已记录：{action} {event_id}  {where}"),
    "spooled": ("on its way to the log", "正送往日志"),
    "no_acts": ("nothing else follows from it", "不产生其他记录"),
    "digits": ("6 to 32 digits of 0-9 and a-f", "6 至 32 位十六进制数字"),
    "several": (
        "several open cases begin so: give more digits",
        "有多个复核单以此开头，请多给几位",
    ),
    "none": (
        "no open case begins so; a decided one is found by its whole id",
        "没有以此开头的待处理复核单；已决定的须给出完整编号",
    ),
}
_REASONS: Final = {
    "unknown": "其他",
    "number_not_valid": "号码无法识别",
    "unknown_scope": "范围未知",
    "unclear_words": "语义不明",
    "not_authenticated": "未通过认证",
    "undecodable": "无法解码",
    "unsupported_action": "行为不受支持",
    "misplaced": "分区错误",
    "no_subject": "没有号码",
    "hole": "日志缺口",
    "needs_approval": "等待第二人确认",
    "takeover": "承接清单待确认",
}
_DECISIONS: Final = {
    "refused": "是拒绝",
    "no_refusal": "不是拒绝",
    "approved": "已确认",
    "declined": "不予确认",
    "dismissed": "无法处理",
}
_COLOURS: Final = {"needs_approval": "magenta", "takeover": "magenta", "undecodable": "red"}
_DAY_S: Final = 86_400
_SHOWN_DIGITS: Final = 10
_WIDE: Final = 110
"""Columns of a screen that has room for every cell of a case."""


class ReviewScreen:
    """Speaks one language, on stderr; coloured on a terminal.

    Args:
        lang: zh or en.
    """

    def __init__(self, lang: Language) -> None:
        self.lang = lang
        self._zh = lang == "zh"
        self._console = Console(stderr=True, highlight=False)

    def words(self, name: str, **facts: object) -> str:
        """Return words by their name."""
        return _WORDS[name][self._zh].format(**facts)

    def cases(self, answer: Mapping[str, Any]) -> None:
        """Show a page of cases."""
        if not answer["reviews"]:
            say(self.words("nothing"))
            return
        # On a narrow screen the sentence needs the room; `show` tells the rest.
        who = ("owner", "source") if self._console.width >= _WIDE else ()
        table = Table(box=None, pad_edge=False, header_style="dim")
        for name in ("id", "age", "reason", "number", *who):
            table.add_column(self.words(name), no_wrap=True)
        table.add_column(self.words("detail"), overflow="fold")
        for case in answer["reviews"]:
            table.add_row(
                case["review_id"][:_SHOWN_DIGITS],
                Text(_age(case["age_seconds"]), "red" if case["age_seconds"] > _DAY_S else ""),
                Text(self._reason(case["reason"]), _COLOURS.get(case["reason"], "cyan")),
                *(_plain(case.get(name, "-")) for name in ("number", *who, "detail")),
            )
        self._console.print(table)
        if "next" in answer:
            say(self.words("more", next=answer["next"]))

    def case(self, answer: Mapping[str, Any]) -> None:
        """Show one case, open or decided."""
        told = {
            "id": answer["review_id"],
            "state": self.words(answer["state"]),
            "reason": self._reason(answer["reason"]) if "reason" in answer else None,
            "age": _age(answer["age_seconds"]) if "age_seconds" in answer else None,
            "decision": self._decision(answer["decision"]) if "decision" in answer else None,
            "place": _place(answer),
        }
        shown = ("entity", "number", "detail", "event_id", "opened_at", "source", "owner")
        told |= {name: answer.get(name) for name in (*shown, "decided_by", "decided_at", "payload")}
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in told.items():
            if value:
                table.add_row(self.words(name), _plain(value))
        self._console.print(table)

    def done(self, answer: Mapping[str, Any]) -> None:
        """Show a decision and the acts that followed."""
        self.case(answer)
        for event in answer["events"]:
            where = event.get("token") or self.words("spooled")
            say(self.words("done", **{**event, "where": where}))
        if not answer["events"]:
            say(self.words("no_acts"))

    def problem(self, body: Mapping[str, Any]) -> None:
        """Say what the gateway said instead."""
        say(f"{body.get('code')}: {body.get('detail')}")
        say(f"  {body.get('do')}")
        for error in body.get("errors", []):
            say(f"  {error.get('pointer')}: {error.get('message')}")

    def _reason(self, reason: str) -> str:
        return _REASONS.get(reason, reason) if self._zh else reason

    def _decision(self, decision: str) -> str:
        return _DECISIONS.get(decision, decision) if self._zh else decision


def _age(seconds: int) -> str:
    for unit, length in (("d", _DAY_S), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def _place(answer: Mapping[str, Any]) -> str | None:
    if "topic" not in answer:
        return None
    return f"{answer['topic']} {answer.get('partition')}:{answer.get('offset')}"


def _plain(text: object) -> Text:
    """Keep what a source wrote from speaking to the terminal: escapes, markup, line breaks."""
    kept = (one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in str(text))
    return Text("".join(kept))
