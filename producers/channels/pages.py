"""The pages of people, put together: to refuse always, to agree where codes can go, and in apps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from fastapi import APIRouter

from consentlog.domain.registry import Registry, Source
from consentlog.errors import FatalError
from consentlog.http.auth import Authenticator
from consentlog.ports import Clock
from producers.accept import Acceptor
from producers.channels.app import AppChannel
from producers.channels.link import LinkChannel
from producers.channels.preference import PreferenceChannel
from producers.codes import Codes, CodeSender
from producers.desk.spread import NobodySays, Spread
from producers.intake import Intake
from producers.limits import RateLimit
from producers.links import LinkSealer
from producers.preference.standing import CurrentState, NobodyKnows


@dataclass(frozen=True, slots=True)
class Outside:
    """What the pages ask of others: how things stand, a way to send codes, who denies by now.

    Without a sender nobody can agree on the page, and it does not offer it.
    """

    state: CurrentState = field(default_factory=NobodyKnows)
    sender: CodeSender | None = None
    spread: Spread = field(default_factory=NobodySays)

    async def close(self) -> None:
        """Close what is open towards them."""
        await self.state.close()
        await self.spread.close()


@dataclass(frozen=True, slots=True)
class PageChannels:
    """The channels of the pages.

    Raises:
        FatalError: `CL-6061`, by `router`, if the registry has no source for links.
    """

    registry: Registry
    keys: Authenticator
    sealer: LinkSealer
    acceptor: Acceptor
    intake: Intake
    outside: Outside
    limit: RateLimit
    clock: Clock

    def router(self) -> APIRouter:
        """Return the routes of all of them."""
        router = APIRouter()
        for one in self._channels():
            router.include_router(one.router())
        return router

    def _channels(self) -> Iterator[AppChannel | LinkChannel | PreferenceChannel]:
        source, sender = _link_source(self.registry), self.outside.sender
        yield AppChannel(self.keys, self.acceptor, self.intake, self.outside.state, self.limit)
        yield LinkChannel(
            self.registry,
            source,
            self.sealer,
            self.acceptor,
            self.intake,
            self.outside.state,
            self.clock,
            can_agree=sender is not None,
        )
        if sender is not None:
            codes = Codes(self.clock)
            yield PreferenceChannel(
                self.registry, source, self.sealer, self.acceptor, self.intake, codes, sender
            )


def _link_source(registry: Registry) -> Source:
    for source in registry.sources.values():
        if source.kind == "link":
            return source
    reason = "no source is of kind link, so nobody could answer for one-click refusals"
    raise FatalError("CL-6061", file="the registry", line=1, row="sources", reason=reason)
