"""How a request fails: ClickHouse's own error codes, and the HTTP status its server gives them."""

from __future__ import annotations

import re
from typing import Final

SYNTAX_ERROR: Final = 62
NOT_IMPLEMENTED: Final = 48
READONLY: Final = 164
TOO_MANY_BYTES: Final = 307
CANNOT_DECOMPRESS: Final = 271
ACCESS_DENIED: Final = 497
AUTHENTICATION_FAILED: Final = 516
STD_EXCEPTION: Final = 1001

_NAMES: Final = {
    SYNTAX_ERROR: "SYNTAX_ERROR",
    NOT_IMPLEMENTED: "NOT_IMPLEMENTED",
    READONLY: "READONLY",
    TOO_MANY_BYTES: "TOO_MANY_BYTES",
    CANNOT_DECOMPRESS: "CANNOT_DECOMPRESS",
    ACCESS_DENIED: "ACCESS_DENIED",
    AUTHENTICATION_FAILED: "AUTHENTICATION_FAILED",
}

_STATUS: Final = {
    **dict.fromkeys((6, 26, 27, 36, 38, 41, 43, 53, 62, 72, 130, 271), 400),
    **dict.fromkeys((46, 47, 50, 60, 73, 81, 115), 404),
    **dict.fromkeys((ACCESS_DENIED, AUTHENTICATION_FAILED, READONLY), 403),
    TOO_MANY_BYTES: 413,
    NOT_IMPLEMENTED: 501,
}

_CODE: Final = re.compile(r"Code: (\d+)\.")


class RequestFailure(Exception):
    """A request that is answered with a ClickHouse error.

    Args:
        code: ClickHouse's error code.
        text: The whole message, as the client shows it.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return _STATUS.get(self.code, 500)


def refuse(code: int, reason: str) -> RequestFailure:
    """Return a failure of the front itself, worded like the engine's."""
    return RequestFailure(code, f"Code: {code}. DB::Exception: {reason} ({_NAMES[code]})")


def from_engine(error: Exception) -> RequestFailure:
    """Translate what chDB raised; its messages carry the code."""
    text = str(error)
    found = _CODE.search(text)
    text = text[found.start() :] if found else text
    return RequestFailure(int(found.group(1)) if found else STD_EXCEPTION, text)
