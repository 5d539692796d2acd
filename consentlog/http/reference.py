"""The interface as one page to read: `/openapi.json` drawn as HTML, without script.

Its own drawing instead of a program from elsewhere: nothing is loaded from outside, no script runs
where keys are pasted, and every error stands there in both languages.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from html import escape
from typing import Any, Final

from starlette.responses import HTMLResponse

from consentlog.errors import catalogue

_STYLE: Final = """
:root{color-scheme:light dark;--ink:#1a1a1a;--soft:#555;--paper:#fff;--card:#f4f5f7;--act:#0b57d0}
@media (prefers-color-scheme:dark){
:root{--ink:#eee;--soft:#bbb;--paper:#161616;--card:#222427;--act:#a8c7fa}}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.6 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:1.5rem 1.25rem 4rem}
h2{margin-top:3rem}h3{margin:1.25rem 0 .25rem}
code,pre{font-family:ui-monospace,monospace;font-size:.9375em;overflow-wrap:anywhere}
pre{background:var(--card);padding:.75rem 1rem;overflow-x:auto;white-space:pre-wrap}
dl,ul{margin:.25rem 0;padding-left:1.25rem}dt{margin-top:.5rem}dd{margin-left:1rem}
.soft{color:var(--soft)}
a{color:var(--act)}:focus-visible{outline:3px solid var(--act);outline-offset:3px}
"""
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_CODE: Final = re.compile(r"``?([^`]+)`?`")


def page_of(document: dict[str, Any]) -> HTMLResponse:
    """Draw an OpenAPI document as a page.

    Args:
        document: As `/openapi.json` has it.
    """
    title = escape(document["info"]["title"])
    body = "\n".join([*_contents(document), *_operations(document), *_errors(document)])
    html = (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body><main><h1>{title}</h1>\n"
        '<p>The same for programs: <a href="openapi.json">openapi.json</a>.</p>\n'
        f"{body}\n</main></body></html>\n"
    )
    return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY})


def _each(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", _anchor(method, path), operation


def _anchor(method: str, path: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", f"{method} {path}".lower()).strip("-")


def _contents(document: dict[str, Any]) -> Iterator[str]:
    yield '<nav aria-label="Contents"><ul>'
    for name, anchor, operation in _each(document):
        told = escape(operation.get("summary", ""))
        yield f'<li><a href="#{anchor}"><code>{escape(name)}</code></a> {told}</li>'
    yield '<li><a href="#errors">Errors</a> <span lang="zh">错误代码</span></li></ul></nav>'


def _operations(document: dict[str, Any]) -> Iterator[str]:
    for name, anchor, operation in _each(document):
        yield f'<section><h2 id="{anchor}"><code>{escape(name)}</code></h2>'
        yield f"<p>{escape(operation.get('summary', ''))}</p>"
        yield from (f"<p>{_text(part)}</p>" for part in _paragraphs(operation))
        needs = " or ".join(key for one in operation["security"] for key in one)
        yield f'<p class="soft">Key: {escape(needs) or "none"}.</p>'
        yield from _parameters(operation)
        for media, content in operation.get("requestBody", {}).get("content", {}).items():
            yield f"<h3>Body: <code>{escape(media)}</code></h3>"
            yield _drawn(content.get("schema", {}), document)
        yield from _answers(operation, document)
        yield "</section>"


def _paragraphs(operation: dict[str, Any]) -> list[str]:
    # A handler's docstring: what it raises stands among the answers.
    described = re.split(r"\n\s*(?:Args|Raises|Returns):", operation.get("description", ""))[0]
    return [part for part in re.split(r"\n\s*\n", described) if part.strip()]


def _parameters(operation: dict[str, Any]) -> Iterator[str]:
    yield "<h3>Parameters</h3><dl>"
    for one in operation["parameters"]:
        must = "required" if one.get("required") else "optional"
        kind = _kind(one.get("schema", {}))
        told = _text(one.get("description", ""))
        yield f"<dt><code>{escape(one['name'])}</code> "
        yield f'<span class="soft">{one["in"]}, {must}, {kind}</span></dt><dd>{told}</dd>'
    yield "</dl>"


def _answers(operation: dict[str, Any], document: dict[str, Any]) -> Iterator[str]:
    yield "<h3>Answers</h3><dl>"
    for status, answer in sorted(operation["responses"].items()):
        yield f"<dt><strong>{escape(status)}</strong></dt><dd>{_told(answer['description'])}"
        for media, content in answer.get("content", {}).items():
            yield f'<p class="soft"><code>{escape(media)}</code></p>'
            if "$ref" not in content.get("schema", {}):
                yield _drawn(content.get("schema", {}), document)
        yield "</dd>"
    yield "</dl>"


def _told(description: str) -> str:
    return re.sub(r"\b(CL-\d{4})\b", r'<a href="#\1">\1</a>', _text(description))


def _errors(document: dict[str, Any]) -> Iterator[str]:
    codes = sorted(set(re.findall(r"CL-\d{4}", json.dumps(document["paths"]))))
    yield '<section><h2 id="errors">Errors <span lang="zh">错误代码</span></h2>'
    for entry in (catalogue()[code] for code in codes if code in catalogue()):
        yield f'<h3 id="{entry.code}">{entry.code} {escape(entry.name)}, {entry.status}</h3>'
        for language, text in (("en", entry.en), ("zh", entry.zh)):
            told = _text(f"{text.what} {text.why}")
            yield f'<p lang="{language}">{told} <strong>{_text(text.do)}</strong></p>'
    yield "</section>"


def _drawn(schema: dict[str, Any], document: dict[str, Any]) -> str:
    """Draw a schema as nested lists."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return _drawn(document["components"]["schemas"][name], document)
    either = schema.get("oneOf", schema.get("anyOf", []))
    if either and "properties" not in schema:
        return "<p>one of:</p>" + "".join(_drawn(one, document) for one in either)
    if "items" in schema:
        return f"<p>{_kind(schema)} of:</p>{_drawn(schema['items'], document)}"
    rows = [_member(name, one, schema, document) for name, one in _members(schema)]
    return f"<ul>{''.join(rows)}</ul>" if rows else f"<p>{_kind(schema)}</p>"


def _members(schema: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return list(schema.get("properties", {}).items())


def _member(name: str, one: dict[str, Any], whole: dict[str, Any], document: dict[str, Any]) -> str:
    must = ", required" if name in whole.get("required", []) else ""
    told = _text(one.get("description", ""))
    inner = _inner(one)
    nested = _drawn(inner, document) if inner else ""
    return (
        f'<li><code>{escape(name)}</code> <span class="soft">{_kind(one)}{must}</span> '
        f"{told}{nested}</li>"
    )


def _inner(one: dict[str, Any]) -> dict[str, Any] | None:
    parts: list[dict[str, Any]] = [one, *one.get("anyOf", [])]
    for part in parts:
        if "properties" in part or "$ref" in part or "items" in part:
            return part
    return None


def _kind(schema: dict[str, Any]) -> str:
    """Say in a few words what a value may be."""
    if "const" in schema:
        return f"<code>{escape(json.dumps(schema['const']))}</code>"
    if "enum" in schema:
        return " | ".join(f"<code>{escape(json.dumps(one))}</code>" for one in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_kind(one) for one in schema["anyOf"])
    bounds = ("minLength", "maxLength", "minItems", "maxItems", "minimum", "maximum", "pattern")
    told = [f"{name} {escape(str(schema[name]))}" for name in bounds if name in schema]
    kind = schema.get("type", "object" if "$ref" in schema else "any value")
    return ", ".join([escape(str(kind)), *told])


def _text(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", escape(text.strip()))
