"""Collects the cells of a spreadsheet out of the events of an XML parser."""

from __future__ import annotations

from array import array
from functools import lru_cache
from typing import Final

_MOST_SHARED_BYTES: Final = 64 << 20
_MOST_SHARED: Final = 8 << 20  # an empty text, too, takes eight bytes
_MOST_COLUMNS: Final = 256
_MOST_CELL: Final = 32_767  # as many characters as a cell can hold
_MOST_LETTERS: Final = 3  # the last column of a sheet is XFD

Attributes = dict[str, str]


class SharedTexts:
    """The texts that cells name by number, one after another in UTF-8."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("L")

    def add(self, text: str) -> None:
        """Append the next text.

        Raises:
            ValueError: If all together are larger than is held in memory.
        """
        self._bytes += text.encode()
        self._ends.append(len(self._bytes))
        if len(self._bytes) > _MOST_SHARED_BYTES or len(self._ends) > _MOST_SHARED:
            raise ValueError("it shares more text than fits in memory; save it as CSV")

    def __getitem__(self, index: int) -> str:
        start = self._ends[index - 1] if index else 0
        return self._bytes[start : self._ends[index]].decode()


class SharedReader:
    """Collects shared texts; the reading aids of `rPh` are no part of them."""

    def __init__(self, shared: SharedTexts) -> None:
        self._shared = shared
        self._parts: list[str] = []
        self._left = _MOST_CELL
        self._reads = self._aid = False

    def start(self, name: str, _: Attributes) -> None:
        """Open an element."""
        if name == "si":
            self._parts, self._left = [], _MOST_CELL
        elif name == "rPh":
            self._aid = True
        elif name == "t":
            self._reads = not self._aid

    def end(self, name: str) -> None:
        """Close an element."""
        if name == "si":
            self._shared.add("".join(self._parts))
        elif name == "rPh":
            self._aid = False
        elif name == "t":
            self._reads = False

    def text(self, data: str) -> None:
        """Keep text, where it is a cell's and as long as the cell can hold it."""
        if self._reads and self._left:
            self._parts.append(data[: self._left])
            self._left -= len(self._parts[-1])


class SheetReader:
    """Collects the rows of a sheet."""

    def __init__(self, shared: SharedTexts) -> None:
        self._shared = shared
        self._done: list[tuple[int, list[str]]] = []
        self._row: list[str] = []
        self._number = 0
        self._column = -1
        self._kind = ""
        self._value: list[str] = []
        self._left = _MOST_CELL
        self._reads = self._aid = False

    def take(self) -> list[tuple[int, list[str]]]:
        """Return the rows that are complete, once."""
        done, self._done = self._done, []
        return done

    def start(self, name: str, attributes: Attributes) -> None:
        """Open an element."""
        if name == "c":
            self._kind = attributes.get("t", "n")
            place = attributes.get("r")
            self._column = _column_of(place) if place else self._column + 1
            self._value, self._left = [], _MOST_CELL
        elif name in ("v", "t"):
            self._reads = not self._aid
        elif name == "row":
            self._number = int(attributes.get("r", self._number + 1))
            self._row, self._column = [], -1
        elif name == "rPh":
            self._aid = True

    def end(self, name: str) -> None:
        """Close an element."""
        if name == "c":
            self._end_cell()
        elif name in ("v", "t"):
            self._reads = False
        elif name == "row":
            self._done.append((self._number, self._row))
        elif name == "rPh":
            self._aid = False

    def text(self, data: str) -> None:
        """Keep text, where it is a cell's and as long as the cell can hold it."""
        if self._reads and self._left:
            self._value.append(data[: self._left])
            self._left -= len(self._value[-1])

    def _end_cell(self) -> None:
        # The row's own length counts too: a file may name one place a million times.
        if not self._value or max(self._column, len(self._row)) >= _MOST_COLUMNS:
            return
        value = "".join(self._value)
        if self._kind == "s":
            value = self._shared[int(value)]
        elif self._kind == "n":
            value = _plain(value)
        self._row += [""] * (self._column - len(self._row))
        self._row.append(value)


def _column_of(place: str) -> int:
    return _column_named(place.rstrip("0123456789"))


@lru_cache(1024)
def _column_named(letters: str) -> int:
    index = 0
    for at, char in enumerate(letters):
        if not char.isalpha():
            break
        if at == _MOST_LETTERS:
            raise ValueError("a cell's place has more letters than any column")
        index = index * 26 + ord(char) - 64
    return index - 1


def _plain(value: str) -> str:
    """Write a whole number without exponent or point: `1.3800138E10` is how some write one."""
    if value.isdigit():
        return value
    number = float(value)
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else value
