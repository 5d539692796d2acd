"""The webhooks of SMS vendors, one file each."""

from __future__ import annotations

from fastapi import APIRouter

from producers.channels.sms_aliyun import AliyunSmsChannel
from producers.channels.sms_huawei import HuaweiSmsChannel
from producers.channels.sms_tencent import TencentSmsChannel
from producers.channels.sms_twilio import TwilioSmsChannel
from producers.webhooks import Webhooks


class SmsChannels:
    """The channels of people who answer a text message.

    Args:
        webhooks: Takes what the vendors push.
    """

    def __init__(self, webhooks: Webhooks) -> None:
        self._channels = (
            AliyunSmsChannel(webhooks),
            HuaweiSmsChannel(webhooks),
            TencentSmsChannel(webhooks),
            TwilioSmsChannel(webhooks),
        )

    def router(self) -> APIRouter:
        """Return the routes of all vendors."""
        router = APIRouter()
        for channel in self._channels:
            router.include_router(channel.router())
        return router
