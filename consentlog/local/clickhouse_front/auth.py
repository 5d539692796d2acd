"""Who asks: user and password from URL, ClickHouse's own headers, or basic authentication."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from consentlog.local.clickhouse_front.failure import AUTHENTICATION_FAILED, refuse

WRITER: Final = "writer"
AUDITOR: Final = "auditor"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may ask; `is_read_only` for auditors."""

    name: str
    password: str
    is_read_only: bool


class Users:
    """The users this front knows.

    Args:
        users: Names must differ.
    """

    def __init__(self, *users: User) -> None:
        self._users = {user.name: user for user in users}

    def authenticate(self, params: Mapping[str, str], headers: Mapping[str, str]) -> User:
        """Return who asks.

        Args:
            params: The URL's parameters.
            headers: With names in lower case, or a mapping that ignores case.

        Raises:
            RequestFailure: `AUTHENTICATION_FAILED`; the same for an unknown name and a wrong
                password.
        """
        name, password = _credentials(params, headers)
        user = self._users.get(name)
        expected = user.password if user else ""
        same = hmac.compare_digest(expected.encode(), password.encode("utf-8", "replace"))
        if user is None or not same or not password:
            raise refuse(
                AUTHENTICATION_FAILED,
                "Authentication failed: password is incorrect, or there is no such user.",
            )
        return user


def _credentials(params: Mapping[str, str], headers: Mapping[str, str]) -> tuple[str, str]:
    if "x-clickhouse-user" in headers or "x-clickhouse-key" in headers:
        return headers.get("x-clickhouse-user", ""), headers.get("x-clickhouse-key", "")
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            plain = base64.b64decode(value, validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        name, _, password = plain.partition(":")
        return name, password
    return params.get("user", ""), params.get("password", "")
