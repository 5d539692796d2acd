"""Words of the timeline in both languages."""

from __future__ import annotations

from typing import Final

FIELDS: Final = {
    "by": {"en": "recorded by", "zh": "记录人"},
    "through": {"en": "through", "zh": "来源"},
    "reference": {"en": "reference", "zh": "来源编号"},
    "occurred_at": {"en": "person acted", "zh": "本人表示"},
    "recorded_at": {"en": "source noted", "zh": "来源登记"},
    "accepted_at": {"en": "accepted", "zh": "网关受理"},
    "ingested_at": {"en": "appended", "zh": "写入日志"},
    "until": {"en": "until", "zh": "有效至"},
    "target": {"en": "names event", "zh": "所指事件"},
    "defect": {"en": "defect", "zh": "缺陷"},
    "place": {"en": "in the log", "zh": "日志位置"},
    "event_id": {"en": "event", "zh": "事件编号"},
    "not_stated": {"en": "not stated", "zh": "未说明"},
    "clock_wrong": {"en": "clock proven wrong", "zh": "时钟已证实有误"},
    "undecodable": {"en": "does not decode (kept as it is)", "zh": "无法解码（原样保存）"},
}
"""Labels by field."""

WORDS: Final = {
    "refused": "REFUSED",
    "granted": "GRANTED",
    "held": "HELD",
    "hold_released": "HOLD RELEASED",
    "all": "every purpose",
    "by_source": "stated by the source",
    "by_gateway": "the gateway's time",
    "by_unknown": "nobody said who stated it",
}
"""English where it differs from the word itself."""

ZH: Final = {
    "refused": "拒绝",
    "granted": "同意",
    "held": "暂停联系",
    "hold_released": "解除暂停",
    "consent_ended": "同意终止",
    "corrected": "更正",
    "approved": "复核通过",
    "unknown": "未知",
    "objection": "反对",
    "withdrawal": "撤回同意",
    "do_not_call_list": "谢绝来电名单",
    "authority": "主管机关",
    "marketing": "营销",
    "service": "服务",
    "all": "所有用途",
    "voice": "电话",
    "sms": "短信",
    "not_now": "暂缓",
    "dispute": "争议",
    "unverified": "未核实",
    "unclear": "不明确",
    "undecodable": "无法解码",
    "conflict": "冲突",
    "keyword": "关键词",
    "spoken": "口头",
    "web": "网页",
    "app": "应用",
    "form": "表单",
    "letter": "信函",
    "import": "导入",
    "complaint": "投诉",
    "person": "本人",
    "agent": "坐席",
    "staff": "员工",
    "system": "系统",
    "instant": "精确",
    "minute": "精确到分钟",
    "day": "精确到日",
    "by_source": "来源所述",
    "by_gateway": "网关时间",
    "by_unknown": "未注明由谁说明",
}
"""Chinese for the closed sets of words."""
