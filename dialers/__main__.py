"""Runs the gate: `consentlog-gate`, or `python -P -m dialers`."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from prometheus_client import REGISTRY

from consentlog.errors import FatalError
from consentlog.http.app import build_app
from consentlog.http.auth import Authenticator
from consentlog.http.clock import SystemClock
from consentlog.http.server import serve
from consentlog.kafka.topics import PARTITIONS, STATE
from consentlog.numbers.normalise import normalise
from consentlog.numbers.place import place_of
from consentlog.observability.logging import configure_logging, get_logger
from consentlog.reference.load import load_policy, load_registry
from dialers.app import GateRoutes
from dialers.feed import KafkaStateFeed
from dialers.gate import Gate
from dialers.metrics import ReplicaCollector
from dialers.replica import AppliedHook, Replica
from dialers.settings import GateSettings
from dialers.view import View

_EXIT_FATAL = 70

_log = get_logger(__name__)


def build(settings: GateSettings, on_applied: AppliedHook | None = None) -> FastAPI:
    """Put the gate together; the replica starts and stops with the application.

    Args:
        settings: Of the service.
        on_applied: Stamps each applied record, for benchmarks.

    Raises:
        FatalError: If the registry or the policy file cannot be used.
    """
    registry = load_registry(settings.registry_file)
    policy = load_policy(settings.policy_file, registry)
    clock = SystemClock()
    topic = STATE.named(settings.kafka.topic_prefix)
    replica = Replica(
        View(PARTITIONS),
        lambda: KafkaStateFeed(settings.kafka.bootstrap_servers, topic, PARTITIONS),
        _end,
        on_applied,
    )
    gate = Gate(
        view=replica.view,
        is_bootstrapped=lambda: replica.bootstrapped,
        registry=registry,
        policy=policy,
        normalise=normalise,
        place_of=place_of,
        clock=clock,
    )
    routes = GateRoutes(gate, registry, Authenticator(registry, clock), replica.waiters.wait)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        collector = ReplicaCollector(replica, clock)
        REGISTRY.register(collector)
        replica.start()
        yield
        replica.stop()
        REGISTRY.unregister(collector)

    return build_app(
        "consentlog gate",
        [routes.router()],
        lambda: replica.live and gate.is_ready(),
        lifespan=lifespan,
    )


def main() -> None:
    """Serve until told to stop; exit 1 if the settings or files cannot be used."""
    try:
        settings = GateSettings.read()
        configure_logging(settings.log, "gate")
        app = build(settings)
    except FatalError as error:
        sys.stderr.write(f"{error}\n{error.do()}\n")
        sys.exit(1)
    serve(app, settings.http)


def _end(error: BaseException) -> None:
    """End the process from the replica's thread: a view that does not follow must not answer."""
    _log.critical("replica_failed", reason=str(error), exc_info=error)
    os._exit(_EXIT_FATAL)


if __name__ == "__main__":
    main()
