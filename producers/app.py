"""The gateway's application: channels around one acceptor and one intake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI

from consentlog.domain.policy import Policy
from consentlog.domain.registry import Registry, Source
from consentlog.errors import FatalError
from consentlog.http.app import Lifespan, build_app
from consentlog.http.auth import Authenticator
from consentlog.ports import Clock, EventLog
from consentlog.reference.secrets import Secrets
from consentlog.reference.words import Words
from producers.accept import Acceptor
from producers.channels.events import EventsChannel
from producers.channels.link import LinkChannel
from producers.channels.sms_aliyun import AliyunSmsChannel
from producers.intake import Intake
from producers.links import LinkSealer
from producers.messages import MessageAcceptor
from producers.preference.standing import CurrentState, NobodyKnows


@dataclass(frozen=True, slots=True)
class Reference:
    """What the gateway knows from files."""

    registry: Registry
    policy: Policy
    secrets: Secrets
    words: Words


def build_gateway(  # noqa: PLR0913  # options are keyword-only
    reference: Reference,
    log: EventLog,
    clock: Clock,
    *,
    prefix: str = "",
    is_ready: Callable[[], bool] = lambda: True,
    lifespan: Lifespan | None = None,
    state: CurrentState | None = None,
) -> FastAPI:
    """Put the channels together.

    Args:
        reference: Registry, policy, secrets, words.
        log: Where events and reviews go.
        clock: `accepted_at`.
        prefix: Put before topic names.
        is_ready: Whether the log can be reached.
        lifespan: Starts and stops the log.
        state: Tells the preference page how things stand; None = nobody knows.

    Raises:
        FatalError: `CL-6061` if the registry has no source for links.
    """
    registry, secrets = reference.registry, reference.secrets
    keys = Authenticator(registry, clock)
    acceptor = Acceptor(registry, reference.policy, secrets.id_key, clock)
    intake = Intake(log, prefix)
    sealer = LinkSealer(secrets.link_active, secrets.link_keys)
    messages = MessageAcceptor(registry, reference.words, acceptor, secrets.id_key, clock)
    channels = (
        EventsChannel(keys, acceptor, intake, clock),
        AliyunSmsChannel(keys, messages, intake),
        LinkChannel(
            registry, _link_source(registry), sealer, acceptor, intake, state or NobodyKnows()
        ),
    )
    routers = [channel.router() for channel in channels]
    return build_app("consentlog gateway", routers, is_ready, lifespan=lifespan)


def _link_source(registry: Registry) -> Source:
    for source in registry.sources.values():
        if source.kind == "link":
            return source
    reason = "no source is of kind link, so nobody could answer for one-click refusals"
    raise FatalError("CL-6061", file="the registry", line=1, row="sources", reason=reason)
