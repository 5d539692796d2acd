"""`consentlog local up|down|status|reset`: the whole stack on this machine."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Annotated

import typer

from consentlog.cli.output import AsJson, Lang, emit, language, say
from consentlog.cli.stopping import Stopped, stop_on_signals
from consentlog.errors import FatalError, Language
from consentlog.local.detached import start_detached, stop_running
from consentlog.local.jars import ensure_jars
from consentlog.local.layout import Layout, is_owned
from consentlog.local.record import StackRecord, running_stack
from consentlog.local.services import NAMES
from consentlog.local.settings import LocalSettings
from consentlog.local.stack import LocalStack
from consentlog.local.supervised import StackEvent

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="The stack on this machine: Kafka, ClickHouse, fold, sink, gateway, gate. Loopback only.",
)

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="default: CONSENTLOG_LOCAL__DATA_DIR or ./.consentlog"),
]
Only = Annotated[
    list[str] | None,
    typer.Option("--service", help=f"only this one; may be repeated: {', '.join(NAMES)}"),
]


@app.command()
def up(
    data_dir: DataDir = None,
    service: Only = None,
    *,
    detach: Annotated[bool, typer.Option("--detach", help="return once all is ready")] = False,
    lang: Lang = None,
) -> None:
    """Start the stack and keep it running until Ctrl-C.

    Writes only into the data directory and the download cache. The first start fetches Apache
    Kafka (45 MB). What dies is started again. Examples: `consentlog local up`,
    `consentlog local up --detach`, `consentlog local up --service kafka --service clickhouse`.
    """
    spoken = language(lang)
    layout = _layout(data_dir)
    if detach:
        start_detached(layout, service or [])
        _addresses(running_stack(layout), layout, spoken)
        return
    stack = LocalStack(layout.root, service, on_event=_tell)
    try:
        with stop_on_signals(), stack:
            _addresses(running_stack(layout), layout, spoken)
            while stack.is_supervising:
                time.sleep(0.2)
            raise RuntimeError("the supervisor's thread ended")
    except Stopped:
        say("已停止。" if spoken == "zh" else "Stopped.")


@app.command()
def fetch(*, lang: Lang = None) -> None:
    """Fetch Apache Kafka's jars into the download cache, so that `up` works offline."""
    settings = LocalSettings.read()
    jars = ensure_jars(settings.cache, settings.maven_repository)
    text = "个 jar 已校验" if language(lang) == "zh" else "jars verified"
    say(f"{len(jars)} {text}: {settings.cache / 'jars'}")


@app.command()
def down(data_dir: DataDir = None, *, lang: Lang = None) -> None:
    """Stop the stack that runs in the data directory, cleanly and in bounded time."""
    stop_running(_layout(data_dir))
    say("已停止。" if language(lang) == "zh" else "Stopped.")


@app.command()
def status(data_dir: DataDir = None, *, as_json: AsJson = False, lang: Lang = None) -> None:
    """Show what runs, where, and how often it was started again. Exit 1 if not all is ready."""
    layout = _layout(data_dir)
    record = running_stack(layout)
    is_ready = all(one.state == "ready" for one in record.services.values())
    if as_json:
        emit(_status(record, layout, is_ready=is_ready))
    else:
        for name, one in record.services.items():
            pid = one.identity.pid if one.identity else "-"
            say(f"{name:<11} {one.state:<9} pid {pid:<8} restarts {one.restarts:<3} {one.log}")
        _addresses(record, layout, language(lang))
    raise typer.Exit(0 if is_ready else 1)


@app.command()
def reset(
    data_dir: DataDir = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="really delete")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would go")] = False,
    lang: Lang = None,
) -> None:
    """Delete the data directory: the log, the history and the keys in it. Needs --yes."""
    layout = _layout(data_dir)
    if is_owned(layout):
        raise FatalError("CL-5003", path=layout.root, pid=layout.lock.read_text("utf-8") or "?")
    if layout.root.exists() and not layout.lock.exists():
        raise FatalError("CL-5011", path=layout.root)
    if not yes and not dry_run:
        raise FatalError("CL-5008", path=layout.root)
    if yes and not dry_run and layout.root.exists():
        shutil.rmtree(layout.root)
    word = ("将删除" if dry_run else "已删除") if language(lang) == "zh" else ""
    say(f"{word or ('would delete' if dry_run else 'deleted')} {layout.root}")


def _layout(data_dir: Path | None) -> Layout:
    return Layout((data_dir or LocalSettings.read().data_dir).expanduser().absolute())


def _tell(event: StackEvent) -> None:
    say(f"{event.service:<15} {event.kind:<9} {event.detail}".rstrip())


def _addresses(record: StackRecord, layout: Layout, lang: Language) -> None:
    rows = [("Kafka", record.bootstrap, "kafka")]
    rows += [("ClickHouse", record.url("clickhouse"), "clickhouse")]
    rows += [(name, record.url(name), name) for name in ("gateway", "gate")]
    for label, address, service in rows:
        if service in record.services:
            say(f"  {label:<11} {address}")
    if "gateway" in record.services:
        key = "密钥 desk 在" if lang == "zh" else "key: desk in"
        say(f"  {'desk':<11} {record.url('gateway')}/desk ({key} {layout.keys})")
    say(f"  {'数据目录' if lang == 'zh' else 'data':<11} {layout.root}")


def _status(record: StackRecord, layout: Layout, *, is_ready: bool) -> dict[str, object]:
    return {
        "is_ready": is_ready,
        "data_dir": str(layout.root),
        "pid": record.supervisor.pid,
        "ports": dict(record.ports),
        "services": {
            name: {
                "state": one.state,
                "pid": one.identity.pid if one.identity else None,
                "restarts": one.restarts,
                "log": one.log,
            }
            for name, one in record.services.items()
        },
    }
