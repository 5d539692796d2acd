"""Describes the form with a file, and the file of rows to look at, in the OpenAPI document."""

from __future__ import annotations

from typing import Any, Final

from consentlog.http.described import Answers
from producers.uploads.terms import FIELDS
from producers.uploads.wording import wording

_SAID: Final = {name: wording("en").say(f"label_{name}") for name in FIELDS}
LIST_FORM: Final[dict[str, Any]] = {
    "openapi_extra": {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            name: {"type": "string", "description": said}
                            | ({"format": "binary"} if name == "file" else {})
                            for name, said in _SAID.items()
                        },
                        "required": ["file", "list"],
                    }
                }
            },
        }
    }
}
"""Options of the route that takes it."""

ERRORS_ANSWER: Final[Answers] = {
    200: {
        "description": "The rows, with whole numbers; without a session the page to sign in.",
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "text/html": {"schema": {"type": "string"}},
        },
    }
}
"""What the route of the rows answers."""
