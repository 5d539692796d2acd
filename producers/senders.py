"""What a sender puts into its messages, so that refusing them is one step.

For the systems that send: the link of one person, the headers of a mail, the last words of a text.
It needs the key that seals links and nothing else of the gateway; everything made here can only
refuse.

    links = RefusalLinks("https://optout.example", sealer)
    links.mail_headers("+8613800138000", Scope("acme"))
    sms_text("【Acme保险】春季活动……", "CN")
"""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import urlsplit

from consentlog.domain.scope import Scope
from consentlog.http.problems import RequestRefused
from producers.links import LinkSealer

_LAST_WORDS: Final = {"CN": "拒收请回复R", "US": "Reply STOP to opt out"}
"""What a text has to end with, by where it is sent; the words engine takes both for refusals."""


class RefusalLinks:
    """Makes links and mail headers.

    Args:
        base_url: Where the gateway's pages are reached from outside; https, but for this machine.
        sealer: Seals with the deployment's active key.

    Raises:
        RequestRefused: `CL-1604` for an address that is not https: RFC 8058 asks for it, and the
            token is the authority to refuse.
    """

    def __init__(self, base_url: str, sealer: LinkSealer) -> None:
        parts = urlsplit(base_url)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and _is_here(parts.hostname))
        if not is_safe or not parts.netloc or parts.query or parts.fragment:
            raise RequestRefused("CL-1604")
        self._base_url = base_url.rstrip("/")
        self._sealer = sealer

    def link(self, subject: str, scope: Scope) -> str:
        """Return a person's link; another one each time, and all of them hold.

        Args:
            subject: E.164.
            scope: What one click refuses; the page behind the link offers the rest.
        """
        return f"{self._base_url}/p/{self._sealer.mint(subject, scope)}"

    def mail_headers(self, subject: str, scope: Scope) -> dict[str, str]:
        """Return the headers that let a mail program refuse in one click.

        Both have to be covered by the mail's DKIM signature, else programs ignore them.

        Args:
            subject: E.164.
            scope: What the click refuses.

        Source: RFC 8058 3.1, RFC 2369 3.2.
        """
        return {
            "List-Unsubscribe": f"<{self.link(subject, scope)}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }


def sms_text(text: str, region: str, link: str | None = None) -> str:
    """Return a commercial text message with the words that tell how to refuse.

    Args:
        text: The message; words that are there already are not said twice.
        region: ISO 3166 of the number; where there are no words of its own, English ones.
        link: Of `RefusalLinks.link`, put before the words.

    Source: 通信短信息服务管理规定 (effective refusal); 47 CFR 64.1200 for the US words.
    """
    words = _LAST_WORDS.get(region, _LAST_WORDS["US"])
    said = text.rstrip()
    if link is not None:
        said = f"{said} {link}"
    if words in said:
        return said
    # After a link a Chinese comma would be taken for a part of it.
    return f"{said} {words}" if link is not None or region != "CN" else f"{said}，{words}"


def _is_here(host: str | None) -> bool:
    if host == "localhost":
        return True
    try:
        return host is not None and ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
