"""Behind which proxies a service believes what is said of the caller."""

from __future__ import annotations

from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError

from consentlog.http.server import serve
from consentlog.settings import HttpSettings


def test_only_proxies_of_the_settings_are_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    monkeypatch.setattr(uvicorn, "run", lambda _app, **options: told.append(options))
    # What uvicorn would read by itself: the environment is read by the settings alone.
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    for proxies in ("127.0.0.1,::1", "10.0.0.0/8,192.0.2.7", ""):
        serve(FastAPI(), HttpSettings(port=0, trusted_proxies=proxies))
    serve(FastAPI(), HttpSettings(port=0))
    found = [one["forwarded_allow_ips"] for one in told]
    assert found == ["127.0.0.1,::1", "10.0.0.0/8,192.0.2.7", "", "127.0.0.1,::1"]


@pytest.mark.parametrize("proxies", ["*", "proxy.example", "10.0.0.1/8", "10.0.0.1;10.0.0.2"])
def test_whoever_calls_is_no_proxy(proxies: str) -> None:
    with pytest.raises(ValidationError):
        HttpSettings(port=0, trusted_proxies=proxies)
