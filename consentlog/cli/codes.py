"""`consentlog codes`: the one-time codes that the local stack would send to phones."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from consentlog.cli.output import AsJson, Lang, emit, language, say
from consentlog.local.layout import Layout
from consentlog.local.settings import LocalSettings
from consentlog.observability.masking import mask
from producers.code_outbox import read_outbox

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="default: CONSENTLOG_LOCAL__DATA_DIR or ./.consentlog"),
]


@app.command()
def codes(data_dir: DataDir = None, *, as_json: AsJson = False, lang: Lang = None) -> None:
    """Show the messages with codes, oldest first. Changes nothing.

    Nothing leaves this machine from the local stack; this is where a code that the preference page
    asked for can be read. Numbers are masked. Example: `consentlog codes`.
    """
    spoken = language(lang)
    layout = Layout((data_dir or LocalSettings.read().data_dir).expanduser().absolute())
    found = [
        {"at": _utc(one.at_ms), "number": mask(one.number), "text": one.text}
        for one in read_outbox(layout.codes)
    ]
    if as_json:
        emit(list(found))
        return
    if not found:
        say("没有验证码。" if spoken == "zh" else "There are no codes.")
    for line in found:
        typer.echo(f"{line['at']}  {line['number']}  {line['text']}")


def _utc(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
