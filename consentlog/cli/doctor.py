"""`consentlog doctor`: what is missing on this machine and in the running parts."""

from __future__ import annotations

from dataclasses import asdict

import typer

from consentlog.cli.output import AsJson, ExitCode, Lang, emit, language, say
from consentlog.local.doctor import MACHINE, Finding, examine
from consentlog.local.doctor_services import RUNNING
from consentlog.local.settings import LocalSettings

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

_MARKS = {
    "en": {"ok": "ok  ", "warn": "warn", "fail": "FAIL"},
    "zh": {"ok": "正常", "warn": "注意", "fail": "故障"},
}


@app.command()
def doctor(*, as_json: AsJson = False, lang: Lang = None) -> None:
    """Look at Python, packages, java, jars, disk, ports, clock, and at what runs.

    Changes nothing. Exit 1 if something fails; warnings do not fail. Examples:
    `consentlog doctor`, `consentlog doctor --json`.
    """
    spoken = language(lang)
    findings = []
    for finding in examine(LocalSettings.read(), MACHINE + RUNNING):
        findings.append(finding)
        if not as_json:
            _tell(finding, _MARKS[spoken][finding.status])
    if as_json:
        emit([asdict(finding) for finding in findings])
    failed = any(finding.status == "fail" for finding in findings)
    raise typer.Exit(ExitCode.FAILURE if failed else ExitCode.OK)


def _tell(finding: Finding, mark: str) -> None:
    say(f"{mark}  {finding.check:<11} {finding.seen}")
    if finding.do:
        say(f"      {'':<11} -> {finding.do}")
