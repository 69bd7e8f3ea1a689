"""Topics and the host's own messages."""

from __future__ import annotations

import pytest

from linewarden.collectors._mqtt import topics


@pytest.mark.parametrize(
    "topic",
    ["", "/", "spBv1.0", "spBv1.0/G/NBIRTH", "spBv1.0//NBIRTH/N", "spBv1.0/G/NBIRTH/", "spBv1.0/G/nbirth/N",
     "spAv1.0/G/NBIRTH/N", "spBv1.0/G/DBIRTH/N", "spBv1.0/G/NBIRTH/N/D", "spBv1.0/G/DBIRTH/N/D/E", "STATE", "STATE/",
     "spBv1.0/STATE", "spBv1.0/STATE/", "plant/line"],
)  # fmt: skip
def test_other_topics_are_none_of_sparkplug(topic: str) -> None:
    assert topics.parsed(topic) is None


def test_topics_of_all_kinds() -> None:
    for kind in topics.OF_NODE:
        assert topics.parsed(f"spBv1.0/G 1/{kind}/N") == (kind, "G 1", "N", "")
    for kind in topics.OF_DEVICE:
        assert topics.parsed(f"spBv1.0/G/{kind}/N/D") == (kind, "G", "N", "D")
    assert topics.parsed("spBv1.0/STATE/h") == topics.parsed("STATE/h") == ("STATE", "", "h", "")


@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (topics.state(True, 5), (True, 5)),
        (topics.state(False, 7), (False, 7)),
        (b"ONLINE", (True, None)),
        (b"offline\n", (False, None)),
        (b'{"online":true,"timestamp":true}', (True, None)),
        (b'{"online":"true","timestamp":1}', None),
        (b'{"timestamp":1}', None),
        (b"[]", None),
        (b"[" * 100_000, None),
        (b"\xff\xfe", None),
        (b"", None),
    ],
)
def test_states_of_both_versions_are_understood(payload: bytes, said: tuple[bool, int | None] | None) -> None:
    assert topics.state_of(payload) == said


def test_groups_narrow_what_is_read() -> None:
    assert topics.filters((), "h") == ["spBv1.0/STATE/h", "STATE/h", "spBv1.0/#"]
    assert topics.filters(("A", "B"), "") == ["spBv1.0/A/#", "spBv1.0/B/#"]
