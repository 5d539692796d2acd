"""Every sentence of the show, zh and en side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from consentlog.errors import Language

_SAID: Final[Mapping[str, Mapping[Language, str]]] = {
    "title": {
        "en": "consentlog: one day of refusals on Kafka, Faust and ClickHouse",
        "zh": "谢绝来电：在 Kafka、Faust 与 ClickHouse 上演示一天的拒绝",
    },
    "starting": {"en": "Starting the stack in {path}", "zh": "正在 {path} 启动全部服务"},
    "up": {"en": "All services are ready after {seconds:.1f} s.", "zh": "{seconds:.1f} 秒后就绪。"},
    "act_before": {"en": "1. The recorded consents", "zh": "1. 已记录的同意"},
    "act_day": {
        "en": "2. The day: refusals through every channel",
        "zh": "2. 当天：各渠道的拒绝",
    },
    "worked_before": {
        "en": "The dialer works its list of {count} contacts: {called} called, {not_called} not.",
        "zh": "外呼按名单处理 {count} 个联系：拨打 {called} 个，未拨打 {not_called} 个。",
    },
    "worked_day": {
        "en": "The dialer works the same list again: {called} called, {not_called} not.",
        "zh": "外呼再次处理同一名单：拨打 {called} 个，未拨打 {not_called} 个。",
    },
    "denied_in": {"en": "deny after {ms:.0f} ms", "zh": "{ms:.0f} 毫秒后不可联系"},
    "not_taken": {"en": "not taken, review {review}", "zh": "未受理，复核 {review}"},
    "taken": {"en": "recorded", "zh": "已记录"},
    "shown": {"en": "page shown", "zh": "已显示页面"},
    "act_flip": {
        "en": "3. Who is not called any more, and why",
        "zh": "3. 哪些号码不再拨打，为什么",
    },
    "number": {"en": "number", "zh": "号码"},
    "contact": {"en": "contact", "zh": "联系"},
    "flip": {"en": "before -> after", "zh": "之前 -> 之后"},
    "why": {"en": "why", "zh": "原因"},
    "allow": {"en": "allow", "zh": "可联系"},
    "deny": {"en": "deny", "zh": "不可联系"},
    "still": {
        "en": "Called as before: {called}. Never allowed: {never}.",
        "zh": "照常拨打：{called}。始终不可联系：{never}。",
    },
    "act_timeline": {
        "en": "4. One number's history, as an auditor reads it from ClickHouse",
        "zh": "4. 审计人员从 ClickHouse 读到的一个号码的历史",
    },
    "act_figures": {"en": "5. Figures", "zh": "5. 数据"},
    "latency": {
        "en": "refusal answered -> gate denies: p50 {p50:.0f} ms, p99 {p99:.0f} ms "
        "({count} refusals)",
        "zh": "拒绝受理 -> 闸门不可联系：p50 {p50:.0f} 毫秒，p99 {p99:.0f} 毫秒（{count} 次拒绝）",
    },
    "exact": {
        "en": "history: {rows} records, each offset of the log once; reviews opened: {reviews}",
        "zh": "历史：{rows} 条记录，与日志逐一对应；已开复核：{reviews}",
    },
    "as_expected": {
        "en": "All {count} contacts came out as expected ({seconds:.1f} s).",
        "zh": "{count} 个联系全部符合预期（{seconds:.1f} 秒）。",
    },
    "differences": {
        "en": "{count} differences from what was expected:",
        "zh": "与预期不符 {count} 处：",
    },
    "expected": {"en": "expected", "zh": "预期"},
    "found": {"en": "found", "zh": "实际"},
    "act_next": {"en": "Look further, in another terminal", "zh": "进一步查看（另开终端）"},
    "next_history": {"en": "the history of one number", "zh": "一个号码的历史"},
    "next_sql": {"en": "the same as SQL, asked by curl", "zh": "同一查询的 SQL，用 curl 执行"},
    "next_check": {"en": "may it be called?", "zh": "可以拨打吗？"},
    "next_refuse": {"en": "refuse for another number", "zh": "为另一号码提交拒绝"},
    "next_after": {"en": "... and ask about it", "zh": "……再查询它"},
    "next_page": {"en": "a one-click link, for your browser", "zh": "一键退订链接（浏览器打开）"},
    "next_desk": {"en": "the clerks' desk, for your browser", "zh": "坐席台（浏览器打开）"},
    "next_desk_key": {"en": "... and the key to sign in with", "zh": "……以及登录所用的密钥"},
    "next_audit": {"en": "compare history and log", "zh": "核对历史与日志"},
    "next_status": {"en": "what runs where", "zh": "服务状态"},
    "stop": {
        "en": "Ctrl-C stops everything{and_deletes}.",
        "zh": "按 Ctrl-C 停止全部服务{and_deletes}。",
    },
    "and_deletes": {"en": " and deletes {path}", "zh": "并删除 {path}"},
    "stopping": {"en": "Stopping the stack", "zh": "正在停止"},
    "kept": {"en": "The data stays in {path}", "zh": "数据保留在 {path}"},
}

CHANNELS: Final[Mapping[str, Mapping[Language, str]]] = {
    "app": {"en": "app", "zh": "应用"},
    "phone": {"en": "phone", "zh": "电话坐席"},
    "care": {"en": "service", "zh": "客服"},
    "sms": {"en": "SMS", "zh": "短信"},
    "web": {"en": "web", "zh": "网页"},
    "compliance": {"en": "compliance", "zh": "合规"},
    "log": {"en": "log", "zh": "日志"},
}
"""Where a step comes from."""


def said(name: str, lang: Language, **values: object) -> str:
    """Say one sentence.

    Args:
        name: Its name in the table.
        lang: Language to say it in.
        values: For its places.
    """
    return _SAID[name][lang].format(**values)
