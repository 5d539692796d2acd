"""What the address of a preference page asks for beyond its form."""

from __future__ import annotations

import re
from typing import Final

from starlette.requests import Request

from consentlog.ports import Position

_TOKEN: Final = re.compile(r"([0-9]|1[01]):([0-9]{1,18})", re.ASCII)


def write_seen(request: Request) -> Position | None:
    """Return the write that a page has to include: `?seen=<partition>:<offset>`."""
    found = _TOKEN.fullmatch(request.query_params.get("seen", ""))
    return Position(int(found[1]), int(found[2])) if found else None
