"""`consentlog codes`: codes as text, numbers masked."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from consentlog.cli.main import main
from consentlog.local.layout import Layout
from producers.code_outbox import CodeOutbox
from tests.support.gateway import NUMBER, FixedClock


def test_messages_are_shown_and_numbers_are_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asyncio.run(CodeOutbox(Layout(tmp_path).codes, FixedClock()).send(NUMBER, "验证码 123456"))
    with pytest.raises(SystemExit, match="0"):
        main(["codes", "--data-dir", str(tmp_path)])
    out, _ = capsys.readouterr()
    assert "123456" in out
    assert "8000" in out
    assert "13800138000" not in out
    with pytest.raises(SystemExit, match="0"):
        main(["codes", "--json", "--data-dir", str(tmp_path)])
    (one,) = json.loads(capsys.readouterr().out)
    assert one["at"] == "2025-11-22T04:00:00Z"


def test_no_codes_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        main(["--lang", "zh", "codes", "--data-dir", str(tmp_path)])
    out, err = capsys.readouterr()
    assert out == ""
    assert "没有验证码" in err
