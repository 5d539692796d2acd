"""`consentlog review`: what waits for a person, and what that person decides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import typer

from consentlog.cli.import_terms import door_of
from consentlog.cli.list_options import DataDir, Url
from consentlog.cli.output import AsJson, ExitCode, Lang, emit, language
from consentlog.cli.review_screen import ReviewScreen
from producers.reviews.client import Reply, ReviewClient

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="What waits for a person: list it, look at it, take it, decide it.",
)

Id = Annotated[str, typer.Argument(metavar="ID", help="of the case; its first 6 digits or more do")]
KeyFile = Annotated[
    Path | None, typer.Option("--key-file", help="holds an API key, mode 0600; else compliance's")
]
Reason = Annotated[str | None, typer.Option("--reason", help="only these, e.g. needs_approval")]
Owner = Annotated[str | None, typer.Option("--owner", help="only theirs, e.g. compliance")]
Source = Annotated[str | None, typer.Option("--source", help="only from it, a registry id")]
Limit = Annotated[int, typer.Option("--limit", help="at most so many", min=1, max=500)]
After = Annotated[str | None, typer.Option("--after", help="`next` of the page before")]
Unmask = Annotated[bool, typer.Option("--unmask", help="show the number whole; this is logged")]
As = Annotated[
    str,
    typer.Option("--as", help="refused, no_refusal or dismissed; approved or declined"),
]
Why = Annotated[str, typer.Option("--reason", help="who decided and why; it is kept")]
NewOwner = Annotated[str | None, typer.Option("--owner", help="a role or a person; default: you")]
Number = Annotated[
    str | None, typer.Option("--number", help="of the refusal, where the case knows none")
]
Region = Annotated[
    str | None, typer.Option("--region", help="of a number without country code, e.g. CN")
]
Entity = Annotated[
    str | None, typer.Option("--entity", help="whom the person refused; default: the case's")
]
Brand = Annotated[str | None, typer.Option("--brand", help="only it; needs --entity")]
Campaign = Annotated[str | None, typer.Option("--campaign", help="only it; needs --entity")]
Purpose = Annotated[
    str | None, typer.Option("--purpose", help="marketing, service or all; needs --entity")
]
Channel = Annotated[str | None, typer.Option("--channel", help="voice, sms or all; needs --entity")]
Hold = Annotated[
    str | None, typer.Option("--hold", help="event id of the hold, if the case does not name it")
]

Tell: TypeAlias = Callable[[Mapping[str, Any]], None]

_DIGITS: Final = 32
_PREFIX: Final = re.compile(r"[0-9a-f]{6,32}")


@app.command(name="list")
def list_(  # noqa: PLR0913  # options of a command
    reason: Reason = None,
    owner: Owner = None,
    source: Source = None,
    limit: Limit = 50,
    after: After = None,
    url: Url = None,
    key_file: KeyFile = None,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """List the cases that wait, the oldest first; numbers are masked. Changes nothing.

    Exit 1 if the gateway does not say. Example:

    \b
    consentlog review list --reason needs_approval
    """  # noqa: D301  # click's mark for lines to leave as they are
    screen = ReviewScreen(language(lang))
    with _gateway(url, key_file, data_dir, screen) as gateway:
        reply = gateway.page(reason=reason, owner=owner, source=source, limit=limit, after=after)
    _finish(reply, screen, as_json=as_json, tell=screen.cases)


@app.command()
def show(  # noqa: PLR0913  # options of a command
    id_: Id,
    url: Url = None,
    key_file: KeyFile = None,
    data_dir: DataDir = None,
    *,
    unmask: Unmask = False,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Show one case with what came in; of a decided one what was decided. Changes nothing.

    --unmask shows the number, needs a key with numbers:read, and is logged by the gateway. Example:

    \b
    consentlog review show 9f3c1a
    """  # noqa: D301  # click's mark for lines to leave as they are
    screen = ReviewScreen(language(lang))
    with _gateway(url, key_file, data_dir, screen) as gateway:
        reply = gateway.show(_whole(gateway, id_, screen), unmask=unmask)
    _finish(reply, screen, as_json=as_json, tell=screen.case)


@app.command()
def take(  # noqa: PLR0913  # options of a command
    id_: Id,
    owner: NewOwner = None,
    url: Url = None,
    key_file: KeyFile = None,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Make somebody the owner of a case: you, or whom --owner names.

    Records that on the log. Example:

    \b
    consentlog review take 9f3c1a --owner legal-1
    """  # noqa: D301  # click's mark for lines to leave as they are
    screen = ReviewScreen(language(lang))
    with _gateway(url, key_file, data_dir, screen) as gateway:
        reply = gateway.take(_whole(gateway, id_, screen), owner)
    _finish(reply, screen, as_json=as_json, tell=screen.case)


@app.command()
def decide(  # noqa: PLR0913  # options of a command
    id_: Id,
    decision: As,
    reason: Why,
    number: Number = None,
    region: Region = None,
    entity: Entity = None,
    brand: Brand = None,
    campaign: Campaign = None,
    purpose: Purpose = None,
    channel: Channel = None,
    hold: Hold = None,
    url: Url = None,
    key_file: KeyFile = None,
    data_dir: DataDir = None,
    *,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Decide a case, once. Records what follows from it: it cannot be taken back.

    refused: it was a refusal, which is recorded, and the hold ends. no_refusal: the hold ends.
    dismissed: nothing follows, and a hold goes on holding. approved, declined: a spoken consent, a
    correction or a list that waits for a second person. Sent again after a failure it is the same
    acts. Exit 1 if it was not done. Examples:

    \b
    consentlog review decide 9f3c1a --as no_refusal --reason "asked for the address: legal-1"
    consentlog review decide 9f3c1a --as refused --entity acme --reason "heard again: legal-1"
    """  # noqa: D301  # click's mark for lines to leave as they are
    screen = ReviewScreen(language(lang))
    named = {"brand": brand, "campaign": campaign, "purpose": purpose, "channel": channel}
    asked = {
        "decision": decision,
        "reason": reason,
        "number": number,
        "region": region,
        "scope": _scope(entity, named),
        "event_id": hold,
    }
    with _gateway(url, key_file, data_dir, screen) as gateway:
        whole = _whole(gateway, id_, screen)
        reply = gateway.decide(whole, {k: v for k, v in asked.items() if v is not None})
    _finish(reply, screen, as_json=as_json, tell=screen.done)


@contextmanager
def _gateway(
    url: str | None, key_file: Path | None, data_dir: Path | None, screen: ReviewScreen
) -> Iterator[ReviewClient]:
    door = door_of("compliance", url, key_file, data_dir)
    with closing(ReviewClient(door.url, door.headers, screen.lang)) as client:
        yield client


def _whole(gateway: ReviewClient, given: str, screen: ReviewScreen) -> str:
    """Return the whole id of the one open case that begins so; a whole one as it is."""
    if not _PREFIX.fullmatch(given):
        raise typer.BadParameter(screen.words("digits"), param_hint="ID")
    if len(given) == _DIGITS:
        return given
    found = gateway.ids_with(given)
    if isinstance(found, Reply):
        screen.problem(found.body)
        raise typer.Exit(ExitCode.FAILURE)
    if len(found) != 1:
        raise typer.BadParameter(screen.words("several" if found else "none"), param_hint="ID")
    return found[0]


def _scope(entity: str | None, named: dict[str, str | None]) -> dict[str, str] | None:
    narrow = {name: value for name, value in named.items() if value is not None}
    if entity is None:
        if narrow:
            raise typer.BadParameter("it needs --entity", param_hint=f"--{next(iter(narrow))}")
        return None
    return {"entity": entity, **narrow}


def _finish(reply: Reply, screen: ReviewScreen, *, as_json: bool, tell: Tell) -> None:
    if as_json:
        emit(reply.body)
    elif reply.is_good:
        tell(reply.body)
    else:
        screen.problem(reply.body)
    if not reply.is_good:
        raise typer.Exit(ExitCode.FAILURE)
