"""`consentlog numbers`: normalises a list, line by line, as the gateway would; needs no service."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from json.encoder import encode_basestring, encode_basestring_ascii
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer
from phonenumbers import SUPPORTED_REGIONS

from consentlog.cli.output import AsJson, Lang, language, say
from consentlog.errors import Language
from consentlog.numbers.normalise import Normalised, QuarantineReason, normalise

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

Source = Annotated[
    Path | None,
    typer.Argument(
        metavar="FILE",
        help="one number a line, UTF-8; - or none: standard input",
    ),
]
Region = Annotated[
    str | None,
    typer.Option("--region", help="of numbers without country code, e.g. CN; never guessed"),
]

_BUFFER: Final = 1 << 18
_LONGEST_LINE: Final = 1 << 16
_LINES_BETWEEN_LOOKS: Final = 4096
_SECONDS_BETWEEN_REPORTS: Final = 0.5
_NOT_UTF8: Final = "not_utf8"
_CODES: Final = {reason: reason.name.lower() for reason in QuarantineReason}
_TOO_LONG: Final = _CODES[QuarantineReason.TOO_LONG]
_EN: Final = {code: reason.value for reason, code in _CODES.items()} | {
    _NOT_UTF8: "it is not UTF-8 text"
}
_ZH: Final = {
    "empty": "内容为空",
    "too_long": "超过号码可能的长度",
    "not_only_digits": "含有字母或掩码字符",
    "no_region": "没有国家码，且未指定地区（--region）",
    "not_a_number": "不是号码的格式",
    "not_valid": "号码规划中没有，或还需要更多信息（如区号）",
    "not_utf8": "不是 UTF-8 文本",
}


@app.command()
def numbers(
    source: Source = None,
    region: Region = None,
    *,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Turn each line into +E.164, or say why a person must look. Sends and stores nothing.

    One line out for each line in, in order. With --json one object: reason is null beside a
    subject, and otherwise one of empty, too_long, not_only_digits, no_region, not_a_number,
    not_valid, not_utf8. Exit 0 with an answer for every line. Example:

    \b
    $ echo "138-0013-8000" | consentlog numbers --region CN --json
    {"input": "138-0013-8000", "subject": "+8613800138000", "reason": null}
    """  # noqa: D301  # click's mark for lines to leave as they are
    spoken = language(lang)
    known = _known_region(region)
    form = _JsonForm() if as_json else _HumanForm(spoken, coloured=sys.stdout.isatty())
    with _opened(source) as lines, open(sys.stdout.fileno(), "wb", _BUFFER, closefd=False) as out:
        _convert(lines, out, known, form, spoken)


def _opened(source: Path | None) -> BinaryIO:
    if source is None or source == Path("-"):
        return open(sys.stdin.fileno(), "rb", _BUFFER, closefd=False)
    try:
        return source.open("rb", _BUFFER)
    except OSError as exc:
        raise typer.BadParameter(f"{source}: {exc.strerror}", param_hint="FILE") from exc


def _known_region(region: str | None) -> str | None:
    if region is not None and region.upper() not in SUPPORTED_REGIONS:
        raise typer.BadParameter("an ISO 3166 region such as CN", param_hint="--region")
    return region.upper() if region else None


class _JsonForm:
    """One JSON object a line; put together by hand, for `json.dumps` takes longer than the rest."""

    def good(self, given: str, subject: str) -> str:
        return f'{{"input": {_json_string(given)}, "subject": "{subject}", "reason": null}}\n'

    def bad(self, given: str, code: str) -> str:
        return f'{{"input": {_json_string(given)}, "subject": null, "reason": "{code}"}}\n'


class _HumanForm:
    """Two columns, and the reason behind them."""

    def __init__(self, lang: Language, *, coloured: bool) -> None:
        self._why = _ZH if lang == "zh" else _EN
        self._colours = ("\33[32m", "\33[31m", "\33[0m") if coloured else ("", "", "")

    def good(self, given: str, subject: str) -> str:
        green, _, plain = self._colours
        return f"{green}{subject:<16}{plain}  {_printable(given)}\n"

    def bad(self, given: str, code: str) -> str:
        _, red, plain = self._colours
        return f"{red}{'-':<16}{plain}  {_printable(given)}  ({self._why[code]})\n"


def _json_string(text: str) -> str:
    # Readable, but for what some readers of lines take for the end of one, such as U+2028.
    return encode_basestring(text) if text.isprintable() else encode_basestring_ascii(text)


def _printable(text: str) -> str:
    """Show control characters, which could drive the reader's terminal, as escapes."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def _convert(
    source: BinaryIO,
    out: BinaryIO,
    region: str | None,
    form: _JsonForm | _HumanForm,
    lang: Language,
) -> None:
    """Write one line for each line of `source`; keeps none."""
    # Somebody who types, or looks on, wants each answer at once.
    each = source.isatty() or out.isatty()
    progress = _Progress(lang, shown=sys.stderr.isatty() and not sys.stdout.isatty())
    good = count = 0
    for count, (given, fault) in enumerate(_lines(source), 1):
        found = None if fault else normalise(given, region)
        if isinstance(found, Normalised):
            good += 1
            line = form.good(given, found.subject)
        else:
            line = form.bad(given, _CODES[found.reason] if found else fault)
        out.write(line.encode())
        if each:
            out.flush()
        if not count % _LINES_BETWEEN_LOOKS:
            progress.report(count)
    out.flush()
    progress.end(count, good, always=isinstance(form, _HumanForm))


def _lines(source: BinaryIO) -> Iterator[tuple[str, str]]:
    """Yield each line, and why it cannot be read, or nothing. Of an endless line: its beginning."""
    while line := source.readline(_LONGEST_LINE):
        rest = line
        while len(rest) == _LONGEST_LINE and not rest.endswith(b"\n"):
            rest = source.readline(_LONGEST_LINE)
        content = line.removesuffix(b"\n").removesuffix(b"\r")
        if rest is not line:
            yield content.decode(errors="backslashreplace"), _TOO_LONG
            continue
        try:
            yield content.decode(), ""
        except UnicodeDecodeError:
            yield content.decode(errors="backslashreplace"), _NOT_UTF8


class _Progress:
    """How far a long list is, for somebody who waits at a terminal."""

    def __init__(self, lang: Language, *, shown: bool) -> None:
        self._zh, self._shown = lang == "zh", shown
        self._started = self._reported = time.monotonic()

    def report(self, count: int) -> None:
        """Say how many lines are done, at most twice a second."""
        now = time.monotonic()
        if not self._shown or now - self._reported < _SECONDS_BETWEEN_REPORTS:
            return
        self._reported = now
        rate = count / (now - self._started)
        text = f"{count:,} 行，每秒 {rate:,.0f}" if self._zh else f"{count:,} lines, {rate:,.0f}/s"
        sys.stderr.write(f"\r{text}\33[K")
        sys.stderr.flush()

    def end(self, count: int, good: int, *, always: bool) -> None:
        """Say what became of all."""
        if self._shown:
            sys.stderr.write("\r\33[K")
        if self._shown or always:
            bad = count - good
            say(
                f"共 {count:,} 行：{good:,} 个号码，{bad:,} 行需人工处理"
                if self._zh
                else f"{count:,} lines: {good:,} numbers, {bad:,} for a person to look at"
            )
