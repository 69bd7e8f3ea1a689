"""Topics of the namespace: levels of ISA-95, and nothing that MQTT does not allow."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from linewarden.service.namespace.settings import DEFAULT, Namespace, check
from linewarden.service.namespace.topics import topic_of

KNOWN = {"site": "north", "source": "10.0.0.5", "asset": "Press 4", "tag": "Oil temperature", "protocol": "opcua"}


@pytest.mark.parametrize(
    ("more", "topic"),
    [
        ({}, "north/Press 4/Oil temperature"),
        ({"enterprise": "Muster", "line": "L2"}, "Muster/north/L2/Press 4/Oil temperature"),
        ({"tag": "Motor/Speed"}, "north/Press 4/Motor/Speed"),
        ({"asset": "A/B", "tag": "a+b#"}, "north/A_B/a_b_"),
        ({"site": "$SYS"}, "SYS/Press 4/Oil temperature"),
    ],
)
def test_what_is_not_known_is_left_out(more: dict[str, str], topic: str) -> None:
    assert topic_of(DEFAULT, {**KNOWN, **more}) == topic


@given(st.dictionaries(st.sampled_from(["site", "asset", "tag", "line"]), st.text(max_size=30)))
def test_whatever_a_device_says_it_is_a_topic_to_publish_to(known: dict[str, str]) -> None:
    try:
        topic = topic_of(DEFAULT, known)
    except ValueError:
        return
    topic.encode()
    assert not set("+#\0") & set(topic) and not topic.startswith(("$", "/")) and "//" not in topic


@pytest.mark.parametrize(
    ("keys", "key", "said"),
    [
        ({"topic": "{site}/{machine}/{tag}"}, "topic", "{machine} is no part"),
        ({"topic": "{site}/{tag}"}, "topic", "values of several machines share a topic"),
        ({"topic": "{site}/+/{source}/{tag}"}, "topic", "holds + #"),
        ({"topic": "$SYS/{source}/{tag}"}, "topic", "begins with $"),
        ({"enterprise": "a/b"}, "enterprise", "must not hold"),
        ({"servers": ("http://x",)}, "servers", "is no MQTT server"),
    ],
)
def test_wrong_settings_are_told_with_the_way_out(keys: dict[str, str], key: str, said: str) -> None:
    settings = Namespace(**{"servers": ("mqtt://127.0.0.1",), **keys})  # type: ignore[arg-type]
    found = dict(check(settings))
    assert said in found[key]


def test_right_settings_pass_and_patterns_choose() -> None:
    settings = Namespace(servers=("mqtt://127.0.0.1",), only=("10.0.0.*/TANK.*",))
    assert list(check(settings)) == []
    assert settings.wants("10.0.0.5", "TANK.LEVEL")
    assert not settings.wants("10.0.0.5", "PUMP") and not settings.wants("10.1.0.5", "TANK.LEVEL")
