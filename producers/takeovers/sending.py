"""Speaks to the gateway about one list: proposes it, and sends its batches until it has answers."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import httpx2

from consentlog.errors import InvalidEvent, TransientError
from consentlog.observability.masking import mask_text
from producers.imports.faults import FaultFile
from producers.takeovers.listing import Line

_BACKOFF_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0)
_COME_BACK: Final = frozenset({429, 502, 503, 504})
_LONGEST_PAUSE_S: Final = 60.0
_DONE: Final = frozenset({202, 207})


class TakeoverClient:
    """The gateway over HTTP. A 503, a 429 or a broken connection is waited out.

    Args:
        client: With the gateway's address and the key.
        patience_s: How long it may take nothing before giving up, seconds.
        on_wait: Told why, whenever something has to wait.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        client: httpx2.Client,
        patience_s: float = 600.0,
        on_wait: Callable[[str], None] = lambda _: None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._patience_s = patience_s
        self._on_wait = on_wait
        self._sleep = sleep

    def propose(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Propose a list, or ask how it stands: `takeover_id`, `status`, and who decided it.

        Raises:
            InvalidEvent: `CL-1910` if the gateway turns it away.
            TransientError: `CL-1506` if it takes nothing for too long.
        """
        return self._post("/v1/takeovers", manifest)

    def send(
        self, takeover_id: str, manifest: Mapping[str, Any], batch: int, lines: Sequence[Line]
    ) -> list[dict[str, Any]]:
        """Send one batch; returns the result of each row, in order.

        Raises:
            InvalidEvent: `CL-1910` if the gateway turns the batch away.
            TransientError: `CL-1506` if it takes nothing for too long.
        """
        body = {"manifest": manifest, "batch": batch, "rows": [line.row for line in lines]}
        found = self._post(f"/v1/takeovers/{takeover_id}/events", body)
        results: list[dict[str, Any]] = found["results"]
        return results

    def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        given_up = time.monotonic() + self._patience_s
        for attempt in range(1_000_000):
            pause_s = _BACKOFF_S[min(attempt, len(_BACKOFF_S) - 1)]
            try:
                response = self._client.post(path, content=content)
            except httpx2.TransportError as exc:
                reason = type(exc).__name__
            else:
                if response.status_code not in _COME_BACK:
                    return _answer(response)
                reason = " ".join(_told(response))
                pause_s = _retry_after(response, pause_s)
            if time.monotonic() + pause_s > given_up:
                raise TransientError("CL-1506", seconds=round(self._patience_s), reason=reason)
            self._on_wait(reason)
            self._sleep(pause_s)
        raise AssertionError("the patience ends long before")


def tally(
    lines: Sequence[Line], results: Sequence[Mapping[str, Any]], faults: FaultFile
) -> Counter[str]:
    """Count what became of a batch, and write the rows that a person must look at.

    Returns:
        How many were `recorded`, left to `review`, `refused`.
    """
    counts: Counter[str] = Counter()
    for line, result in zip(lines, results, strict=True):
        if result.get("status") == "accepted":
            counts["recorded"] += 1
            continue
        problem = result.get("problem", {})
        counts["review" if result.get("review_id") else "refused"] += 1
        code, detail = str(problem.get("code", "")), str(problem.get("detail", ""))
        faults.add(line.number, code, detail, dict(result), line.cells)
    return counts


def _answer(response: httpx2.Response) -> dict[str, Any]:
    if response.status_code not in _DONE:
        code, reason = _told(response)
        raise InvalidEvent("CL-1910", status=response.status_code, code=code, reason=reason)
    found: dict[str, Any] = response.json()
    return found


def _told(response: httpx2.Response) -> tuple[str, str]:
    """Return code and detail of what the gateway says, without a number."""
    try:
        problem = response.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        problem = None
    if not isinstance(problem, dict):
        return "-", "no problem document"
    return str(problem.get("code", "-")), mask_text(str(problem.get("detail", "")))


def _retry_after(response: httpx2.Response, otherwise: float) -> float:
    text = response.headers.get("retry-after", "")
    return min(float(text), _LONGEST_PAUSE_S) if text.isdecimal() else otherwise
