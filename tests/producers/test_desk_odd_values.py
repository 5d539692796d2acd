"""Whatever stands in a field of the desk, in its cookie or around it is told, and no fault."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote_plus

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from producers.channels import desk as channel
from producers.desk.session import COOKIE
from tests.support.asgi import client_of
from tests.support.desk import FROM_HERE
from tests.support.desk_lists import HaltingLog, ListClerk, list_app
from tests.support.gateway import NUMBER

ACT: Final = {"nonce": "ab" * 16, "number": NUMBER, "entity": "acme", "call": "call-1"}
PROOF: Final = {"recording": "s3:calls/8.wav", "sha256": "cd" * 32}
DECIDE: Final = "/desk/reviews/{unread}"
APPROVE: Final = "/desk/reviews/{consent}"
FORMS: Final[Mapping[str, Mapping[str, str]]] = {
    "/desk": {
        **ACT,
        **PROOF,
        "purpose": "all",
        "basis": "withdrawal",
        "script": "v3",
        "brand": "acme-life",
        "campaign": "",
        "channel": "sms",
        "words": "别再打了",
        "until": "2025-11-30",
        "act": "refuse",
    },
    "/desk?not_now": {**ACT, "until": "2025-11-30", "act": "not_now"},
    "/desk/consent": {
        **ACT,
        **PROOF,
        "channel": "voice",
        "words": "好的",
        "text_version": "c1",
    },
    "/desk/correct": {**ACT, "target": "ab" * 16, "reason": "misheard"},
    "/desk/sign-in": {**ACT, "to": "record", "key": "x"},
    "/desk/sign-in?right": {**ACT, "to": "record", "key": "THEKEY"},
    "/desk/sign-out": {"key": ""},
    DECIDE: {
        "decision": "refused",
        "why": "the recording says so",
        "number": NUMBER,
        "entity": "acme",
    },
    APPROVE: {"decision": "approved", "why": "heard it"},
    f"{APPROVE}/owner": {"why": ""},
    "/desk/import/{list}": {"act": "go", "zone": "Mars"},
    "/desk/import/{list}?nothing": {"act": "keep", "zone": ""},
}
"""Every form of the desk as it is sent; the one with a file is sent apart."""
NAMES: Final = sorted({name for fields in FORMS.values() for name in fields})
NO_LIMIT: Final = {"acts_per_second": 0}
LIST: Final = {
    "list": "weekly",
    "entity": "acme",
    "basis": "authority",
    "zone": "Asia/Shanghai",
    "column": "phone",
    "sheet": "",
    "region": "CN",
}
LONG: Final = b"x" * 1_040_000
"""Just below what any body may have."""
ODD: Final = (
    *(
        b"",
        b" ",
        b"\0",
        b"a\0b",
        b"\r\nx: y",
        b"\t\v",
        b"\xff\xfe",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
    ),
    *(
        b"%",
        b"%zz",
        b"{}{0}{who}",
        b"'\"><script>alert(1)</script>&amp;",
        b"../../etc/passwd",
        b"*",
    ),
    *(b"0", b"-1", b"9" * 5000, b"1e999", b"NaN", b"Infinity", b"null", b"[]", b"0000-00-00"),
    *(b"2025-13-45", b"9999-12-31", b"0001-01-01", b"+9999999999999", b"-2025-11-30", b"12:00"),
    *(
        "１３８００１３８０００".encode(),
        "²³".encode(),
        "٠١٢".encode(),
        "\u202e\u200b\ufeff".encode(),
    ),
    *("\U0010ffff\ufffe\ud7ff".encode(), "e\u0301".encode() * 300, "İ".encode(), b"Asia/../UTC"),
    *(b"x" * 33, b"x" * 65, b"x" * 257, b"x" * 600, b"1" * 64, b"00" * 16, b"FF" * 32),
)


class _Desk:
    """One gateway for all that is tried on it: what one form does must not spoil the next."""

    def __init__(self, directory: Path) -> None:
        self.app, self.gateway, self.lists = list_app(directory, HaltingLog())

    def enter(self) -> None:
        self.clerk = self._signed_in("care")
        decider, leaver = self._signed_in("compliance"), self._signed_in("desk")
        self.clerks = dict.fromkeys((DECIDE, APPROVE, f"{APPROVE}/owner"), decider)
        self.clerks["/desk/sign-out"] = leaver
        self.ids = {"list": self._list()}
        for form in (DECIDE, APPROVE):
            self.open_case(form)

    def _signed_in(self, source: str) -> ListClerk:
        found = ListClerk(self.gateway)
        found.sign_in(source)
        return found

    def _list(self) -> str:
        answer = self.clerk.hand_in(b"phone,date\n13800138000,2025-11-20\n")
        return self.clerk.list_id(answer)

    def open_case(self, form: str) -> None:
        """Let a number wait that nobody can read, or a consent for a second person."""
        path, fields = "/desk/consent", dict(FORMS["/desk/consent"])
        if form == DECIDE:
            path, fields = "/desk", {**FORMS["/desk"], "number": "12345"}
        self.clerk.post(path, **{**fields, "nonce": secrets.token_hex(16)})
        self.ids[form.rpartition("/")[2].strip("{}")] = self.gateway.reviews[-1].review_id.hex()

    def post(self, form: str, body: bytes, **headers: bytes | str) -> httpx2.Response:
        """Send a form as a browser would, except for what is told."""
        self.gateway.client.cookies.clear()
        cookie = self.clerks.get(form, self.clerk).cookies[COOKIE]
        kind = {"content-type": "application/x-www-form-urlencoded"}
        asked = {**FROM_HERE, **kind, "cookie": f"{COOKIE}={cookie}", **headers}
        body = body.replace(b"THEKEY", self.gateway.keys["desk"].encode())
        sent = {
            name.encode(): value if isinstance(value, bytes) else value.encode()
            for name, value in asked.items()
        }
        answer = self.gateway.client.post(form.format(**self.ids), content=body, headers=sent)
        if form in (DECIDE, APPROVE) and answer.status_code == 200:
            self.open_case(form)
        return answer


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[_Desk]:
    with pytest.MonkeyPatch.context() as patch:
        # Or most tries to sign in would be turned away for their number, and not looked at.
        patch.setattr(channel, "SIGN_INS", channel.SIGN_INS.model_copy(update=NO_LIMIT))
        found = _Desk(tmp_path_factory.mktemp("desk"))
    with client_of(found.app) as client:
        found.gateway.client = client
        found.enter()
        yield found
    found.lists.stop()


def _body(fields: Mapping[str, str], odd: Mapping[str, bytes]) -> bytes:
    sent = {name: value.encode() for name, value in fields.items()} | dict(odd)
    return b"&".join(f"{name}={quote_plus(value)}".encode() for name, value in sent.items())


def _check(answer: httpx2.Response, what: object) -> None:
    assert answer.status_code < 500, what
    assert answer.status_code < 400 or answer.text, what
    assert "<script" not in answer.text, what
    if not answer.is_redirect:
        kind = answer.headers["content-type"].partition(";")[0]
        assert kind in ("text/html", "application/problem+json"), what


def test_every_form_is_tried(desk: _Desk) -> None:
    said = desk.gateway.client.get("/openapi.json").json()["paths"]
    posts = {path for path, found in said.items() if path.startswith("/desk") and "post" in found}
    tried = {re.sub(r"\{\w+\}", "{id}", at.partition("?")[0]) for at in FORMS}
    assert posts == tried | {"/desk/import"}


@pytest.mark.parametrize("form", FORMS)
def test_a_form_without_anything_odd_is_taken(desk: _Desk, form: str) -> None:
    wanted = {"/desk/sign-in": 403, "/desk/sign-out": 303, "/desk/import/{list}": 422}
    wanted["/desk/import/{list}?nothing"] = 303
    assert desk.post(form, _body(FORMS[form], {})).status_code == wanted.get(form, 200)


@pytest.mark.parametrize("form", FORMS)
def test_an_odd_value_in_a_field_is_told(desk: _Desk, form: str) -> None:
    for name in FORMS[form]:
        for value in (*ODD, LONG):
            answer = desk.post(form, _body(FORMS[form], {name: value}))
            _check(answer, (name, value[:80]))


@pytest.mark.parametrize("form", FORMS)
def test_fields_that_are_missing_or_stand_there_often_are_told(desk: _Desk, form: str) -> None:
    whole = _body(FORMS[form], {})
    for name in FORMS[form]:
        without = {other: value for other, value in FORMS[form].items() if other != name}
        _check(desk.post(form, _body(without, {})), name)
        for value in (b"", b"x", "１".encode()):
            _check(desk.post(form, whole + b"&" + _body({name: ""}, {name: value})), name)
    for body in (b"", b"&&&", b"=", b"=&=", whole * 100, b"&".join([whole] * 40), b"\xff" * 99):
        _check(desk.post(form, body), body[:80])
    _check(desk.post(form, b"a" * 1_048_577), "larger than any body")


HEADERS: Final = {
    "cookie": [b"", b"=", b";;;", f"{COOKIE}=".encode(), f"{COOKIE}=k1.".encode(), b"\xff\xfe=\x80"]
    + [f"{COOKIE}={odd}".encode() for odd in ("k1." + "A" * 60_000, "é", "k1.é", '"k1.AA"', ".")]
    + [f"{COOKIE}=k1.".encode() + b"\xed\xa0\x80", b"; ".join([f"{COOKIE}=x".encode()] * 50)],
    "origin": [b"null", b"", b"://", b"http://[", b"https://\xff", b"x" * 60_000],
    "sec-fetch-site": [b"", b"\xff", b"none", b"x" * 60_000],
    "host": [b"", b"[", b"[::1", b"a b", b"\xff", b"127.0.0.1:x", b"x" * 60_000],
    "accept-language": [b"\xff", b"zh;q=x", b"zh;q=nan,en;q=inf", b"," * 60_000, b"en;q=1e999"],
    "content-type": [b"", b"\xff", b"text/plain", b"multipart/form-data", b"a/b; charset=\xff"]
    + [b"multipart/form-data; boundary=" + odd for odd in (b"\xff", b"x" * 60_000, b'"', b"")],
    "traceparent": [b"", b"\xff", b"00-" + b"0" * 60_000, b"\xc3\xa9"],
    "x-correlation-id": [b"\xff", b"x" * 60_000],
}


@pytest.mark.parametrize("form", sorted({*FORMS, "/desk/import"} - {DECIDE, APPROVE}))
def test_odd_headers_are_told(desk: _Desk, form: str) -> None:
    body = _body(FORMS.get(form, {}), {})
    for name, values in HEADERS.items():
        for value in values:
            _check(desk.post(form, body, **{name: value}), (name, value[:80]))


ADDRESSES: Final = ("%00", "%ff", "%ED%A0%80", "..%2f", "x" * 5000, "0" * 32, "é", "%0a", "lists")


PATHS: Final = (
    *("/desk/{}", "/desk/import/{}", "/desk/reviews/{}", "/desk/reviews/{}/owner"),
    *("/desk/import/{}/errors.csv", "/desk?lang={}", "/desk/reviews?after={}"),
    *("/desk/import/{}?still={}", "/desk/sign-in?lang={}", "/desk/reviews?after={}:{}"),
)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_odd_addresses_are_told(desk: _Desk, method: str) -> None:
    cookie = f"{COOKIE}={desk.clerks[DECIDE].cookies[COOKIE]}"
    for path in PATHS:
        for odd in (*ADDRESSES, "9" * 5000, "9" * 15 + ":" + "0" * 32):
            address = path.replace("{}", odd)
            headers = {**FROM_HERE, "cookie": cookie}
            _check(desk.gateway.client.request(method, address, headers=headers), address[:80])


def _file_form(fields: Mapping[str, bytes], file_name: bytes, content: bytes) -> bytes:
    parts = [
        b'--cut\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n' % (name.encode(), value)
        for name, value in fields.items()
    ]
    head = b'--cut\r\nContent-Disposition: form-data; name="file"; filename="%b"\r\n\r\n'
    return b"".join([*parts, head % file_name, content, b"\r\n--cut--\r\n"])


def _hand_in(desk: _Desk, body: bytes) -> httpx2.Response:
    kind = {"content-type": "multipart/form-data; boundary=cut"}
    answer = desk.post("/desk/import", body, **kind)
    if answer.status_code == 303:
        list_id = desk.clerk.list_id(answer)
        for page in (f"/desk/import/{list_id}", "/desk/import"):
            _check(desk.clerk.get(page), page)
        desk.clerk.post(f"/desk/import/{list_id}", act="discard")
    return answer


def test_a_list_with_odd_terms_is_told(desk: _Desk) -> None:
    good = {name: value.encode() for name, value in LIST.items()}
    content = b"phone\n13800138000\n"
    for name in good:
        for value in (*ODD[:: 2 if name == "list" else 6], b"x" * 60_000, b"x" * 70_000):
            body = _file_form({**good, name: value}, b"a.csv", content)
            _check(_hand_in(desk, body), (name, value[:80]))
        without = {other: value for other, value in good.items() if other != name}
        _check(_hand_in(desk, _file_form(without, b"a.csv", content)), name)
    for value in ODD[::5]:
        _check(_hand_in(desk, _file_form(good, value, content)), ("file name", value[:80]))
        _check(_hand_in(desk, _file_form(good, b"a.csv", value)), ("file", value[:80]))
        _check(_hand_in(desk, value + _file_form(good, b"a.csv", content)), ("before", value[:80]))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(sorted(FORMS)),
    st.lists(st.tuples(st.sampled_from(NAMES), st.binary(max_size=40)), max_size=8),
)
def test_made_up_forms_are_told(desk: _Desk, form: str, made_up: list[tuple[str, bytes]]) -> None:
    """Any bytes in any fields, whatever form they belong to, and the same field more than once."""
    odd = b"&".join(_body({name: ""}, {name: value}) for name, value in made_up)
    _check(desk.post(form, odd + b"&" + _body(FORMS[form], {})), (form, made_up))
    _check(desk.post(form, odd), (form, made_up))
