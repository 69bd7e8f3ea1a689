"""Servers as they are written."""

from __future__ import annotations

import pytest

from linewarden.collectors._mqtt.settings import Server, parsed


@pytest.mark.parametrize(
    ("written", "server", "shown"),
    [
        ("mqtt://10.0.0.5", Server("10.0.0.5", 1883, False), "mqtt://10.0.0.5:1883"),
        ("mqtts://broker.plant", Server("broker.plant", 8883, True), "mqtts://broker.plant:8883"),
        ("mqtts://broker.plant:18883/", Server("broker.plant", 18883, True), "mqtts://broker.plant:18883"),
        ("mqtt://[fd00::5]:1884", Server("fd00::5", 1884, False), "mqtt://[fd00::5]:1884"),
    ],
)
def test_a_server_has_a_host_and_a_port(written: str, server: Server, shown: str) -> None:
    assert parsed(written) == server and str(server) == shown


@pytest.mark.parametrize(
    "written", ["", "broker", "tcp://h", "mqtt://", "mqtt://h/x", "mqtt://h?x=1", "mqtt://h:x", "mqtt://["]
)
def test_what_is_none_is_refused_with_the_form(written: str) -> None:
    with pytest.raises(ValueError, match="write mqtts://HOST"):
        parsed(written)
