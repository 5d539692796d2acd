"""A TOML file as rows that know their line, so that an error can point at it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError

from consentlog.errors import FatalError

_HEADER: Final = re.compile(r"^\s*\[\[\s*([\w.-]+)\s*\]\]", re.MULTILINE)

Row = TypeVar("Row", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Document:
    """One file: its tables, and the line on which each row begins (1-based)."""

    file: str
    tables: Mapping[str, Any]
    lines: Mapping[str, tuple[int, ...]]

    def rows(self, table: str, kind: type[Row]) -> list[Row]:
        """Read every row of one array of tables.

        Args:
            table: Name of the array, as in `[[campaigns]]`.
            kind: Strict model of one row.

        Returns:
            Rows in file order; empty if the table is absent.

        Raises:
            FatalError: `CL-6061` for an unknown, missing or mistyped field.
        """
        found = self.tables.get(table, [])
        if not isinstance(found, list):
            self.refuse(table, 0, f"{table} must be written as [[{table}]]")
        return [self._row(table, number, row, kind) for number, row in enumerate(found)]

    def only(self, *known: str) -> None:
        """Refuse tables that nobody reads: a misspelt one would silently be no rule at all.

        Raises:
            FatalError: `CL-6061` naming the first unknown table.
        """
        for name in self.tables:
            if name not in known:
                self.refuse(name, 0, f"unknown table or field; known: {', '.join(sorted(known))}")

    def check_version(self) -> None:
        """Refuse a file that was written for another program.

        Raises:
            FatalError: `CL-6061`.
        """
        if self.tables.get("version") != 1:
            self.refuse("version", 0, "this program reads version = 1")

    def line_of(self, table: str, number: int) -> int:
        """Return the line of a row's header, or 1 where the file writes it otherwise."""
        lines = self.lines.get(table, ())
        return lines[number] if number < len(lines) else 1

    def refuse(self, table: str, number: int, reason: str, name: str = "") -> NoReturn:
        """Raise the error that points at one row.

        Raises:
            FatalError: `CL-6061`, always.
        """
        row = f"{table} {name}".strip()
        line = self.line_of(table, number)
        raise FatalError("CL-6061", file=self.file, line=line, row=row, reason=reason)

    def _row(self, table: str, number: int, row: object, kind: type[Row]) -> Row:
        try:
            return kind.model_validate(row)
        except ValidationError as exc:
            error = exc.errors(include_input=False, include_url=False)[0]
            where = ".".join(map(str, error["loc"]))
            name = str(row.get("id") or row.get("value") or "") if isinstance(row, dict) else ""
            self.refuse(table, number, f"{where}: {error['msg']}", name)


def read_document(path: Path) -> Document:
    """Read one file.

    Raises:
        FatalError: `CL-6060` if it is missing, not UTF-8 or not TOML (the reason has the line).
    """
    try:
        text = path.read_text("utf-8")
        tables = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
        raise FatalError("CL-6060", file=str(path), reason=_reason(exc)) from exc
    lines: dict[str, list[int]] = {}
    for found in _HEADER.finditer(text):
        lines.setdefault(found[1], []).append(text.count("\n", 0, found.start(1)) + 1)
    return Document(str(path), tables, {name: tuple(at) for name, at in lines.items()})


def _reason(exc: Exception) -> str:
    return (exc.strerror or str(exc)) if isinstance(exc, OSError) else str(exc)
