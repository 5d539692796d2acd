"""Reads a form strictly, before anything looks into it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl

from consentlog.http.problems import RequestRefused

FORM: Final = "application/x-www-form-urlencoded"
MAX_FIELDS: Final = 200
"""Vendors send about thirty; more would be work for nothing."""


def read_form(body: bytes) -> list[tuple[str, str]]:
    """Read the fields of a form in their order, empty ones too.

    Raises:
        RequestRefused: `CL-1303` if it is not UTF-8, escaped or not, or has too many fields.

    Source: WHATWG URL, application/x-www-form-urlencoded.
    """
    try:
        return parse_qsl(
            body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS
        )
    except UnicodeDecodeError:
        raise RequestRefused("CL-1303", reason="it is not UTF-8") from None
    except ValueError:
        reason = f"it has more than {MAX_FIELDS} fields"
        raise RequestRefused("CL-1303", reason=reason) from None


def sole(form: Sequence[tuple[str, str]], name: str) -> str | None:
    """Return the only value of a field, None if it is missing.

    Raises:
        ValueError: If it stands there with two values: which one did the person send?
    """
    values = {value for field, value in form if field == name}
    if len(values) > 1:
        raise ValueError(f"{name} stands twice")
    return values.pop() if values else None


def media_type(content_type: str | None) -> str:
    """Return the type of a Content-Type header in lower case, without parameters."""
    return (content_type or "").partition(";")[0].strip().lower()
