"""Asks a gate over HTTP what a dialer would ask, for pages that say what holds.

`POST /v1/decisions`, not `GET /v1/check/…`: a number in a path ends in the access log of whatever
stands in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2

PATIENCE_S: Final = 1.5
"""What a person waits for a page at most because of the gate, all its questions together."""

NO_ANSWER: Final = (TimeoutError, httpx2.HTTPError, ValueError)
"""What asking raises where there is no answer, or none that can be read."""

_CONNECTIONS: Final = 8


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """What the gate said with status 200: `allow`, `deny` or a stranger's word, and why."""

    verdict: str
    codes: frozenset[str]


class GateClient:
    """Asks one gate.

    Args:
        url: `http://host:port` of the gate.
        key: API key with `check:read` for every entity that is asked about.
        transport: Where requests go instead of the network, for tests.
    """

    def __init__(
        self, url: str, key: str, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        # Environment proxies are not followed: the question holds a phone number.
        self._client = httpx2.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=PATIENCE_S,
            limits=httpx2.Limits(max_connections=_CONNECTIONS),
            transport=transport,
            trust_env=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def decide(self, question: Mapping[str, str | int]) -> GateAnswer | None:
        """Ask about one contact.

        Args:
            question: As `POST /v1/decisions` takes it.

        Returns:
            The answer; None where the gate says that it cannot tell now.

        Raises:
            TimeoutError, httpx2.HTTPError, ValueError: `NO_ANSWER`.
        """
        answer = await self._client.post("/v1/decisions", json=dict(question))
        if answer.status_code != 200:
            return None
        body = answer.json()
        if not isinstance(body, dict):
            return None
        return GateAnswer(str(body.get("verdict")), _codes(body.get("reasons")))


def _codes(reasons: Any) -> frozenset[str]:
    found = reasons if isinstance(reasons, list) else []
    return frozenset(str(one.get("code")) for one in found if isinstance(one, dict))
