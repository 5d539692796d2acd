"""`consentlog spool`: what a gateway accepted and the log may not have."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from consentlog.cli.output import AsJson, Lang, emit, language, say
from consentlog.domain.stated import instant_ms
from consentlog.local.layout import Layout
from consentlog.local.settings import LocalSettings
from producers.spool.upkeep import Overview, feed_again, overview, retry_parked

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Look at a gateway's spool; send parked records again; feed a truncated log anew.",
)

Directory = Annotated[
    Path | None,
    typer.Option("--directory", help="as CONSENTLOG_SPOOL__DIRECTORY; default: the local stack's"),
]
Since = Annotated[
    str, typer.Option("--since", help="instant with offset, e.g. 2026-11-20T10:00:00+08:00")
]
_WORDS = {
    "en": {
        "waiting": "waiting for the log: {n}, oldest since {at}",
        "parked": "parked: {n}",
        "row": "  row {row}, {topic}: {reason}, since {at}",
        "delivered": "delivered and kept: {n}, oldest from {at}",
        "done": "{n} records will be sent when the gateway starts",
    },
    "zh": {
        "waiting": "等待写入日志：{n} 条，最早 {at}",
        "parked": "已搁置：{n} 条",
        "row": "  第 {row} 行，{topic}：{reason}，自 {at}",
        "delivered": "已送达并保留：{n} 条，最早 {at}",
        "done": "网关启动后将发送 {n} 条记录",
    },
}


@app.command()
def status(directory: Directory = None, *, as_json: AsJson = False, lang: Lang = None) -> None:
    """Say what waits, what is parked and why, and how far back delivered records reach.

    Changes nothing; may run beside the gateway. Shows no numbers.
    """
    found = overview(_place(directory))
    if as_json:
        emit(asdict(found))
    else:
        _tell(found, _WORDS[language(lang)])


@app.command()
def retry(directory: Directory = None, *, as_json: AsJson = False, lang: Lang = None) -> None:
    """Send parked records again when the gateway starts. Stop the gateway before."""
    _done(retry_parked(_place(directory)), lang, as_json=as_json)


@app.command()
def refeed(
    since: Since, directory: Directory = None, *, as_json: AsJson = False, lang: Lang = None
) -> None:
    """Send delivered records again when the gateway starts: the log lost them.

    Stop the gateway before. What the log still has comes twice, and counts once.
    """
    try:
        since_ms = instant_ms(since, "UTC", later=False)
    except ValueError as exc:
        raise typer.BadParameter("no instant", param_hint="--since") from exc
    _done(feed_again(_place(directory), since_ms), lang, as_json=as_json)


def _place(directory: Path | None) -> Path:
    if directory is not None:
        return directory
    return Layout(LocalSettings.read().data_dir.expanduser().absolute()).spool


def _tell(found: Overview, words: dict[str, str]) -> None:
    say(words["waiting"].format(n=found.waiting, at=_instant(found.oldest_waiting_ms)))
    say(words["parked"].format(n=len(found.parked)))
    for one in found.parked:
        at = _instant(one.parked_at_ms)
        say(words["row"].format(row=one.row, topic=one.topic, reason=one.reason, at=at))
    say(words["delivered"].format(n=found.delivered, at=_instant(found.oldest_delivered_ms)))


def _done(count: int, lang: str | None, *, as_json: bool) -> None:
    if as_json:
        emit({"records": count})
    else:
        say(_WORDS[language(lang)]["done"].format(n=count))


def _instant(at_ms: int | None) -> str:
    if at_ms is None:
        return "-"
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")
