"""What an import is told: on which terms rows are read, and through which door they go."""

from __future__ import annotations

import hashlib
import json
import stat
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from consentlog.errors import InvalidEvent
from consentlog.local.layout import Layout
from consentlog.local.record import running_stack
from consentlog.local.settings import LocalSettings
from consentlog.reference.load import load_registry
from producers.imports.columns import HEADERS, Columns
from producers.imports.rows import ListOf
from producers.imports.terms import WrongTerm, check_terms, is_name, says_whom, terms_text


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms a list is read; `told` are columns by field."""

    file: Path
    source: str
    about: ListOf
    told: Mapping[str, str]
    encoding: str | None
    sheet: str | None

    def as_text(self, columns: Columns) -> str:
        """Return all that decides what is sent, so that no run goes on under other terms."""
        return terms_text(self.source, self.about, columns, self.encoding, self.sheet)

    def check_entity(self, columns: Columns) -> None:
        """Check that every row can say whom it refuses.

        Raises:
            typer.BadParameter: If neither an option nor a column does.
        """
        if not says_whom(self.about, columns.places):
            raise typer.BadParameter("name who was refused", param_hint="--entity")


@dataclass(frozen=True, slots=True)
class Door:
    """Where the gateway is, and the key."""

    url: str
    headers: Mapping[str, str]


def read_terms(  # noqa: PLR0913  # options of a command
    file: Path,
    list_name: str,
    source: str,
    entity: str | None,
    zone: str | None,
    region: str | None,
    column: list[str] | None,
    basis: str,
    data_dir: Path | None,
    encoding: str | None,
    sheet: str | None,
) -> Terms:
    """Check the options of the command.

    Raises:
        typer.BadParameter: Naming the option.
    """
    if not is_name(source):
        raise typer.BadParameter("1 to 32 characters of ASCII", param_hint="--source")
    if encoding is not None:
        _check_encoding(encoding)
    told = region.upper() if region is not None else _region(source, data_dir)
    about = ListOf(list_name, entity, zone, told, basis)
    try:
        check_terms(about)
    except WrongTerm as wrong:
        raise typer.BadParameter(str(wrong), param_hint=f"--{wrong.field}") from None
    return Terms(file, source, about, told_columns(column, HEADERS), encoding, sheet)


def door_of(source: str, url: str | None, key_file: Path | None, data_dir: Path | None) -> Door:
    """Find the gateway and the source's key.

    Raises:
        typer.BadParameter: If there is no such key, others can read its file, or the address is
            none.
        ConsentLogError: If no address was given and no local stack runs.
    """
    layout = _layout(data_dir)
    key = _key_in(key_file) if key_file else _key_of(source, layout)
    address = (url or running_stack(layout).url("gateway")).rstrip("/")
    if not address.startswith(("http://", "https://")):
        raise typer.BadParameter("http://… or https://…", param_hint="--url")
    return Door(address, {"x-api-key": key, "content-type": "application/json"})


def told_columns(column: Sequence[str] | None, fields: Collection[str]) -> dict[str, str]:
    """Return columns by field, as `FIELD=HEADER` or `FIELD=2` says it.

    Raises:
        typer.BadParameter: For a field that there is not, or no header.
    """
    told = dict(text.partition("=")[::2] for text in column or ())
    for field, where in told.items():
        if field not in fields or not where:
            among = ", ".join(fields)
            raise typer.BadParameter(f"FIELD=HEADER, FIELD one of {among}", param_hint="--column")
    return told


def sha256_of(file: Path) -> str:
    """Return a file's SHA-256, hex.

    Raises:
        InvalidEvent: `CL-1501` if it cannot be read.
    """
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as exc:
        reason = exc.strerror or "it cannot be opened"
        raise InvalidEvent("CL-1501", file=file.name, reason=reason) from None


def _layout(data_dir: Path | None) -> Layout:
    return Layout((data_dir or LocalSettings.read().data_dir).expanduser().absolute())


def _check_encoding(encoding: str) -> None:
    try:
        "".encode(encoding)
    except LookupError:
        raise typer.BadParameter("no such encoding", param_hint="--encoding") from None


def _region(source: str, data_dir: Path | None) -> str | None:
    """Return the source's region where its registry is at hand."""
    registry = _layout(data_dir).registry
    known = load_registry(registry).sources.get(source) if registry.exists() else None
    return known.region if known else None


def _key_in(key_file: Path) -> str:
    try:
        if stat.S_IMODE(key_file.stat().st_mode) & 0o077:
            raise typer.BadParameter("others can read it (chmod 600)", param_hint="--key-file")
        key = key_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise typer.BadParameter("it cannot be read", param_hint="--key-file") from None
    if not key or not key.isascii() or not key.isprintable():
        raise typer.BadParameter("it holds no key: one line of ASCII", param_hint="--key-file")
    return key


def _key_of(source: str, layout: Layout) -> str:
    try:
        keys: dict[str, str] = json.loads(layout.keys.read_text("utf-8"))
        return keys[source]
    except (OSError, ValueError, KeyError):
        raise typer.BadParameter(
            f"no key of {source} in {layout.keys}; name one with --key-file",
            param_hint="--source",
        ) from None
