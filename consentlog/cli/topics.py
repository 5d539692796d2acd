"""`consentlog topics create|check`: Kafka's topics; this is their only creator."""

from __future__ import annotations

from typing import Annotated

import typer

from consentlog.cli.output import AsJson, ExitCode, Lang, emit, language, say
from consentlog.kafka.topics import check_topics, create_topics
from consentlog.local.targets import Targets, find_targets
from consentlog.settings import KafkaSettings

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    help="Kafka's topics, of the brokers configured, else of the running local stack.",
)

Bootstrap = Annotated[
    str | None,
    typer.Option("--bootstrap", help="brokers (CONSENTLOG_KAFKA__BOOTSTRAP_SERVERS)"),
]
Prefix = Annotated[
    str, typer.Option("--prefix", help="before each name (CONSENTLOG_KAFKA__TOPIC_PREFIX)")
]


@app.command()
def create(
    bootstrap: Bootstrap = None,
    prefix: Prefix = "",
    *,
    replication: Annotated[
        int | None, typer.Option(help="copies of each partition; default 3, local stack 1", min=1)
    ] = None,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Create the topics that are missing; existing ones are never changed.

    Example: `consentlog topics create --bootstrap broker:9092 --replication 3`.
    """
    targets = _targets(bootstrap, prefix)
    local = targets.layout is not None
    copies = replication or (1 if local else 3)
    kafka = targets.kafka
    created = create_topics(
        kafka.bootstrap_servers, kafka.topic_prefix, replication=copies, local=local
    )
    if as_json:
        emit({"created": created})
        return
    nothing = "主题已全部存在。" if language(lang) == "zh" else "All topics were there."
    for line in created or [nothing]:
        say(line)


@app.command()
def check(
    bootstrap: Bootstrap = None,
    prefix: Prefix = "",
    *,
    as_json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Compare the cluster's topics with what they must be; exit 3 if they differ."""
    kafka = _targets(bootstrap, prefix).kafka
    differences = check_topics(kafka.bootstrap_servers, kafka.topic_prefix)
    if as_json:
        emit({"differences": differences})
    else:
        fine = "全部主题符合要求。" if language(lang) == "zh" else "All topics are as they must be."
        for line in differences or [fine]:
            say(line)
    raise typer.Exit(ExitCode.VERIFICATION_FAILED if differences else ExitCode.OK)


def _targets(bootstrap: str | None, prefix: str) -> Targets:
    if bootstrap is not None:
        return Targets(KafkaSettings(bootstrap_servers=bootstrap, topic_prefix=prefix), None, None)
    return find_targets()
