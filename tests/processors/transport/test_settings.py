from __future__ import annotations

import pytest

from processors.transport.settings import TransportSettings, librdkafka_config


def settings(**changed: float) -> TransportSettings:
    return TransportSettings(bootstrap_servers="b:1", group_id="g", client_id="c", **changed)  # type: ignore[arg-type]  # ints and floats by field


def test_only_acknowledged_prefixes_are_ever_committed() -> None:
    config = librdkafka_config(settings())
    assert config["enable.auto.commit"] is False
    assert config["enable.auto.offset.store"] is False
    assert config["auto.offset.reset"] == "error"
    assert config["session.timeout.ms"] == 10_000


@pytest.mark.parametrize(
    "changed",
    [
        {"session_timeout_ms": 5000, "heartbeat_interval_ms": 1000},
        {"heartbeat_interval_ms": 4000},
        {"max_poll_interval_ms": 9000},
        {"drain_seconds": 50.0},
        {"max_batch_records": 1},
        {"max_outstanding_batches": 0},
    ],
)
def test_contradictions_are_refused(changed: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="not true that"):
        settings(**changed)
