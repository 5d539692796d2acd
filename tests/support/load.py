"""A load as real clients make it: four channels, several threads, the same request again after 503.

First an app hands over recorded grants in lists, then people refuse. Whatever got its 2xx is
remembered with the coordinates that came back.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

import httpx2

from consentlog.local.stack import LocalStack
from tests.support.senders import Act, Request, Senders

CLIENTS = 6
GRANTS_A_LIST = 100
PATIENCE_S = 120.0
_AGAIN_S = 0.25
_WAITING = "consentlog_spool_waiting_records"


@dataclass(frozen=True, slots=True)
class Acked:
    """An act that got its 2xx; `token` and `event_id` where the channel answers with them."""

    act: Act
    token: str | None
    event_id: str | None


class Clients:
    """Send a request until it is answered with 2xx; any other answer than 503 is a failure."""

    def __init__(self, stack: LocalStack) -> None:
        self._client = httpx2.Client(base_url=stack.url("gateway"), timeout=20, trust_env=False)
        self.answers: Counter[str] = Counter()

    def send(self, request: Request) -> list[Acked]:
        """Send it, and again while the gateway is away or says 503."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            response = self._try(request)
            if response is not None:
                return _acked(request, response)
            time.sleep(_AGAIN_S)
        raise AssertionError(f"{request.path[:20]}: not accepted in {PATIENCE_S} s: {self.answers}")

    def wait_until_sent(self) -> None:
        """Wait until the gateway's spool has nothing left that waits."""
        deadline = time.monotonic() + PATIENCE_S
        while self._waiting() != 0:
            assert time.monotonic() < deadline, "the spool still has records"
            time.sleep(_AGAIN_S)

    def _waiting(self) -> float | None:
        try:
            lines = self._client.get("/metrics").text.splitlines()
        except httpx2.TransportError:
            return None
        found = [line for line in lines if line.startswith(f"{_WAITING} ")]
        return float(found[0].rpartition(" ")[2]) if found else None

    def _try(self, request: Request) -> httpx2.Response | None:
        try:
            response = self._client.post(
                request.path,
                headers=dict(request.headers),
                json=request.json,
                data=None if request.form is None else dict(request.form),
            )
        except httpx2.TransportError as error:
            self.answers[type(error).__name__] += 1
            return None
        self.answers[str(response.status_code)] += 1
        if response.status_code == 503:
            return None
        assert response.status_code in (200, 202), response.text
        return response

    def close(self) -> None:
        self._client.close()


class Load:
    """Runs in threads of its own from `with` to `wait`.

    Args:
        stack: Running.
        run: See `Senders`.
        refusing: How many people refuse; 50 more only ever granted.
        rate: Refusals a second, about.
    """

    def __init__(
        self, stack: LocalStack, run: int, refusing: int = 1000, rate: float = 150
    ) -> None:
        self.senders = Senders(stack, run)
        self.clients = Clients(stack)
        self.acked: list[Acked] = []
        self.refusing, self.willing = range(refusing), range(refusing, refusing + 50)
        self._rate = rate
        self._random = random.Random(run)
        self._pool = ThreadPoolExecutor(CLIENTS, thread_name_prefix="client")
        self._feeder = threading.Thread(target=self._feed, name="load")
        self._under_way: list[Future[None]] = []
        self._slots = threading.Semaphore(4 * CLIENTS)

    def __enter__(self) -> Self:
        everyone = range(len(self.refusing) + len(self.willing))
        lists = [everyone[n : n + GRANTS_A_LIST] for n in range(0, len(everyone), GRANTS_A_LIST)]
        for done in [self._pool.submit(self._send, self.senders.grants(one)) for one in lists]:
            done.result()
        self._feeder.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._slots.release(len(self.refusing))
        self._feeder.join()
        self._pool.shutdown()
        self.clients.close()

    @property
    def refused(self) -> list[Acked]:
        """Acknowledged refusals so far."""
        return [one for one in list(self.acked) if one.act.action == "refused"]

    @property
    def is_running(self) -> bool:
        """Whether refusals are still being sent."""
        return self._feeder.is_alive()

    def wait(self) -> None:
        """Wait until everyone who refuses got their 2xx, and what was spooled is in the log.

        Raises what any client met.
        """
        self._feeder.join()
        for one in self._under_way:
            one.result()
        self.clients.wait_until_sent()

    def wait_refused(self, count: int, seconds: float = 60) -> None:
        """Wait until so many refusals are acknowledged."""
        deadline = time.monotonic() + seconds
        while len(self.refused) < count:
            assert time.monotonic() < deadline, self.clients.answers
            time.sleep(0.02)

    def _feed(self) -> None:
        for request in self._requests():
            self._slots.acquire()
            self._under_way.append(self._pool.submit(self._send_one, request))
            time.sleep(len(request.acts) / self._rate)

    def _requests(self) -> Iterator[Request]:
        """Half of the people singly at the desk, the others by list, text message and link."""
        left = self.refusing
        while left:
            channel = self._random.choices(("desk", "care", "sms", "link"), (6, 1, 3, 3))[0]
            size = {"desk": 1, "care": 12, "sms": 2, "link": 1}[channel]
            people, left = left[:size], left[size:]
            if channel == "sms":
                yield self.senders.texts(people)
            elif channel == "link":
                yield self.senders.click(people[0])
            else:
                yield self.senders.refusals(channel, people)

    def _send_one(self, request: Request) -> None:
        try:
            self._send(request)
        finally:
            self._slots.release()

    def _send(self, request: Request) -> None:
        self.acked.extend(self.clients.send(request))


def _acked(request: Request, response: httpx2.Response) -> list[Acked]:
    if request.path != "/v1/consent-events":
        return [Acked(act, None, None) for act in request.acts]
    body = response.json()
    results = body["results"] if isinstance(request.json, list) else [body]
    assert [one["status"] for one in results] == ["accepted"] * len(request.acts), results
    return [
        Acked(act, one.get("token"), one["event_id"])
        for act, one in zip(request.acts, results, strict=True)
    ]
