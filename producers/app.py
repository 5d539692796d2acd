"""The gateway's application: channels around one acceptor and one intake."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI

from consentlog.domain.policy import Policy
from consentlog.domain.registry import Registry
from consentlog.http.app import Lifespan, build_app
from consentlog.http.auth import Authenticator
from consentlog.ports import Clock, EventLog
from consentlog.reference.secrets import Secrets
from consentlog.reference.words import Words
from producers.accept import Acceptor
from producers.channels.desk import DeskChannel
from producers.channels.desk_imports import DeskImportsChannel
from producers.channels.desk_reviews import DeskReviewsChannel
from producers.channels.events import EventsChannel
from producers.channels.imports import ImportsChannel
from producers.channels.ivr import IvrChannel
from producers.channels.pages import Outside, PageChannels
from producers.channels.reviews import ReviewsChannel
from producers.channels.schemas import SchemasChannel
from producers.channels.sms import SmsChannels
from producers.channels.takeovers import TakeoversChannel
from producers.desk.ended import EndedSessions
from producers.desk.recording import Recorder
from producers.desk.session import Sessions
from producers.desk.tabs import LISTS, TABS
from producers.intake import Intake
from producers.ivr.later import Later
from producers.ivr.meaning import PressAcceptor
from producers.limits import DEFAULT_LIMITS, LimitSettings, RateLimit
from producers.links import LinkSealer
from producers.lists.receiving import Receiving
from producers.messages import MessageAcceptor
from producers.reviews.book import ReviewBook
from producers.reviews.decide import Reviews
from producers.takeovers.service import Takeovers
from producers.uploads.desk_lists import DeskLists
from producers.uploads.multipart import FORM_BYTES
from producers.webhooks import Webhooks

ALONE: Final = Outside()
"""Pages that know nothing and send no codes."""


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
    is_ready: Callable[[], bool] = lambda: True,
    lifespan: Lifespan | None = None,
    limits: LimitSettings = DEFAULT_LIMITS,
    pages: Outside = ALONE,
    book: ReviewBook | None = None,
    lists: DeskLists | None = None,
    ended: EndedSessions | None = None,
    only_https: bool = True,
) -> FastAPI:
    """Put the channels together.

    Args:
        reference: Registry, policy, secrets, words.
        log: Where events and reviews go.
        clock: `accepted_at`.
        is_ready: Whether an act would be taken now.
        lifespan: Starts and stops the log.
        limits: How fast one API key may send.
        pages: What the pages ask of others; by default they know nothing and send no codes.
        book: What the review topic says; None = nobody reads it, and nobody can be told.
        lists: Where lists are kept that clerks hand in; None = the desk takes none.
        ended: Which sessions of the desk were ended; None = that is forgotten with the process.
        only_https: Whether browsers keep sessions of the desk over https only, save on this
            machine.

    Raises:
        FatalError: `CL-6061` if the registry has no source for links, `CL-6063` if the secrets hold
            keys of a webhook whose source nobody knows.
    """
    registry, secrets = reference.registry, reference.secrets
    keys = Authenticator(registry, clock)
    acceptor = Acceptor(registry, reference.policy, secrets.id_key, clock)
    intake = Intake(log)
    sealer = LinkSealer(secrets.link_active, secrets.link_keys)
    messages = MessageAcceptor(registry, reference.words, acceptor, secrets.id_key, clock)
    limit = RateLimit(limits)
    webhooks = Webhooks(registry, keys, secrets.webhooks, messages, intake, secrets.id_key, clock)
    later = Later(reference.policy, clock)
    presses = PressAcceptor(registry, acceptor, later, secrets.id_key, clock)
    sealing = secrets.link_active, secrets.link_keys
    sessions = Sessions(registry, keys, clock, *sealing, ended=ended, only_https=only_https)
    recorder = Recorder(acceptor, intake, pages.spread, limit)
    cases = book or ReviewBook()
    reviews = Reviews(registry, cases, acceptor, intake, log, clock)
    receiving = Receiving(acceptor, intake, RateLimit(limits.of_imports), secrets.id_key)
    takeovers = Takeovers(acceptor, cases, secrets.id_key, clock)
    tabs = TABS if lists is None else (*TABS, LISTS)
    channels = (
        EventsChannel(keys, acceptor, intake, clock, limit),
        ImportsChannel(keys, receiving, clock),
        IvrChannel(keys, presses, intake, clock, limit),
        ReviewsChannel(keys, reviews, clock, limit),
        SchemasChannel(limit),
        SmsChannels(webhooks),
        TakeoversChannel(keys, takeovers, cases, intake, clock, limit),
        PageChannels(registry, keys, sealer, acceptor, intake, pages, limit, clock),
        DeskChannel(registry, reference.policy, sessions, recorder, clock, tabs=tabs),
        DeskReviewsChannel(registry, sessions, reviews, clock, limit, tabs=tabs),
    )
    routers = [channel.router() for channel in channels]
    streamed = {}
    if lists is not None:
        on_desk = DeskImportsChannel(registry, sessions, lists, receiving, clock, tabs)
        routers.append(on_desk.router())
        streamed[LISTS.path] = lists.max_bytes + FORM_BYTES
    title = "consentlog gateway"
    return build_app(title, routers, is_ready, lifespan=lifespan, streamed=streamed)
