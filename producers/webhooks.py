"""What the webhooks of all SMS vendors do alike: recognise, check, decide, make durable, answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from fastapi import Request

from consentlog.domain.registry import Registry
from consentlog.errors import FatalError
from consentlog.http.auth import Authenticator, Principal
from consentlog.http.problems import RequestRefused
from consentlog.ports import Clock
from consentlog.reference.secrets import WebhookSecret
from consentlog.wire.reviews import ReviewReason
from producers.intake import Intake
from producers.messages import MessageAcceptor, bytes_of
from producers.outcome import Outcome
from producers.replay import ReplayStore
from producers.reviews.opening import open_review
from producers.signatures import Call, RelayScheme, Scheme, Standing, check
from producers.sms import Pushed
from producers.sms_metrics import MESSAGES, REPLAYED
from producers.unverified import UnverifiedCap

_GOOD: Final = frozenset({Standing.NOT_ASKED, Standing.SIGNED})
_NO_SECRET: Final = WebhookSecret({})


@dataclass(frozen=True, slots=True)
class Shape:
    """What is a vendor's own.

    `scope` a key needs; `items` reads a body, given its media type, into the things that were
    pushed, or refuses it; `message` reads one of them, None if it is no message; `schemes` are the
    signatures that its requests may carry; `always_signed` = the vendor signs every request, so one
    without is a forgery even where no key is configured.
    """

    scope: str
    items: Callable[[bytes, str], Sequence[object]]
    message: Callable[[object], Pushed | None]
    schemes: Sequence[Scheme] = field(default_factory=lambda: (RelayScheme(),))
    always_signed: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """One message and what became of it, durable."""

    pushed: Pushed | None
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class _Sender:
    principal: Principal
    standing: Standing
    signature: str | None = None
    until_ms: int = 0

    @property
    def is_verified(self) -> bool:
        return self.standing in _GOOD


class Webhooks:
    """The one way in for messages that vendors push.

    Args:
        registry: Sources, which the secrets must name.
        keys: Recognises the secret in the path.
        secrets: Keys of signatures by source (`[webhooks.<source>]`).
        messages: Decides what becomes of a message.
        intake: Delivers it.
        id_key: The deployment's key for ids.
        clock: Tolerance of signatures, the hour of the cap.

    Raises:
        FatalError: `CL-6063` if the secrets name a source that the registry does not know: its
            requests would go unchecked.
    """

    def __init__(  # noqa: PLR0913  # what it puts together
        self,
        registry: Registry,
        keys: Authenticator,
        secrets: Mapping[str, WebhookSecret],
        messages: MessageAcceptor,
        intake: Intake,
        id_key: bytes,
        clock: Clock,
    ) -> None:
        for name in secrets:
            if name not in registry.sources:
                reason = f"webhooks.{name} names no source of the registry"
                raise FatalError("CL-6063", file="secrets", reason=reason)
        self._keys = keys
        self._secrets = secrets
        self._messages = messages
        self._intake = intake
        self._id_key = id_key
        self._clock = clock
        self._replays = ReplayStore(clock)
        self._cap = UnverifiedCap(clock)

    async def take(self, shape: Shape, secret: str, request: Request) -> list[Taken]:
        """Take one push; returns after everything of it is durable.

        A message that is not one is kept as a review, so that it cannot hold up the others; a push
        that holds none, or that cannot be read at all, is refused once a review of it is durable:
        vendors give up after some pushes, and a person must see it. Without a right signature,
        where one is due, messages can only hold, as many as the source's cap allows.

        Args:
            shape: The vendor's.
            secret: From the path: an API key with the shape's scope.
            request: The push.

        Returns:
            What became of each message; nothing for a signed request that was taken before.

        Raises:
            RequestRefused: `CL-1102`, `CL-1103` for the secret; `CL-1002`, `CL-1301`, `CL-1303`,
                `CL-1304` for a body that is no push; `CL-1302` for messages without a right
                signature beyond the cap.
            TransientError: A code with status 503 if nothing durable would take it: the vendor
                pushes again, and messages that were taken already are the same acts.
        """
        principal = self._keys.of_secret(secret)
        principal.require(shape.scope)
        body = await request.body()
        sender = self._sender(shape, principal, request, body)
        source = principal.source.id
        if sender.signature is not None and self._replays.knows(source, sender.signature):
            REPLAYED.labels(source).inc()
            return []
        trace = request.headers.get("traceparent")
        items = await self._read(shape, sender, request, body)
        taken = [self._taken(shape, item, sender) for item in items]
        kept = [one for one in taken if one is not None]
        await asyncio.gather(*(self._intake.deliver(one.outcome, trace) for one in kept))
        for one in kept:
            MESSAGES.labels(source, _verdict_of(one.outcome)).inc()
        if len(kept) < len(taken):
            raise RequestRefused("CL-1302", standing=sender.standing)
        if all(one.pushed is None for one in kept):
            raise RequestRefused("CL-1301", reason="it holds no message: a field is missing")
        if sender.signature is not None:
            self._replays.remember(source, sender.signature, sender.until_ms)
        return kept

    def _sender(self, shape: Shape, principal: Principal, request: Request, body: bytes) -> _Sender:
        found = self._secrets.get(principal.source.id, _NO_SECRET)
        if not found.keys and not shape.always_signed:
            return _Sender(principal, Standing.NOT_ASKED)
        call = _call_of(request, body, found.base_url)
        now_ms, tolerance_ms = self._clock.now_ms(), found.tolerance_ms
        standing, claim = check(shape.schemes, call, found.keys, now_ms, tolerance_ms)
        if standing is not Standing.SIGNED or claim is None or claim.at_ms is None:
            return _Sender(principal, standing)
        return _Sender(principal, standing, claim.signature, claim.at_ms + tolerance_ms)

    async def _read(
        self, shape: Shape, sender: _Sender, request: Request, body: bytes
    ) -> Sequence[object]:
        try:
            return shape.items(body, request.headers.get("content-type", ""))
        except RequestRefused as refused:
            if body:
                await self._keep_unread(sender, body, refused)
            raise

    async def _keep_unread(self, sender: _Sender, body: bytes, refused: RequestRefused) -> None:
        source = sender.principal.source
        if not self._may_keep(sender, body):
            raise RequestRefused("CL-1302", standing=sender.standing)
        review = open_review(
            self._id_key,
            ReviewReason.UNDECODABLE,
            source=source.id,
            opened_at_ms=self._clock.now_ms(),
            payload=body,
            detail=f"a push that cannot be read: {refused.code}",
        )
        await self._intake.deliver(Outcome(review=review, refusal=refused))
        refused.extra["review_id"] = review.review_id.hex()

    def _taken(self, shape: Shape, item: object, sender: _Sender) -> Taken | None:
        if not self._may_keep(sender, bytes_of(item)):
            return None
        pushed = shape.message(item)
        outcome = self._messages.accept(
            pushed, item, sender.principal, is_verified=sender.is_verified
        )
        return Taken(pushed, outcome)

    def _may_keep(self, sender: _Sender, payload: bytes) -> bool:
        if sender.is_verified:
            return True
        return self._cap.admits(sender.principal.source, payload, sender.standing)


def _call_of(request: Request, body: bytes, base_url: str | None) -> Call:
    """Return a request as its sender made it: behind a proxy only `base_url` knows the address."""
    raw_path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    query: bytes = request.scope.get("query_string", b"")
    base = base_url or f"{request.url.scheme}://{request.url.netloc}"
    path = raw_path.partition(b"?")[0] + (b"?" + query if query else b"")
    headers = dict(request.headers.items())
    headers["host"] = base.partition("://")[2]
    return Call(request.method, base + path.decode("ascii", "replace"), headers, body)


def _verdict_of(outcome: Outcome) -> str:
    if outcome.event is not None:
        return outcome.event.fact.action
    is_open = outcome.review is None or outcome.review.decision is None
    return "review" if is_open else "nothing"
