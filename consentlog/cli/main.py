"""`consentlog`: finds the command's file and hands over; `--help` imports none of them.

Each command group is a Typer app named `app` in a file of its own. Exit codes: 0 done, 1 failed, 2
wrong usage, 3 verification failed.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Final, Literal

from consentlog.cli.language import system_language


@dataclass(frozen=True, slots=True)
class Command:
    """One command: the module with its `app`, its heading and one line in each language."""

    module: str
    heading: str
    en: str
    zh: str


COMMANDS: Final = {
    "demo": Command("demo", "Try", "one day of refusals on the real parts", "在真实组件上演示一天"),
    "local": Command(
        "local", "Try", "the stack on this machine: up, down…", "本机服务：启动、停止…"
    ),
    "doctor": Command("doctor", "Try", "is everything as it must be?", "检查环境与服务是否正常"),
    "explain": Command("explain", "Try", "what an error code means", "解释错误代码"),
    "check": Command("check", "Data", "may this number be contacted?", "查询号码是否可联系"),
    "state": Command("state", "Data", "what a history on stdin means", "由标准输入的历史得出结论"),
    "import": Command("import_", "Data", "record a list of refusals", "导入拒绝名单"),
    "takeover": Command("takeover", "Data", "take documented consents over", "承接有据可查的同意"),
    "numbers": Command("numbers", "Data", "clean a list of numbers", "规范化号码列表"),
    "words": Command("words", "Data", "what do messages mean?", "判断短信的含义"),
    "review": Command("review", "Data", "decide what waits for a person", "处理待人工复核的事项"),
    "link": Command("link", "Data", "make a one-click refusal link", "生成一键退订链接"),
    "codes": Command("codes", "Data", "one-time codes of the local stack", "查看本机的验证码"),
    "history": Command(
        "history", "Audit", "when was a refusal recorded?", "查询拒绝的记录时间与来源"
    ),
    "audit": Command("audit", "Audit", "does the history equal the log?", "核对历史与日志是否一致"),
    "spool": Command("spool", "Admin", "what waits for the log", "查看等待写入日志的记录"),
    "topics": Command("topics", "Admin", "create or check Kafka's topics", "创建或检查 Kafka 主题"),
    "migrate": Command("migrate", "Admin", "bring ClickHouse up to date", "升级 ClickHouse 表结构"),
}

_USAGE: Final = "consentlog [--lang zh|en] COMMAND [ARGS]..."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: Arguments after the program's name; None = the process's.

    Returns:
        The exit code; commands may also exit by themselves.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    lang = _take_language(arguments)
    if not arguments or arguments[0] in {"--help", "-h", "help"}:
        sys.stdout.write(help_text(lang or system_language()))
        return 0 if arguments else 2
    if arguments[0] == "--version":
        return _version()
    name, *rest = arguments
    if name not in COMMANDS:
        return _unknown(name)
    return _run(name, rest, lang)


def help_text(lang: Literal["en", "zh"]) -> str:
    """Return the text of `--help`."""
    zh = lang == "zh"
    lines = [f"{'用法' if zh else 'Usage'}: {_USAGE}", ""]
    heading = ""
    for name, command in COMMANDS.items():
        if command.heading != heading:
            heading = command.heading
            lines.append(f"{_HEADINGS_ZH[heading] if zh else heading}:")
        lines.append(f"  {name:<10} {command.zh if zh else command.en}")
    lines += ["", *(_EXAMPLES_ZH if zh else _EXAMPLES_EN)]
    return "\n".join(lines) + "\n"


_HEADINGS_ZH: Final = {"Try": "试用", "Data": "数据", "Audit": "审计", "Admin": "管理"}
_EXAMPLES_EN: Final = (
    "Examples:",
    "  consentlog local up              start everything here; Ctrl-C stops it",
    "  consentlog doctor                find out what is missing",
    "  consentlog explain CL-5003       read about an error code",
    "",
    "`consentlog COMMAND --help` says more. Exit codes: 0 done, 1 failed, 2 usage, 3 not verified.",
)
_EXAMPLES_ZH: Final = (
    "示例：",
    "  consentlog local up              在本机启动全部服务；Ctrl-C 停止",
    "  consentlog doctor                检查缺少什么",
    "  consentlog explain CL-5003       查看错误代码的含义",
    "",
    "`consentlog COMMAND --help` 查看详情。退出码：0 完成，1 失败，2 用法错误，3 验证未通过。",
)


def _take_language(arguments: list[str]) -> Literal["en", "zh"] | None:
    """Take a leading --lang off; anything but zh or en stays and is then an unknown command."""
    if arguments and arguments[0].startswith("--lang="):
        arguments[:1] = ["--lang", arguments[0].partition("=")[2]]
    if arguments[:1] == ["--lang"] and arguments[1:2] in (["zh"], ["en"]):
        lang: Literal["en", "zh"] = "zh" if arguments[1] == "zh" else "en"
        del arguments[:2]
        return lang
    return None


def _run(name: str, rest: list[str], lang: Literal["en", "zh"] | None) -> int:
    from consentlog.cli.output import chosen_language, language, report
    from consentlog.errors import ConsentLogError

    chosen_language.set(lang)
    app = import_module(f"consentlog.cli.{COMMANDS[name].module}").app
    try:
        app(rest, prog_name=f"consentlog {name}")
    except ConsentLogError as error:
        report(error, language())
        return 1
    return 0


def _unknown(name: str) -> int:
    near = difflib.get_close_matches(name, COMMANDS, 1)
    hint = f" Did you mean `{near[0]}`?" if near else ""
    sys.stderr.write(f"There is no command `{name}`.{hint} See `consentlog --help`.\n")
    return 2


def _version() -> int:
    from importlib.metadata import version

    sys.stdout.write(f"consentlog {version('consentlog')}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
