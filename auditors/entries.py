"""One line of a number's history: masked for the screen, plain for machines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from consentlog.observability.masking import mask, mask_text

_TELLING_DIGITS: Final = 8
"""So many last digits of a number in another field give it away, with or without country code."""


def masked_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Mask the subject, and any other field that quotes it (a call id that holds the number).

    Args:
        row: Column name to value.
    """
    tail = row["subject"][-_TELLING_DIGITS:]
    return {
        name: mask_text(value) if isinstance(value, str) and tail and tail in value else value
        for name, value in row.items()
    } | {"subject": mask(row["subject"])}


def entry_of(row: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a row of the history query into JSON.

    Args:
        row: Column name to value; times are aware UTC.

    Returns:
        The same fields, times in RFC 3339 with milliseconds, empty words as None, and `token`, the
        consistency token of the record's place.
    """
    entry = {name: _plain(value) for name, value in row.items()}
    entry["token"] = f"{row['partition']}:{row['offset']}"
    return entry


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return None if value in ("", "unknown") else value
