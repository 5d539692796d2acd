"""`consentlog link`."""

from __future__ import annotations

from pathlib import Path

import pytest

from consentlog.cli.main import main
from consentlog.domain.scope import Scope
from consentlog.domain.vocabulary import Channel, Purpose
from producers.links import LinkSealer
from tests.support.gateway import NUMBER, demo_reference


def _run(directory: Path, *more: str) -> int:
    common = ["--data-dir", str(directory), "--base-url", "https://stop.example/", "--lang", "en"]
    try:
        return main(["link", "--number", NUMBER, "--entity", "acme", *common, *more])
    except SystemExit as exc:
        return int(str(exc.code))


def test_the_link_opens_and_shows_no_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets = demo_reference(tmp_path)[0].secrets
    assert _run(tmp_path, "--channel", "sms") == 0
    printed = capsys.readouterr()
    base, _, token = printed.out.strip().rpartition("/")
    assert base == "https://stop.example/p"
    target = LinkSealer(secrets.link_active, secrets.link_keys).open(token)
    assert target is not None
    assert target.subject == NUMBER
    assert target.scope == Scope("acme", None, None, Purpose.MARKETING, Channel.SMS)
    assert "13800138000" not in printed.out + printed.err


@pytest.mark.parametrize("more", [("--entity", "gamma"), ("--number", "138****8000")])
def test_what_it_cannot_seal_it_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, str]
) -> None:
    demo_reference(tmp_path)
    assert _run(tmp_path, *more) == 1
    assert "CL-120" in capsys.readouterr().err
