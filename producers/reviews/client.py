"""Asks a gateway about cases over HTTP, as a person at a terminal does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from consentlog.errors import TransientError
from producers.reviews.shapes import MAX_PAGE

_LIMIT_S: Final = 15.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What the gateway said; `body` is its JSON, a problem where `is_good` is false."""

    status: int
    body: dict[str, Any]

    @property
    def is_good(self) -> bool:
        """Whether it did what it was asked."""
        return self.status in (200, 202)


class ReviewClient:
    """One connection to one gateway.

    Args:
        url: `http://host:port` of the gateway.
        headers: With the API key.
        language: Of problems, zh or en.
        transport: Where requests go instead of the network, for tests.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        language: str = "en",
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        # Environment proxies are not followed: answers may hold a phone number.
        self._client = httpx2.Client(
            base_url=url,
            headers={**headers, "Accept-Language": language},
            timeout=_LIMIT_S,
            transport=transport,
            trust_env=False,
        )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def page(self, **wanted: str | int | None) -> Reply:
        """Ask for one page of open cases; parameters as of `GET /v1/reviews`.

        Raises:
            TransientError: `CL-1808` if no answer came, or one that is not the gateway's.
        """
        query = {name: value for name, value in wanted.items() if value is not None}
        return self._ask("GET", "", params=query)

    def show(self, review_id: str, *, unmask: bool = False) -> Reply:
        """Ask for one case.

        Raises:
            TransientError: As `page`.
        """
        return self._ask("GET", f"/{review_id}", params={"unmask": "true"} if unmask else None)

    def take(self, review_id: str, owner: str | None) -> Reply:
        """Give a case to somebody; None = whoever asks.

        Raises:
            TransientError: As `page`.
        """
        body = {} if owner is None else {"owner": owner}
        return self._ask("POST", f"/{review_id}/owner", json=body)

    def decide(self, review_id: str, decision: Mapping[str, Any]) -> Reply:
        """Decide a case; sent again it is the same acts.

        Raises:
            TransientError: As `page`.
        """
        return self._ask("POST", f"/{review_id}/decisions", json=dict(decision))

    def ids_with(self, prefix: str) -> list[str] | Reply:
        """Find the open cases whose id begins so; or what the gateway said instead.

        Raises:
            TransientError: As `page`.
        """
        found: list[str] = []
        after = None
        while True:
            reply = self.page(limit=MAX_PAGE, after=after)
            if not reply.is_good:
                return reply
            ids = (str(one["review_id"]) for one in reply.body["reviews"])
            found += [one for one in ids if one.startswith(prefix)]
            after = reply.body.get("next")
            if after is None:
                return found

    def _ask(self, method: str, path: str, **request: Any) -> Reply:
        try:
            response = self._client.request(method, f"/v1/reviews{path}", **request)
            body = response.json()
        except (httpx2.TransportError, ValueError) as exc:
            raise TransientError("CL-1808", reason=type(exc).__name__) from exc
        if not isinstance(body, dict):
            raise TransientError("CL-1808", reason="the answer is no object")
        return Reply(response.status_code, body)
