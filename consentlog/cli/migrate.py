"""`consentlog migrate`: bring ClickHouse's tables up to date."""

from __future__ import annotations

import typer

from consentlog.cli.output import AsJson, Lang, emit, language, say
from consentlog.local.migrations import migrate_at
from consentlog.local.targets import find_targets, need_clickhouse

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


@app.command()
def migrate(*, as_json: AsJson = False, lang: Lang = None) -> None:
    """Apply the migrations that ClickHouse lacks; published ones are never edited.

    Which ClickHouse: CONSENTLOG_CLICKHOUSE__URL, __USER, __PASSWORD, __DATABASE, else the running
    local stack's. Example: `consentlog migrate`.
    """
    applied = migrate_at(need_clickhouse(find_targets()))
    if as_json:
        emit({"applied": applied})
        return
    nothing = "已是最新。" if language(lang) == "zh" else "Up to date."
    for line in applied or [nothing]:
        say(line)
