"""A number's history as people read it: what, by whom, through what, when by each clock, where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final

from rich.console import Console, Group
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from auditors.words import FIELDS, WORDS, ZH
from consentlog.errors import Language

_COLOURS: Final = {"refused": "red", "granted": "green", "held": "yellow", "": "magenta"}
EVERY_CHANNEL: Final = {"zh": "所有渠道", "en": "every channel"}


def print_timeline(
    console: Console,
    rows: Sequence[Mapping[str, Any]],
    zone: tzinfo | None,
    lang: Language,
) -> None:
    """Print one panel per record, in log order.

    Args:
        console: Where to.
        rows: Rows of the history query, masked unless that was asked for; not empty.
        zone: Zone to show times in; None = the system's.
        lang: Language of the labels.
    """
    count = len(rows)
    title = Text(rows[0]["subject"], "bold")
    title.append(f"  ·  {count} 条记录" if lang == "zh" else f"  ·  {count} record(s)", "dim")
    console.print(title)
    for row in rows:
        console.print(_panel(row, zone, lang))


def _panel(row: Mapping[str, Any], zone: tzinfo | None, lang: Language) -> Panel:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for field, text in _lines(row, zone, lang):
        table.add_row(FIELDS[field][lang], Text(_printable(text)))
    colour = _COLOURS.get(row["action"] if row["decoded"] else "", "cyan")
    return Panel(Group(table), title=_heading(row, lang), title_align="left", border_style=colour)


def _printable(text: str) -> str:
    """Keep what a source wrote from speaking to the terminal: escapes, markup, line breaks."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


def _heading(row: Mapping[str, Any], lang: Language) -> Text:
    if not row["decoded"]:
        return Text(FIELDS["undecodable"][lang], "bold")
    kind = row["hold_kind"] if row["action"] == "held" else row["basis"]
    scope = [row["entity"], row["brand"], row["campaign"], _say(row["purpose"], lang)]
    scope.append(_say(row["channel"], lang) if row["channel"] != "all" else EVERY_CHANNEL[lang])
    words = [_say(row["action"], lang), " / ".join(part for part in scope if part)]
    if kind not in ("", "unknown"):
        words.append(f"({_say(kind, lang)})")
    return Text(_printable("  ".join(words)), "bold")


def _lines(row: Mapping[str, Any], zone: tzinfo | None, lang: Language) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    if row["decoded"]:
        actor = f"{_say(row['actor_type'], lang)} {row['actor_id']} {row['actor_role']}".strip()
        through = f"{row['source']} · {_say(row['method'], lang)}"
        lines += [("by", actor), ("through", through)]
        if row["source_ref"]:
            lines.append(("reference", row["source_ref"]))
        lines += [
            ("occurred_at", _occurred(row, zone, lang)),
            ("recorded_at", _at(row["recorded_at"], zone, lang)),
            ("accepted_at", _at(row["accepted_at"], zone, lang)),
        ]
    lines.append(("ingested_at", _at(row["ingested_at"], zone, lang)))
    if row["until"]:
        lines.append(("until", _at(row["until"], zone, lang)))
    if row["target"]:
        lines.append(("target", row["target"]))
    if row["defect"]:
        lines.append(("defect", row["defect"]))
    lines.append(("place", f"{row['topic']} / {row['partition']} / {row['offset']}"))
    if row["event_id"]:
        lines.append(("event_id", row["event_id"]))
    return lines


def _occurred(row: Mapping[str, Any], zone: tzinfo | None, lang: Language) -> str:
    if row["occurred_at"] is None:
        return FIELDS["not_stated"][lang]
    details = [_say(row["precision"], lang), _say(f"by_{row['occurred_at_set_by']}", lang)]
    if row["margin_ms"]:
        details.append(f"± {row['margin_ms'] / 1000:g} s")
    if row["zone"]:
        details.append(row["zone"])
    if row["clock_wrong"]:
        details.append(FIELDS["clock_wrong"][lang])
    return f"{_at(row['occurred_at'], zone, lang)}  ({', '.join(details)})"


def _at(at: datetime | None, zone: tzinfo | None, lang: Language) -> str:
    if at is None:
        return FIELDS["not_stated"][lang]
    return at.astimezone(zone).isoformat(" ", "milliseconds")


def _say(word: str, lang: Language) -> str:
    return ZH.get(word, word) if lang == "zh" else WORDS.get(word, word.replace("_", " "))
