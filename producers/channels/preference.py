"""`/p/{token}/agree`: consent by a code that is sent to the number, at the person's own request.

A link alone can never agree, whoever made it: staff can make links. The code shows that whoever
agrees reads the number's texts (rules of refusal 5).
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from consentlog.domain.registry import Registry, Source
from consentlog.errors import Language, TransientError
from consentlog.http.auth import Principal
from consentlog.http.problems import RETRY_AFTER_S, RequestRefused
from consentlog.ports import Position
from producers.accept import Acceptor
from producers.channels.link import page_address, person_of, wrong_link
from producers.codes import Codes, CodeSender
from producers.intake import Intake
from producers.links import LinkSealer
from producers.outcome import Outcome
from producers.page_forms import Sent, page_language, read_form
from producers.pages import described, form_of, page_response
from producers.preference.act import Press, origin_of
from producers.preference.choices import PARTS, Part
from producers.preference.draw import Form, Person
from producers.preference.draw_agree import agreed, choose, consent_text, enter
from producers.preference.wording import Wording, wording

_SHOWN: Final = {200: "What can be agreed to.", 404: "No such link."}
_FIELDS: Final = {
    "step": "give: agree with the code; else send one",
    "part": "what is agreed to, for example marketing-sms; may stand several times",
    "nonce": "names the press: the same one again is the same act",
    "code": "the six digits",
}
_ACTED: Final = {
    200: "The code is sent, or the consent is recorded.",
    404: "No such link.",
    422: "Nothing was chosen, or the code is not right.",
    429: "The number had its codes of this hour.",
    503: "Not sent, or not recorded: to be tried again.",
}
_PROOF: Final = "code sent to the number"


@dataclass(frozen=True, slots=True)
class _Visit:
    """One request of somebody with a good link."""

    token: str
    subject: str
    person: Person
    language: Language
    parts: tuple[Part, ...] = ()

    @property
    def entity(self) -> str:
        return self.person.link.entity

    @property
    def words(self) -> Wording:
        return wording(self.language)

    @property
    def what(self) -> str:
        """What a code is good for."""
        return " ".join((self.entity, *(part.id for part in self.parts)))

    def back_to(self, written: Position | None = None) -> str:
        """Return the address of the preference page, as it is seen from here."""
        return f"../{page_address(self.token, self.language, written)}"


class PreferenceChannel:
    """The channel of people who agree on the page.

    Args:
        registry: Names of entities.
        source: The source that links act as.
        sealer: Opens tokens.
        acceptor: Decides what becomes of an act.
        intake: Delivers it.
        codes: Makes codes and recognises them.
        sender: Sends them.
    """

    def __init__(  # noqa: PLR0913  # what the pages need, each once
        self,
        registry: Registry,
        source: Source,
        sealer: LinkSealer,
        acceptor: Acceptor,
        intake: Intake,
        codes: Codes,
        sender: CodeSender,
    ) -> None:
        self._registry = registry
        self._principal = Principal("link-code", source, frozenset({"grants:write"}))
        self._sealer = sealer
        self._acceptor = acceptor
        self._intake = intake
        self._codes = codes
        self._sender = sender

    def router(self) -> APIRouter:
        """Return the routes."""
        router = APIRouter(tags=["link"])
        router.add_api_route(
            "/p/{token}/agree",
            self.show,
            methods=["GET"],
            response_class=HTMLResponse,
            summary="Show what can be agreed to",
            responses=described(_SHOWN),
        )
        router.add_api_route(
            "/p/{token}/agree",
            self.act,
            methods=["POST"],
            response_class=HTMLResponse,
            summary="Send a code, or agree with it",
            responses=described(_ACTED, "CL-1104", "CL-1204"),
            openapi_extra=form_of(_FIELDS),
        )
        return router

    async def show(self, token: str, request: Request) -> HTMLResponse:
        """Show what can be agreed to; nothing changes and nothing is sent."""
        visit = self._visit(token, page_language(request), Sent({}))
        if visit is None:
            return wrong_link(page_language(request))
        html = choose(visit.words, visit.person, visit.back_to())
        return page_response(html, visit.language)

    async def act(self, token: str, request: Request) -> HTMLResponse:
        """Send a code, or record what a code was given for.

        Answers 422 to a form without a choice and to a code that is not right, 429 to a number
        that had its codes, 503 to what can be tried again: always with a page that says so.
        """
        sent = read_form(await request.body())
        visit = self._visit(token, page_language(request), sent)
        if visit is None:
            return wrong_link(page_language(request))
        if not visit.parts:
            return _choose_again(visit, "choose_missing", 422)
        if sent.one("step") == "give":
            return await self._give(visit, sent, request)
        return await self._send(visit)

    def _visit(self, token: str, language: Language, sent: Sent) -> _Visit | None:
        target = self._sealer.open(token)
        if target is None:
            return None
        chosen = set(sent.all("part"))
        parts = tuple(part for part in PARTS if part.id in chosen)
        person = person_of(target, self._registry, language)
        return _Visit(token, target.subject, person, language, parts)

    async def _send(self, visit: _Visit) -> HTMLResponse:
        words, person = visit.words, visit.person
        try:
            code = self._codes.issue(visit.subject, visit.what)
            what = words.parts(visit.parts)
            text = words.say("code_sms", who=person.who, code=code, what=what)
            await self._sender.send(visit.subject, text)
        except RequestRefused:
            return _choose_again(visit, "code_many", 429)
        except TransientError:
            return _choose_again(visit, "code_failed", 503)
        form = Form(secrets.token_hex(16))
        html = enter(words, person, visit.parts, form, visit.back_to())
        return page_response(html, visit.language)

    async def _give(self, visit: _Visit, sent: Sent, request: Request) -> HTMLResponse:
        form = Form(sent.nonce or secrets.token_hex(16))
        if not self._codes.is_right(visit.subject, visit.what, sent.one("code"), form.nonce):
            return _enter_again(visit, form, "code_wrong", 422)
        outcomes = [self._outcome(visit, part, form, request) for part in visit.parts]
        trace = request.headers.get("traceparent")
        try:
            delivered = await asyncio.gather(
                *(self._intake.deliver(one, trace) for one in outcomes)
            )
        except TransientError:
            return _enter_again(visit, form, "failed_text", 503)
        for outcome in outcomes:
            if outcome.refusal is not None:
                raise outcome.refusal
        self._codes.use(visit.subject, form.nonce)
        back_to = visit.back_to(delivered[-1].position)
        html = agreed(visit.words, visit.person, visit.parts, back_to)
        return page_response(html, visit.language)

    def _outcome(self, visit: _Visit, part: Part, form: Form, request: Request) -> Outcome:
        ip, agent = origin_of(request)
        press = Press(
            visit.subject,
            part.scope(visit.entity),
            form.nonce,
            ip=ip,
            user_agent=agent,
            verbatim=consent_text(visit.words, visit.person, visit.parts),
            text_version=visit.words.text_version,
            language=visit.language,
            proof=_PROOF,
        )
        reception = press.reception(is_chosen=True)
        return self._acceptor.accept(press.event("granted"), self._principal, reception)


def _choose_again(visit: _Visit, trouble: str, status: int) -> HTMLResponse:
    html = choose(visit.words, visit.person, visit.back_to(), trouble)
    return page_response(html, visit.language, status, _retry_after(status))


def _enter_again(visit: _Visit, form: Form, trouble: str, status: int) -> HTMLResponse:
    html = enter(visit.words, visit.person, visit.parts, form, visit.back_to(), trouble)
    return page_response(html, visit.language, status, _retry_after(status))


def _retry_after(status: int) -> int | None:
    return {429: 3600, 503: RETRY_AFTER_S}.get(status)
