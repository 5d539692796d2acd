"""`consentlog state`: what a history on stdin means for one contact; needs no broker."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from consentlog.cli.contact import Asked, read_at, read_contact, resolve
from consentlog.cli.output import AsJson, ExitCode, Lang, emit_line, language, report, say
from consentlog.domain.decision import Decision, Reason, ReasonCode, Verdict, decide, deny
from consentlog.domain.explain import account
from consentlog.domain.place import Place
from consentlog.domain.policy import Policy
from consentlog.domain.registry import Resolution
from consentlog.domain.state import SubjectState, fold
from consentlog.errors import InvalidEvent, Language
from consentlog.explain.note import note
from consentlog.explain.part import explanation, reason_fields
from consentlog.explain.wording import say_reason, word
from consentlog.numbers.place import place_of
from consentlog.observability.masking import mask, mask_text
from consentlog.wire.json_form import framed_to_json
from consentlog.wire.json_lines import History, read_history
from consentlog.wire.states import StateRecord, encode_state

app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)

ContactText = Annotated[
    str,
    typer.Option(
        "--contact",
        metavar="NAME=VALUE,...",
        help="entity, channel (voice or sms), and perhaps purpose (marketing or service), brand, "
        "campaign",
    ),
]
At = Annotated[
    str,
    typer.Option("--at", metavar="TIME", help="RFC 3339 with offset: 2026-03-20T09:00:00+08:00"),
]
RegistryFile = Annotated[
    Path | None,
    typer.Option(
        "--registry",
        help="registry.toml: checks the names, says what the campaign is for and whose refusals "
        "bind too; without it the contact is taken as given",
    ),
]
PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", help="policy.toml; without it: marketing needs a grant, service none"),
]
Explained = Annotated[
    bool, typer.Option("--explain", help="tell the answer on stderr as a short legal note")
]


class Judged(NamedTuple):
    """One history, and what was decided about it."""

    history: History
    state: SubjectState
    resolution: Resolution
    at_ms: int
    policy: Policy
    place: Place
    decision: Decision


@app.command()
def state(  # noqa: PLR0913  # options of a command
    contact: ContactText,
    at: At,
    registry: RegistryFile = None,
    policy: PolicyFile = None,
    *,
    explained: Explained = False,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Fold one subject's history from stdin and decide one contact. Changes nothing.

    In: JSON lines, one event each, as schemas/examples/consent-event-*.json show them, on one line.
    Out: one JSON line with subject, verdict, reasons and state on stdout, where that is no
    terminal, and the same in words on stderr; with --json the line alone. A line that is no event
    is held, as on the log, and named on stderr. Exit 0 with an answer of either kind, 1 for an
    unusable file, 2 for wrong usage or two subjects. Example: `consentlog state --contact
    entity=acme,purpose=marketing,channel=voice --at 2026-03-20T09:00:00+08:00 --json < one.jsonl`.
    """
    spoken = language(lang)
    asked, at_ms = read_contact(contact), read_at(at)
    resolution = resolve(asked, registry, at_ms)
    rules = _policy(policy)
    history = _history(at_ms, spoken)
    judged = judge(history, resolution, at_ms, rules)
    _tell_troubles(history, spoken)
    _tell_purpose(asked, resolution, spoken)
    if as_json or not sys.stdout.isatty():
        emit_line(answer_of(judged))
    if explained:
        _explain(judged, spoken)
    elif not as_json:
        _tell(judged, spoken)


def judge(history: History, resolution: Resolution, at_ms: int, policy: Policy) -> Judged:
    """Fold a history and decide about one contact.

    Args:
        history: As `read_history` returned it.
        resolution: The contact, or why there is none.
        at_ms: Instant of the contact, ms UTC.
        policy: Rows of the deployment.
    """
    state, place = fold(history.facts), place_of(history.subject or "")
    if resolution.contact is None:
        found = deny(*resolution.reasons)
    else:
        found = decide(state, resolution.contact, at_ms, policy, place)
    if history.subject is None:
        nobody = Reason(ReasonCode.NUMBER_NOT_VALID, detail="no event names a number")
        found = found._replace(verdict=Verdict.DENY, reasons=(nobody, *found.reasons))
    return Judged(history, state, resolution, at_ms, policy, place, found)


def answer_of(judged: Judged) -> dict[str, Any]:
    """Return the answer for machines; `state` is the JSON form of a state record, without places.

    `review` in it is true also where a line was held: on the log that opens a case of its own.
    """
    history, decision = judged.history, judged.decision
    record = framed_to_json(
        encode_state(StateRecord(history.subject or "", 0, bytes(16), judged.state))
    )
    state = {name: record[name] for name in ("overflow", "facts", "review", "scopes", "holds")}
    return {
        "subject": history.subject,
        "verdict": decision.verdict.value,
        "reasons": [_reason(reason) for reason in decision.reasons],
        "state": state | {"review": state["review"] or bool(history.troubles)},
    }


def _reason(reason: Reason) -> dict[str, str]:
    found = {"code": reason.code.value}
    if reason.event_id is not None:
        found["event_id"] = reason.event_id.hex()
    if reason.policy is not None:
        found["policy"] = reason.policy
    return found


def _history(at_ms: int, lang: Language) -> History:
    try:
        return read_history(sys.stdin.buffer, at_ms)
    except InvalidEvent as error:
        report(error, lang)
        raise typer.Exit(ExitCode.USAGE) from error


def _policy(file: Path | None) -> Policy:
    if file is None:
        return Policy()
    from consentlog.reference.load import load_policy  # pydantic, only where it is needed

    return load_policy(file)


def _tell_troubles(history: History, lang: Language) -> None:
    for line, reason in history.troubles:
        if lang == "zh":
            say(f"第 {line} 行：{mask_text(reason)}；按 undecodable 暂停联系，须由专人复核")
        else:
            say(f"line {line}: {mask_text(reason)}; held as undecodable, a person must look")


def _tell_purpose(asked: Asked, resolution: Resolution, lang: Language) -> None:
    found = resolution.contact
    if found is None or asked.purpose in (None, found.purpose):
        return
    if lang == "zh":
        say(f"用途以登记册为准：{found.purpose}，而非 {asked.purpose}")
    else:
        say(f"the registry says what a contact is for: {found.purpose}, not {asked.purpose}")


def _explain(judged: Judged, lang: Language) -> None:
    contact, decision = judged.resolution.contact, judged.decision
    if contact is None:
        _tell(judged, lang)
        return
    asked = (contact, judged.at_ms, judged.policy, judged.place)
    entries = account(judged.state, *asked).entries
    answer = {
        "verdict": decision.verdict.value,
        "reasons": [reason_fields(reason) for reason in decision.reasons],
        "explanation": explanation(entries, decision, *asked),
    }
    if decision.granted_by is not None:
        answer["granted_by"] = decision.granted_by.hex()
    for one in note(_who(judged), answer, lang):
        say(one)


def _tell(judged: Judged, lang: Language) -> None:
    colon = "：" if lang == "zh" else ": "
    say(f"{_who(judged)}{colon}{word(lang, 'verdict', judged.decision.verdict)}")
    for reason in judged.decision.reasons:
        say(f"  - {say_reason(reason_fields(reason), lang)}")


def _who(judged: Judged) -> str:
    subject = judged.history.subject
    return "-" if subject is None else mask(subject)
