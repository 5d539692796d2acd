"""What the webhooks of SMS vendors tell about themselves in `/openapi.json`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from consentlog.http.described import OPEN, Answers, problems

_CODES: Final = (
    *("CL-1002", "CL-1003", "CL-1102", "CL-1103"),
    *("CL-1301", "CL-1302", "CL-1303", "CL-1304"),
)
_SPOOL: Final = ("CL-1401", "CL-1402")


def fields(required: str, optional: str = "") -> dict[str, Any]:
    """Describe an object by the names of its fields; vendors add more without notice."""
    names = required.split()
    found: dict[str, object] = {name: {} for name in (*names, *optional.split())}
    return {"type": "object", "properties": found, "required": names}


def pushed(bodies: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Describe the request of a webhook.

    Args:
        bodies: Schema of the body by media type.

    Returns:
        For `openapi_extra` of the route. Its key is the secret in the path.
    """
    content = {media: {"schema": dict(schema)} for media, schema in bodies.items()}
    return {"requestBody": {"required": True, "content": content}, "security": OPEN}


def taken(media: str, example: object) -> Answers:
    """Describe the answers of a webhook.

    Args:
        media: Media type of the vendor's own answer.
        example: That answer.

    Returns:
        For `responses` of the route.
    """
    told = "Every message is durable: in the log, or spooled for it."
    schema = {"type": "string"} if isinstance(example, str) else {"type": "object"}
    content = {media: {"schema": schema, "example": example}}
    return {200: {"description": told, "content": content}, **problems(*_CODES, *_SPOOL)}
