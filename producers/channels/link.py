"""`/p/{token}`: GET shows what would be refused and changes nothing, POST refuses.

Source: RFC 8058 (one-click: an HTTPS POST, no cookies, no redirect).
"""

from __future__ import annotations

import json
import secrets
from typing import Final
from urllib.parse import parse_qs

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from consentlog.domain.registry import Registry, Source
from consentlog.errors import Language, TransientError
from consentlog.http.auth import Principal
from consentlog.http.language import language_of
from consentlog.http.problems import RETRY_AFTER_S
from consentlog.observability.masking import mask
from producers.accept import Acceptor
from producers.draft import Reception
from producers.intake import Intake
from producers.links import LinkSealer, LinkTarget
from producers.pages import CONTENT_SECURITY_POLICY, Shown, State, page
from producers.request import ActorIn, EventIn, EvidenceIn, ScopeIn

_MAX_NONCE: Final = 64
_MAX_AGENT: Final = 512


class LinkChannel:
    """The channel of people with a link in a message.

    Args:
        registry: Names of entities.
        source: The source that links act as.
        sealer: Opens tokens.
        acceptor: Decides what becomes of an act.
        intake: Delivers it.
    """

    def __init__(
        self,
        registry: Registry,
        source: Source,
        sealer: LinkSealer,
        acceptor: Acceptor,
        intake: Intake,
    ) -> None:
        self._registry = registry
        self._principal = Principal("link", source, frozenset({"events:write"}))
        self._sealer = sealer
        self._acceptor = acceptor
        self._intake = intake

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(tags=["link"])
        for method, handler in (("GET", self.show), ("POST", self.act)):
            router.add_api_route(
                "/p/{token}", handler, methods=[method], response_class=HTMLResponse
            )
        return router

    async def show(self, token: str, request: Request) -> HTMLResponse:
        """Show what the link would refuse; mail scanners follow links, so nothing changes."""
        language = _language(request)
        target = self._sealer.open(token)
        if target is None:
            return _answer("wrong", language, None)
        return _answer("ask", language, self._shown(target, language), secrets.token_hex(16))

    async def act(self, token: str, request: Request) -> HTMLResponse:
        """Record the refusal: from the page's button, or a mail program's one click.

        200 only once the refusal is durable; else a page with the same button again, which is the
        same act.
        """
        language = _language(request)
        target = self._sealer.open(token)
        if target is None:
            return _answer("wrong", language, None)
        nonce = _nonce(await request.body()) or secrets.token_hex(16)
        outcome = self._acceptor.accept(
            self._item(target, nonce, request), self._principal, _reception(target)
        )
        shown = self._shown(target, language)
        try:
            await self._intake.deliver(outcome, request.headers.get("traceparent"))
        except TransientError:
            return _answer("failed", language, shown, nonce)
        if outcome.refusal is not None:
            raise outcome.refusal
        return _answer("done", language, shown)

    def _item(self, target: LinkTarget, nonce: str, request: Request) -> EventIn:
        scope = target.scope
        agent = request.headers.get("user-agent")
        return EventIn(
            number=target.subject,
            action="refused",
            scope=ScopeIn.model_validate(
                {
                    "entity": scope.entity,
                    "brand": scope.brand,
                    "campaign": scope.campaign,
                    "purpose": scope.purpose.value,
                    "channel": scope.channel.value,
                }
            ),
            nonce=nonce,
            method="web",
            actor=ActorIn(id="subject", type="person"),
            evidence=EvidenceIn(
                ip=request.client.host if request.client else None,
                user_agent=agent[:_MAX_AGENT] if agent else None,
            ),
        )

    def _shown(self, target: LinkTarget, language: Language) -> Shown:
        entity = self._registry.entities.get(target.scope.entity)
        name = entity.names.get(language) if entity else None
        who = name or target.scope.entity
        part = target.scope.campaign or target.scope.brand
        return Shown(
            f"{who} ({part})" if part else who,
            mask(target.subject),
            target.scope.channel.value,
            target.scope.purpose.value,
        )


def _answer(state: State, language: Language, shown: Shown | None, nonce: str = "") -> HTMLResponse:
    status = {"ask": 200, "done": 200, "failed": 503, "wrong": 404}[state]
    headers = {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Content-Language": language,
        "Vary": "Accept-Language",
    }
    if state == "failed":
        headers["Retry-After"] = str(RETRY_AFTER_S)
    return HTMLResponse(page(state, language, shown, nonce), status, headers)


def _language(request: Request) -> Language:
    chosen = request.query_params.get("lang")
    return language_of(chosen or request.headers.get("accept-language"))


def _nonce(body: bytes) -> str | None:
    """Return the form's nonce; a one-click body has none, and each is an act of its own."""
    found = parse_qs(body.decode("ascii", "replace")).get("nonce", [""])[0]
    return found if found.isalnum() and found.isascii() and len(found) <= _MAX_NONCE else None


def _reception(target: LinkTarget) -> Reception:
    payload = json.dumps([target.subject, *target.scope], ensure_ascii=False).encode()
    return Reception(payload, is_now=True)
