"""`consentlog check +86…`: asks the running gate whether a number may be contacted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from consentlog.cli.output import AsJson, ExitCode, Lang, emit, language, say
from consentlog.errors import FatalError, Language
from consentlog.explain.note import note
from consentlog.explain.wording import say_reason
from consentlog.local.layout import Layout
from consentlog.local.record import running_stack
from consentlog.local.settings import LocalSettings
from consentlog.observability.masking import mask
from dialers.client import GateClient, Reply

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Number = Annotated[str, typer.Argument(metavar="NUMBER", help="for example +8613800138000")]
Entity = Annotated[str, typer.Option("--entity", help="registry id of who wants to call")]
Brand = Annotated[str | None, typer.Option("--brand", help="registry id")]
Campaign = Annotated[
    str | None, typer.Option("--campaign", help="registry id; without one: marketing")
]
Channel = Annotated[str, typer.Option("--channel", help="voice or sms")]
Token = Annotated[
    str | None, typer.Option("--min-token", help="wait until this write is visible (p:offset)")
]
Url = Annotated[str | None, typer.Option("--url", help="gate; default: the local stack's")]
KeyFile = Annotated[
    Path | None, typer.Option("--key-file", help="file with the API key; default: the stack's")
]
DataDir = Annotated[
    Path | None,
    typer.Option("--data-dir", help="default: CONSENTLOG_LOCAL__DATA_DIR or ./.consentlog"),
]
Explained = Annotated[bool, typer.Option("--explain", help="tell the answer as a short legal note")]


@app.command()
def check(  # noqa: PLR0913  # options of a command
    number: Number,
    entity: Entity,
    brand: Brand = None,
    campaign: Campaign = None,
    channel: Channel = "voice",
    min_token: Token = None,
    *,
    url: Url = None,
    key_file: KeyFile = None,
    data_dir: DataDir = None,
    explained: Explained = False,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Ask the gate whether NUMBER may be contacted now. Changes nothing.

    Exit 0 for allow, 3 for deny, 1 if the gate did not answer. Example:
    `consentlog check +8613800138000 --entity acme --campaign acme-life-spring --explain`.
    """
    spoken = language(lang)
    address, key = _gate(url, key_file, data_dir)
    asked = {
        "number": number,
        "entity": entity,
        "brand": brand,
        "campaign": campaign,
        "channel": channel,
        "min_token": min_token,
        "explain": explained or None,
    }
    with GateClient(address, key) as client:
        reply = client.decide(asked, spoken)
    if as_json:
        emit(reply.body)
    else:
        _tell(number, reply, spoken)
    raise typer.Exit(_exit_code(reply))


def _gate(url: str | None, key_file: Path | None, data_dir: Path | None) -> tuple[str, str]:
    if url is not None and key_file is not None:
        return url, _key_in(key_file)
    layout = Layout((data_dir or LocalSettings.read().data_dir).expanduser().absolute())
    address = url or running_stack(layout).url("gate")
    key = _key_in(key_file) if key_file else json.loads(_read(layout.keys))["dialer"]
    return address, str(key)


def _key_in(key_file: Path) -> str:
    key = _read(key_file).strip()
    if not key or not key.isascii() or not key.isprintable():
        raise FatalError("CL-2007", path=key_file, reason="it holds no key: one line of ASCII")
    return key


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as exc:
        raise FatalError("CL-2007", path=path, reason=exc.strerror or "not readable") from exc
    except UnicodeDecodeError as exc:
        raise FatalError("CL-2007", path=path, reason="it is no text") from exc


def _exit_code(reply: Reply) -> ExitCode:
    if reply.allowed:
        return ExitCode.OK
    return ExitCode.VERIFICATION_FAILED if "verdict" in reply.body else ExitCode.FAILURE


def _tell(number: str, reply: Reply, lang: Language) -> None:
    if "verdict" not in reply.body:
        say(f"{reply.body.get('code')}: {reply.body.get('detail')}")
        say(f"  {reply.body.get('do')}")
        for error in reply.body.get("errors", []):
            say(f"  {error.get('pointer')}: {error.get('message')}")
        return
    if "explanation" in reply.body:
        for line in note(mask(number), reply.body, lang):
            say(line)
    else:
        _tell_briefly(number, reply, lang)
    if (staleness_ms := reply.body.get("staleness_ms")) is not None:
        text = "信息截至" if lang == "zh" else "as of"
        say(f"  {text} {staleness_ms} ms {'前' if lang == 'zh' else 'ago'}")
    if reply.status != 200:
        say(f"  {reply.body.get('do')}")


def _tell_briefly(number: str, reply: Reply, lang: Language) -> None:
    words = ("可以联系", "不可联系") if lang == "zh" else ("ALLOW", "DENY")
    say(f"{mask(number)}: {words[0] if reply.allowed else words[1]}")
    if why := reply.body.get("why_denied"):
        say(f"  {why}")
    for reason in reply.reasons:
        say(f"  - {say_reason(reason, lang)}")
    if granted_by := reply.body.get("granted_by"):
        say(f"  {'依据的同意' if lang == 'zh' else 'granted by event'} {granted_by}")
