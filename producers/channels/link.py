"""`/p/{token}`: GET shows the preferences and changes nothing, POST refuses.

Refusing is one step: the token is the authority, so nobody logs in, and there is no cookie that
another site's form could ride on. A mail program's one click is the same POST without a button.

Source: RFC 8058 (one-click: an HTTPS POST, no cookies, no redirect).
"""

from __future__ import annotations

import secrets
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from consentlog.domain.registry import Registry, Source
from consentlog.domain.scope import Scope
from consentlog.errors import Language, TransientError
from consentlog.http.auth import Principal
from consentlog.http.problems import RETRY_AFTER_S
from consentlog.observability.masking import mask
from consentlog.ports import Clock, Position
from producers.accept import Acceptor
from producers.intake import Intake
from producers.links import LinkSealer, LinkTarget
from producers.page_forms import page_language, read_form
from producers.pages import described, form_of, page_response
from producers.preference.act import Press, origin_of
from producers.preference.choices import part_of, refused_by
from producers.preference.draw import Form, Person, failed, preferences, refused, wrong
from producers.preference.seen import write_seen
from producers.preference.standing import CurrentState
from producers.preference.wording import wording

_SHOWN: Final = {200: "How things stand, with a button for each refusal.", 404: "No such link."}
_FIELDS: Final = {
    "List-Unsubscribe": "One-Click, as a mail program sends it (RFC 8058); not looked at",
    "choice": "the button; without a known one what the link was made for is refused",
    "nonce": "names the press: the same one again is the same act",
}
_ACTED: Final = {
    200: "Refused: durable, in the log or spooled for it.",
    404: "No such link.",
    503: "Not recorded: the same button again, the same act.",
}


class LinkChannel:
    """The channel of people with a link in a message.

    Args:
        registry: Names of entities.
        source: The source that links act as.
        sealer: Opens tokens.
        acceptor: Decides what becomes of an act.
        intake: Delivers it.
        state: Tells how things stand.
        clock: Tells which campaigns are over.
        can_agree: Whether the page to agree on is there.
    """

    def __init__(  # noqa: PLR0913  # what a page needs, each once
        self,
        registry: Registry,
        source: Source,
        sealer: LinkSealer,
        acceptor: Acceptor,
        intake: Intake,
        state: CurrentState,
        clock: Clock,
        *,
        can_agree: bool = False,
    ) -> None:
        self._registry = registry
        self._principal = Principal("link", source, frozenset({"events:write"}))
        self._sealer = sealer
        self._acceptor = acceptor
        self._intake = intake
        self._state = state
        self._clock = clock
        self._can_agree = can_agree

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(tags=["link"])
        router.add_api_route(
            "/p/{token}",
            self.show,
            methods=["GET"],
            response_class=HTMLResponse,
            summary="Show how things stand",
            responses=described(_SHOWN),
        )
        router.add_api_route(
            "/p/{token}",
            self.act,
            methods=["POST"],
            response_class=HTMLResponse,
            summary="Refuse: a button of the page, or one click of a mail program",
            responses=described(_ACTED, "CL-1104"),
            openapi_extra=form_of(_FIELDS),
        )
        return router

    async def show(self, token: str, request: Request) -> HTMLResponse:
        """Show how things stand; mail scanners follow links, so nothing changes."""
        language = page_language(request)
        target = self._sealer.open(token)
        if target is None:
            return wrong_link(language)
        person = person_of(target, self._registry, language)
        found = await self._state.standings(
            target.subject, target.scope.entity, write_seen(request)
        )
        agree_at = f"{token}/agree?lang={language}" if self._can_agree else None
        form = Form(secrets.token_hex(16))
        html = preferences(wording(language), person, found, form, agree_at)
        return page_response(html, language)

    async def act(self, token: str, request: Request) -> HTMLResponse:
        """Record the refusal: from a button of the page, or a mail program's one click.

        200 only once it is durable; else a page with the same button again, which is the same act.
        """
        language = page_language(request)
        target = self._sealer.open(token)
        if target is None:
            return wrong_link(language)
        sent = read_form(await request.body())
        choice = sent.one("choice")
        form = Form(sent.nonce or secrets.token_hex(16), choice if part_of(choice) else "")
        scope = refused_by(form.choice, self._known(target.scope))
        ip, agent = origin_of(request)
        press = Press(target.subject, scope, form.nonce, ip=ip, user_agent=agent)
        reception = press.reception(is_chosen=bool(form.choice))
        outcome = self._acceptor.accept(press.event("refused"), self._principal, reception)
        try:
            delivered = await self._intake.deliver(outcome, request.headers.get("traceparent"))
        except TransientError:
            return page_response(failed(wording(language), form), language, 503, RETRY_AFTER_S)
        if outcome.refusal is not None:
            raise outcome.refusal
        person = person_of(target, self._registry, language)
        assert outcome.event is not None  # noqa: S101  # an outcome has an event or a refusal
        back_to = page_address(token, language, delivered.position)
        html = refused(wording(language), person, outcome.event.fact, back_to)
        return page_response(html, language)

    def _known(self, scope: Scope) -> Scope:
        """Return what a link refuses today: of a campaign that is over, everything of the entity.

        Nobody could name it any more, and a name that nobody knows makes a hold for every entity
        out of a refusal whose entity is certain. The default scope is the whole entity anyway.
        """
        if self._registry.knows(scope, self._clock.now_ms()):
            return scope
        return scope._replace(brand=None, campaign=None)


def wrong_link(language: Language) -> HTMLResponse:
    """Answer every token that was not sealed here: one status and one text for all of them."""
    return page_response(wrong(wording(language)), language, 404)


def person_of(target: LinkTarget, registry: Registry, language: Language) -> Person:
    """Return whom a page is about; the number only masked."""
    entity = registry.entities.get(target.scope.entity)
    name = entity.names.get(language) if entity else None
    return Person(name or target.scope.entity, mask(target.subject), target.scope)


def page_address(token: str, language: Language, written: Position | None) -> str:
    """Return the page's address from beside it, such that it shows what was just written."""
    seen = "" if written is None else f"&seen={written}"
    return f"{token}?lang={language}{seen}"
