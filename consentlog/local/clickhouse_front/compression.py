"""Bodies as clients compress them: several frames, one after another, of lz4, gzip or zstd."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import lz4.frame

from consentlog.local.clickhouse_front.failure import (
    CANNOT_DECOMPRESS,
    NOT_IMPLEMENTED,
    TOO_MANY_BYTES,
    refuse,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

_CHUNK_BYTES: Final = 4 * 1024 * 1024


class _Decompressor(Protocol):
    """One frame's decompressor; the three libraries agree on these names."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes | None: ...
    def decompress(self, data: bytes, max_length: int) -> bytes: ...


class _Gzip:
    """zlib's object, which keeps what it could not give out yet apart, with the others' manners."""

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(zlib.MAX_WBITS | 16)

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        return self._inner.decompress(data or self._inner.unconsumed_tail, max_length)


_FRAMES: Final[Mapping[str, Callable[[], Any]]] = {
    "lz4": lz4.frame.LZ4FrameDecompressor,
    "gzip": _Gzip,
    "zstd": zstd.ZstdDecompressor,
}
_ERRORS: Final = (RuntimeError, zlib.error, zstd.ZstdError, EOFError)


def decompress(body: bytes, encoding: str, limit_bytes: int) -> bytes:
    """Undo a body's Content-Encoding.

    Args:
        body: What came over the wire.
        encoding: The header's value; empty or `identity` = as it is.
        limit_bytes: More than this after decompression is refused before it is made.

    Raises:
        RequestFailure: Unknown encoding, damaged or cut data, or too much of it.
    """
    if encoding in {"", "identity"}:
        return body
    if encoding not in _FRAMES:
        raise refuse(NOT_IMPLEMENTED, f"Content-Encoding {encoding} is not supported")
    chunks: list[bytes] = []
    left = limit_bytes
    while body:
        frame: _Decompressor = _FRAMES[encoding]()
        try:
            chunks.append(_one_frame(frame, body, left))
        except _ERRORS as exc:
            raise refuse(CANNOT_DECOMPRESS, f"Cannot decompress the {encoding} body") from exc
        left -= len(chunks[-1])
        body = frame.unused_data or b""
    return b"".join(chunks)


def _one_frame(frame: _Decompressor, body: bytes, limit_bytes: int) -> bytes:
    out = bytearray()
    data = body
    while not frame.eof:
        piece = frame.decompress(data, max_length=_CHUNK_BYTES)
        if not piece and not frame.eof:
            raise EOFError("the frame is cut short")
        out += piece
        data = b""
        if len(out) > limit_bytes:
            raise refuse(TOO_MANY_BYTES, "The decompressed body is too large")
    return bytes(out)
