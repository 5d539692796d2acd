"""`consentlog explain CL-1203`: what a code means, why it happens, what to do."""

from __future__ import annotations

from typing import Annotated

import typer

from consentlog.cli.output import AsJson, Lang, emit, language, say
from consentlog.errors import CatalogueEntry, FatalError, Language, catalogue

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Code = Annotated[str | None, typer.Argument(metavar="CODE", help="for example CL-5003")]


@app.command()
def explain(code: Code = None, *, lang: Lang = None, as_json: AsJson = False) -> None:
    """Explain an error code; without one, list them all. Changes nothing.

    Examples: `consentlog explain CL-5003`, `consentlog explain --lang zh`.
    """
    spoken = language(lang)
    chosen = list(catalogue().values()) if code is None else [_entry(code)]
    if as_json:
        emit([_row(entry, spoken) for entry in chosen])
    elif code is None:
        for entry in chosen:
            say(f"{entry.code}  {entry.name}")
    else:
        _tell(chosen[0], spoken)


def _entry(code: str) -> CatalogueEntry:
    wanted = code.upper()
    if wanted.isdigit():
        wanted = f"CL-{wanted}"
    if wanted not in catalogue():
        raise FatalError("CL-5012", code=code)
    return catalogue()[wanted]


def _row(entry: CatalogueEntry, lang: Language) -> dict[str, object]:
    text = entry.text(lang)
    return {
        "code": entry.code,
        "name": entry.name,
        "status": entry.status or None,
        "what": text.what,
        "why": text.why,
        "do": text.do,
    }


def _tell(entry: CatalogueEntry, lang: Language) -> None:
    text = entry.text(lang)
    status = f", HTTP {entry.status}" if entry.status else ""
    say(f"{entry.code} ({entry.name}{status})")
    for line in (text.what, text.why, text.do):
        say(f"  {line}")
