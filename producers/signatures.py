"""Webhook signatures: how each sender signs, computed over what came, compared in constant time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, Protocol
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

from consentlog.http.problems import RequestRefused
from producers.forms import read_form

RELAY_HEADER: Final = "x-consentlog-signature"
_PORTS: Final = {"https": 443, "http": 80}
_HUAWEI: Final = re.compile(
    r"SDK-HMAC-SHA256\s+Access=([^,\s]{1,128}),\s*SignedHeaders=([^,\s]{1,1024}),"
    r"\s*Signature=([0-9a-f]{64})"
)
_RELAY: Final = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Call:
    """One request as its sender made it: `url` whole, headers by lower-case name, raw body."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says of its own signature.

    `key_id` names the key if the sender does; `at_ms` is when it was signed, ms UTC, if the scheme
    has a time; `signed` are the names of the headers that are covered.
    """

    signature: str
    key_id: str | None = None
    at_ms: int | None = None
    signed: tuple[str, ...] = ()


class Standing(StrEnum):
    """What a signature proves. Only `NOT_ASKED` and `SIGNED` let an act count as the person's."""

    NOT_ASKED = "not_asked"
    SIGNED = "signed"
    UNSIGNED = "unsigned"
    WRONG = "wrong"
    STALE = "stale"


class Scheme(Protocol):
    """How one kind of sender signs."""

    def claim(self, call: Call) -> Claim | None:
        """Read the signature; None if there is none of this kind."""
        ...

    def expected(self, key: str, call: Call, claim: Claim) -> Iterator[str]:
        """Compute what the signature would be under `key`, in each form that is allowed."""
        ...


class TwilioScheme:
    """`X-Twilio-Signature`: HMAC-SHA1 over the address and the sorted form; it has no time.

    Source: Twilio, "Validating requests are coming from Twilio" (docs/usage/security).
    """

    def claim(self, call: Call) -> Claim | None:
        """Read the header."""
        text = call.headers.get("x-twilio-signature", "").strip()
        return Claim(text) if text else None

    def expected(self, key: str, call: Call, claim: Claim) -> Iterator[str]:
        """Compute it with the port as it stands, without, and with the scheme's own."""
        try:
            form = read_form(call.body)
        except RequestRefused:
            return  # what is no form was not signed as one
        for url in _with_ports(call.url):
            yield sign_twilio(key, url, form)


class HuaweiScheme:
    """`SDK-HMAC-SHA256`, which Huawei Cloud sends once its push authentication is switched on.

    Source: Huawei Cloud MSGSMS, sms_05_0064 (push AK/SK authentication); API signing guide,
    api-sign-algorithm-002.
    """

    def claim(self, call: Call) -> Claim | None:
        """Read the headers; one without a time that can be read is a claim that never holds."""
        found = _HUAWEI.fullmatch(call.headers.get("authorization", "").strip())
        if found is None:
            return None
        at_ms = _basic_utc_ms(call.headers.get("x-sdk-date", ""))
        return Claim(found[3], found[1], at_ms, tuple(found[2].split(";")))

    def expected(self, key: str, call: Call, claim: Claim) -> Iterator[str]:
        """Compute it; nothing if the time, which the tolerance is about, is not covered."""
        if claim.at_ms is not None and "x-sdk-date" in claim.signed:
            yield sign_huawei(key, call, claim.signed)


class RelayScheme:
    """`X-Consentlog-Signature: t=<unix s>,v1=<hex>`: HMAC-SHA256 over `<t>.<raw body>`.

    For own systems, and for a relay in front of a vendor that cannot sign.
    """

    def claim(self, call: Call) -> Claim | None:
        """Read the header; one in another form is a claim that never holds."""
        text = call.headers.get(RELAY_HEADER, "").strip()
        if not text:
            return None
        found = _RELAY.fullmatch(text)
        return Claim(found[2], at_ms=int(found[1]) * 1000) if found else Claim("")

    def expected(self, key: str, call: Call, claim: Claim) -> Iterator[str]:
        """Compute it."""
        if claim.at_ms is not None:
            yield sign_relay(key, claim.at_ms // 1000, call.body)


def check(
    schemes: Sequence[Scheme], call: Call, keys: Mapping[str, str], now_ms: int, tolerance_ms: int
) -> tuple[Standing, Claim | None]:
    """Check a request's signature.

    Args:
        schemes: What the sender may use; the first of which the request carries one decides.
        call: The request.
        keys: Keys by their ids; all are tried where the sender names none.
        now_ms: The gateway's clock, ms UTC.
        tolerance_ms: How far the time of signing may lie from it, either way.

    Returns:
        What it proves, never `NOT_ASKED`, and the claim.
    """
    for scheme in schemes:
        claim = scheme.claim(call)
        if claim is not None:
            return _standing(scheme, call, claim, keys, now_ms, tolerance_ms), claim
    return Standing.UNSIGNED, None


def _standing(  # noqa: PLR0913  # the parts of one comparison
    scheme: Scheme,
    call: Call,
    claim: Claim,
    keys: Mapping[str, str],
    now_ms: int,
    tolerance_ms: int,
) -> Standing:
    given = claim.signature.encode("utf-8", "replace")
    usable = [key for name, key in keys.items() if claim.key_id in (None, name)]
    is_right = False
    for key in usable:
        for text in scheme.expected(key, call, claim):
            is_right |= hmac.compare_digest(text.encode(), given)
    if not is_right:
        return Standing.WRONG
    if claim.at_ms is not None and abs(now_ms - claim.at_ms) > tolerance_ms:
        return Standing.STALE
    return Standing.SIGNED


def sign_twilio(key: str, url: str, form: Sequence[tuple[str, str]]) -> str:
    """Sign as Twilio does.

    Args:
        key: The account's auth token.
        url: The whole address that was called, query included.
        form: Fields; one that stands twice counts once a value.
    """
    text = url + "".join(name + value for name, value in sorted(set(form)))
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), "sha1")).decode()


def sign_huawei(key: str, call: Call, signed: Sequence[str]) -> str:
    """Sign as Huawei Cloud does.

    Args:
        key: The secret key (SK).
        call: The request; its `x-sdk-date` is part of what is signed.
        signed: Names of the headers that are covered, lower case.
    """
    parts = urlsplit(call.url)
    path = quote(unquote(parts.path), safe="/-_.~")
    query = sorted(parse_qsl(parts.query, keep_blank_values=True))
    names = sorted(signed)
    canonical = (
        call.method,
        path if path.endswith("/") else f"{path}/",
        "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in query),
        "".join(f"{name}:{call.headers.get(name, '').strip()}\n" for name in names),
        ";".join(names),
        hashlib.sha256(call.body).hexdigest(),
    )
    digest = hashlib.sha256("\n".join(canonical).encode("utf-8", "replace")).hexdigest()
    text = f"SDK-HMAC-SHA256\n{call.headers.get('x-sdk-date', '')}\n{digest}"
    return hmac.digest(key.encode(), text.encode("utf-8", "replace"), "sha256").hex()


def sign_relay(key: str, at_s: int, body: bytes) -> str:
    """Sign as an own system or a relay does; `at_s` is the time of signing, Unix seconds."""
    return hmac.digest(key.encode(), f"{at_s}.".encode() + body, "sha256").hex()


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")


def _basic_utc_ms(text: str) -> int | None:
    try:
        found = datetime.strptime(text.strip(), "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None
    return int(found.timestamp()) * 1000


def _with_ports(url: str) -> Iterator[str]:
    """Yield an address as it stands, and with the standard port said or left out.

    Twilio's own libraries accept both: it is not told apart on its side.
    """
    yield url
    parts = urlsplit(url)
    standard = _PORTS.get(parts.scheme)
    bare = parts.netloc.rpartition(":")[0] if parts.port else parts.netloc
    if parts.port is None:
        yield urlunsplit(parts._replace(netloc=f"{bare}:{standard}"))
    elif parts.port == standard:
        yield urlunsplit(parts._replace(netloc=bare))
