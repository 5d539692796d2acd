"""No number of a message, good or bad, in what the gateway answers, logs or counts."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

from tests.support.gateway import memory_gateway, message
from tests.support.webhooks import FORM

DIGITS = "13800138000"


def test_no_number_is_answered_logged_or_counted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    with memory_gateway(tmp_path) as gateway:
        for words in ("TD", "谢谢", "退定", "START", DIGITS):
            tencent = {"mobile": DIGITS, "text": words, "nationcode": "86", "sign": DIGITS}
            huawei = {"from": f"+86{DIGITS}", "body": words, "to": DIGITS, "smsMsgId": DIGITS}
            twilio = {"From": f"+86{DIGITS}", "Body": words, "To": DIGITS, "MessageSid": DIGITS}
            said += [
                gateway.sms(message(words), {"phone_number": DIGITS}).text,
                gateway.push("tencent", json=tencent).text,
                gateway.push("tencent", json=[tencent]).text,
                gateway.push("huawei", content=urlencode(huawei), headers=_form()).text,
                gateway.push("huawei", content=json.dumps(huawei)).text,
                gateway.push("twilio", content=urlencode(twilio), headers=_form()).text,
                gateway.push("twilio", content=f"From={DIGITS}&From=1", headers=_form()).text,
                gateway.push("twilio", DIGITS, content=urlencode(twilio), headers=_form()).text,
            ]
        gateway.log.is_full = True
        said.append(gateway.sms(message("TD")).text)
        said.append(gateway.client.get("/metrics").text)
    printed = capsys.readouterr()
    assert "webhook_not_verified" in printed.out
    assert DIGITS not in "".join((*said, printed.out, printed.err))


def _form() -> dict[str, str]:
    return {"content-type": FORM}
