"""What to query or open next; every command works as printed while the stack is up."""

from __future__ import annotations

import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from consentlog.local.layout import Layout


@dataclass(frozen=True, slots=True)
class NextStep:
    """A command or address, and the name of the sentence that says what it is for."""

    name: str
    command: str


def write_numbers(layout: Layout, shown: str, untouched: str) -> None:
    """Write the two numbers that the commands are about into the data directory.

    The screen shows masked numbers only, so the commands read them from there.
    """
    _number_file(layout, "shown").write_text(shown + "\n", "utf-8")
    _number_file(layout, "untouched").write_text(untouched + "\n", "utf-8")


def next_steps(layout: Layout, gateway: str, clickhouse: str, link_token: str) -> list[NextStep]:
    """List what to do next.

    Args:
        layout: Of the running stack.
        gateway: Its address.
        clickhouse: Its address.
        link_token: Of a one-click link that nobody has used.
    """
    command, root = _own_command(), shlex.quote(str(layout.root))
    shown, untouched = (
        f'"$(cat {shlex.quote(str(_number_file(layout, name)))})"'
        for name in ("shown", "untouched")
    )
    about = "--entity acme --campaign acme-life-spring"
    password = f'$(sed \'s/.*"auditor": *"//; s/".*//\' {shlex.quote(str(layout.passwords))})'
    return [
        NextStep("", f"export CONSENTLOG_LOCAL__DATA_DIR={root}"),
        NextStep("next_history", f"{command} history {shown}"),
        NextStep(
            "next_sql",
            f'{command} history {shown} --sql | curl -s -u "auditor:{password}" '
            f"'{clickhouse}/?default_format=Vertical' --data-binary @-",
        ),
        NextStep("next_check", f"{command} check {shown} {about}"),
        NextStep("next_refuse", _refusal(layout, gateway, untouched)),
        NextStep("next_after", f"{command} check {untouched} {about}"),
        NextStep("next_page", f"{gateway}/p/{link_token}"),
        NextStep("next_desk", f"{gateway}/desk"),
        NextStep("next_desk_key", f"grep '\"desk\"' {shlex.quote(str(layout.keys))}"),
        NextStep("next_audit", f"{command} audit check --full"),
        NextStep("next_status", f"{command} local status"),
    ]


def _refusal(layout: Layout, gateway: str, number: str) -> str:
    key = f'$(sed -n \'s/.*"desk": *"\\(.*\\)".*/\\1/p\' {shlex.quote(str(layout.keys))})'
    rest = '","action":"refused","method":"spoken","scope":{"entity":"acme"}'
    actor = '"actor":{"id":"me","type":"agent"}'
    body = '\'{"number":"\'' + number + f"'{rest},{actor}}}'"
    return (
        f'curl -s {gateway}/v1/consent-events -H "Authorization: Bearer {key}" '
        f"-H 'Content-Type: application/json' -d {body}"
    )


def _number_file(layout: Layout, name: str) -> Path:
    return layout.root / f"demo-number-{name}.txt"


def _own_command() -> str:
    """Return what to type for this very program: its name if the shell finds it, else its path."""
    own = Path(sys.argv[0]).absolute()
    found = shutil.which("consentlog")
    if found is not None and Path(found).samefile(own):
        return "consentlog"
    try:
        return shlex.quote(str(own.relative_to(Path.cwd())))
    except ValueError:
        return shlex.quote(str(own))
