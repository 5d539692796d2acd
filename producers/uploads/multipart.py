"""Reads a form with a file in it piece by piece: fields into memory, the file onto the disk."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from consentlog.errors import InvalidEvent
from consentlog.http.problems import RequestRefused

FORM_BYTES: Final = 65_536
"""All that a form may have beside its file."""
_MAX_FIELDS: Final = 32
_FLUSHED_BYTES: Final = 1 << 20
_MAX_NAME: Final = 120


@dataclass(slots=True)
class FormWithFile:
    """What a form brought: its fields, and its file's name, bytes and SHA-256 (hex)."""

    fields: dict[str, str] = field(default_factory=dict)
    file_name: str = ""
    size: int = 0
    sha256: str = ""


def boundary_of(content_type: str) -> bytes | None:
    """Return what parts the form, or None if it is none with a file."""
    kind, options = parse_options_header(content_type)
    return options.get(b"boundary") or None if kind == b"multipart/form-data" else None


async def read_upload_form(
    pieces: AsyncIterator[bytes], boundary: bytes, path: Path, most_bytes: int
) -> FormWithFile:
    """Read a form to its end; the disk is written by other threads.

    Args:
        pieces: The body.
        boundary: As `boundary_of` told it.
        path: Where its file is put (0600), on disk for good when this returns.
        most_bytes: Of the file.

    Raises:
        InvalidEvent: `CL-1507` if it is no form of ours or ends early.
        RequestRefused: `CL-1005` if the file is larger; all of it was read then.
        OSError: If the disk does not take it.
    """
    reader = _Reader(boundary, most_bytes)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        digest = hashlib.sha256()

        def flush() -> None:
            digest.update(reader.pending)
            file.write(reader.pending)
            reader.pending = bytearray()

        async for piece in pieces:
            reader.take(piece)
            if len(reader.pending) >= _FLUSHED_BYTES:
                await asyncio.to_thread(flush)
        reader.check_whole()
        await asyncio.to_thread(flush)
        await asyncio.to_thread(os.fsync, file.fileno())
    reader.form.sha256 = digest.hexdigest()
    return reader.form


class _Reader:
    """Hears what the parser finds."""

    def __init__(self, boundary: bytes, most_bytes: int) -> None:
        self.form = FormWithFile()
        self.pending = bytearray()
        self._most_bytes = most_bytes
        self._form_bytes = 0
        self._header: list[bytearray] = []
        self._disposition = b""
        self._field: str | None = None
        self._value = bytearray()
        self._is_file = False
        self._is_whole = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin,
                    "on_header_begin": self._header_begin,
                    "on_header_field": self._header_name,
                    "on_header_value": self._header_value,
                    "on_header_end": self._header_end,
                    "on_headers_finished": self._headers_end,
                    "on_part_data": self._data,
                    "on_part_end": self._end,
                    "on_end": self._whole,
                },
            )
        except FormParserError:
            raise _broken("its boundary is too long") from None

    def take(self, piece: bytes) -> None:
        try:
            self._parser.write(piece)
        except FormParserError:
            raise _broken("it is damaged") from None

    def check_whole(self) -> None:
        if not self._is_whole:
            raise _broken("it ends early")
        if self.form.size > self._most_bytes:
            raise RequestRefused("CL-1005", limit_bytes=self._most_bytes)

    def _begin(self) -> None:
        self._disposition, self._field, self._is_file = b"", None, False
        self._value = bytearray()

    def _header_begin(self) -> None:
        self._header = [bytearray(), bytearray()]

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._header[0] += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._header[1] += data[start:end]

    def _header_end(self) -> None:
        if bytes(self._header[0]).lower() == b"content-disposition":
            self._disposition = bytes(self._header[1])

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        self._is_file = self._field == "file" and b"filename" in options
        if self._is_file:
            if self.form.file_name or self.form.size:
                raise _broken("it has two files")
            self.form.file_name = _shown(options[b"filename"])

    def _data(self, data: bytes, start: int, end: int) -> None:
        if not self._is_file:
            self._form_bytes += end - start
            if self._form_bytes > FORM_BYTES:
                raise _broken("its fields are too long")
            self._value += data[start:end]
            return
        self.form.size += end - start
        if self.form.size <= self._most_bytes:
            self.pending += data[start:end]

    def _end(self) -> None:
        if self._is_file or self._field is None:
            return
        if len(self.form.fields) >= _MAX_FIELDS:
            raise _broken("it has too many fields")
        text = self._value.decode("utf-8", "replace").strip()
        self.form.fields.setdefault(self._field, text)

    def _whole(self) -> None:
        self._is_whole = True


def _shown(file_name: bytes) -> str:
    """Return what a file is called, to be shown only: it is never where anything is written."""
    last = re.split(r"[\\/]", file_name.decode("utf-8", "replace"))[-1]
    return "".join(char for char in last if char.isprintable())[:_MAX_NAME]


def _broken(reason: str) -> InvalidEvent:
    return InvalidEvent("CL-1507", reason=reason)
