"""Asks a gate over HTTP, as a dialer does: anything but a clear *allow* is *deny*."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx2

from consentlog.errors import TransientError

_LIMIT_S = 15.0
"""Longer than the gate may wait for a token; after that no answer is the answer."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the gate said; `body` is its JSON, a problem where `status` is not 200."""

    status: int
    body: dict[str, Any]

    @property
    def allowed(self) -> bool:
        """True only for a 200 that says *allow*."""
        return self.status == 200 and self.body.get("verdict") == "allow"

    @property
    def reasons(self) -> list[dict[str, Any]]:
        """Reasons of a denial, where the gate gave any."""
        found = self.body.get("reasons")
        return found if isinstance(found, list) else []


class GateClient:
    """One connection to one gate.

    Args:
        url: `http://host:port` of the gate.
        key: API key with `check:read`.
        transport: Where requests go instead of the network, for tests.
    """

    def __init__(self, url: str, key: str, transport: httpx2.BaseTransport | None = None) -> None:
        self._url = url
        # Environment proxies are not followed: the question holds a phone number.
        self._client = httpx2.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=_LIMIT_S,
            transport=transport,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def decide(self, asked: dict[str, Any], accept_language: str = "en") -> Reply:
        """Ask `POST /v1/decisions`.

        Args:
            asked: Its body; members that are None are left out.
            accept_language: Language of problems.

        Raises:
            TransientError: `CL-2005` if no answer came, or one that is not the gate's.
        """
        body = {name: value for name, value in asked.items() if value is not None}
        headers = {"Accept-Language": accept_language}
        try:
            response = self._client.post("/v1/decisions", json=body, headers=headers)
            answer = response.json()
        except httpx2.HTTPError as exc:
            raise TransientError("CL-2005", url=self._url, reason=type(exc).__name__) from exc
        except ValueError as exc:
            raise TransientError("CL-2005", url=self._url, reason="not JSON") from exc
        if not isinstance(answer, dict):
            raise TransientError("CL-2005", url=self._url, reason="not a JSON object")
        return Reply(response.status_code, answer)
