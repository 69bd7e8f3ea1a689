"""Sparkplug payloads as the specification numbers their fields."""

import pytest

pytest.importorskip("google.protobuf", reason="the practice plant needs linewarden[exercises]")

from linewarden.exercises.devices._sparkplug import decode, encode


def test_metrics_come_back() -> None:
    said = {"Conveyor/Vibration": 1.5, "bdSeq": 0, "Node Control/Rebirth": False, "Properties/FW": "2.2.0"}
    assert decode(encode(1_795_664_606_249, 3, said)) == (3, said)


def test_bytes_are_those_of_the_specification() -> None:
    """Payload: timestamp 1, metrics 2, seq 3. Metric: name 1, timestamp 3, datatype 4 (10 is Double), double 13."""
    metric = b"\x0a\x01t" + b"\x18\x05" + b"\x20\x0a" + b"\x69" + bytes.fromhex("000000000000f83f")
    assert encode(5, 1, {"t": 1.5}) == b"\x08\x05" + b"\x12" + bytes([len(metric)]) + metric + b"\x18\x01"


def test_a_death_certificate_has_no_sequence_number() -> None:
    assert decode(encode(5, None, {"bdSeq": 0}))[0] is None
