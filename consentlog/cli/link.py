"""`consentlog link`: mints the one-click refusal links that messages carry."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from consentlog.cli.output import AsJson, Lang, emit, language, say
from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import Channel, Purpose
from consentlog.http.problems import RequestRefused
from consentlog.local.layout import Layout
from consentlog.local.record import running_stack
from consentlog.local.settings import LocalSettings
from consentlog.numbers.normalise import Quarantined, normalise
from consentlog.observability.masking import mask
from consentlog.reference.load import load_registry
from consentlog.reference.secrets import load_secrets
from producers.links import LinkSealer
from producers.senders import RefusalLinks

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Number = Annotated[str, typer.Option("--number", help="for example +8613800138000")]
Entity = Annotated[str, typer.Option("--entity", help="registry id of who will stop")]
Brand = Annotated[str | None, typer.Option("--brand", help="registry id; narrows the refusal")]
Campaign = Annotated[
    str | None, typer.Option("--campaign", help="registry id; narrows the refusal")
]
Ways = Annotated[Channel, typer.Option("--channel", help="voice, sms or all")]
Region = Annotated[
    str | None, typer.Option("--region", help="of a number without country code, e.g. CN")
]
BaseUrl = Annotated[
    str | None, typer.Option("--base-url", help="of the gateway; default: the local stack's")
]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        help="with registry.toml and secrets.toml; default: CONSENTLOG_LOCAL__DATA_DIR "
        "or ./.consentlog",
    ),
]


@app.command()
def link(  # noqa: PLR0913  # options of a command
    number: Number,
    entity: Entity,
    brand: Brand = None,
    campaign: Campaign = None,
    channel: Ways = Channel.ALL,
    region: Region = None,
    *,
    base_url: BaseUrl = None,
    data_dir: DataDir = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Make a link with which a person refuses marketing in one click. Changes nothing itself.

    A link can only refuse, whoever made it. It does not expire, and the number is not visible in
    it. With --json the headers of a mail (RFC 8058) too. Example: `consentlog link --number
    +8613800138000 --entity acme`.
    """
    spoken = language(lang)
    if channel is Channel.UNKNOWN:
        raise typer.BadParameter("voice, sms or all", param_hint="--channel")
    layout = Layout((data_dir or LocalSettings.read().data_dir).expanduser().absolute())
    scope = Scope(entity, brand, campaign, Purpose.MARKETING, channel)
    if not load_registry(layout.registry).knows(scope, time.time_ns() // 1_000_000):
        names = " / ".join(name for name in (entity, brand, campaign) if name)
        raise RequestRefused("CL-1204", unknown=names)
    found = normalise(number, region)
    if isinstance(found, Quarantined):
        raise RequestRefused("CL-1203", reason=found.reason.value)
    secrets = load_secrets(layout.secrets)
    sealer = LinkSealer(secrets.link_active, secrets.link_keys)
    links = RefusalLinks(base_url or running_stack(layout).url("gateway"), sealer)
    headers = links.mail_headers(found.subject, scope)
    url = headers["List-Unsubscribe"].strip("<>")
    if as_json:
        emit({"url": url, "token": url.rpartition("/")[2], "mail_headers": headers})
        return
    text = "一键退订链接：" if spoken == "zh" else "refusal link for "
    say(f"{text}{mask(found.subject)}")
    typer.echo(url)
