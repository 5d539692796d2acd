"""Builds a Faust app that reads through librdkafka, with every setting that this needs."""

from __future__ import annotations

from pathlib import Path

import faust

from processors.transport.driver import LibrdkafkaTransport, OwnershipHook
from processors.transport.exit import Exit, exit_process
from processors.transport.settings import FAUST_SETTINGS, TransportSettings


def build_app(
    settings: TransportSettings,
    data_dir: Path,
    *,
    on_assigned: OwnershipHook,
    on_revoked: OwnershipHook,
    exit_: Exit = exit_process,
) -> faust.App:
    """Build the app and give it its transport.

    Args:
        settings: Where to read from; its group becomes the app's id.
        data_dir: Folder that Faust makes at start and keeps empty.
        on_assigned: See `LibrdkafkaTransport`.
        on_revoked: See `LibrdkafkaTransport`.
        exit_: Ends the process.

    Returns:
        An app to declare topics (`schema=BatchSchema()`) and agents on.
    """
    servers = settings.bootstrap_servers.split(",")
    app = faust.App(
        settings.group_id,
        broker=";".join(f"kafka://{server.strip()}" for server in servers),
        datadir=data_dir,
        broker_client_id=settings.client_id,
        broker_session_timeout=settings.session_timeout_ms / 1000,
        broker_heartbeat_interval=settings.heartbeat_interval_ms / 1000,
        broker_max_poll_interval=settings.max_poll_interval_ms / 1000,
        broker_commit_interval=settings.commit_interval_ms / 1000,
        consumer_auto_offset_reset="earliest",
        **FAUST_SETTINGS,
    )
    app.transport = LibrdkafkaTransport(
        app, settings, on_assigned=on_assigned, on_revoked=on_revoked, exit_=exit_
    )
    return app
