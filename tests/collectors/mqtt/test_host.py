"""The host application as a state: births, deaths, order, rebirths, bounds, and bytes that nobody should send."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from linewarden.collectors._mqtt.host import Homes, Host, Options
from linewarden.collectors._mqtt.metrics import Form, Register
from linewarden.collectors._mqtt.readings import Readings
from tests.collectors.sparkplug_house import INT64, House, birth, death, metric, payload
from tests.effort import examples

SENT = 1_700_000_000_000
NOW = 1_800_000_000_000_000_000


class Line:
    """A host application, and the clock that it is told."""

    def __init__(self, **options: Any) -> None:
        self.house = House()
        register = Register(self.house, options.pop("most_tags", 10_000))
        self.host = Host("mqtt://s", Options(**options), self.house, register, Homes())
        self.at, self.stamp = 100.0, SENT

    def send(self, kind: str, data: bytes, device: str = "", node: str = "N") -> None:
        out = Readings()
        topic = "/".join(("spBv1.0", "G", kind, node, *([device] if device else [])))
        self.host.receive(topic, data, NOW, self.at, out)
        self.keep(out)

    def keep(self, out: Readings) -> None:
        self.house.keep(out)

    def wait(self, seconds: float) -> int:
        """Time passes; how many rebirths are asked for by then."""
        self.at += seconds
        self.stamp += int(seconds * 1000)
        out = Readings()
        self.host.tick(NOW, self.at, out)
        self.keep(out)
        asked = len(self.host.asks)
        self.host.asks.clear()
        return asked

    def birth(self, bdseq: int = 0, **more: Any) -> None:
        self.send("NBIRTH", birth([metric("a", 0.0, alias=1)], bdseq, stamp=self.stamp), **more)

    def data(self, value: float, seq: int, **more: Any) -> None:
        self.send("NDATA", payload([metric("a", value)], seq, self.stamp), **more)

    def values(self, source: str = "G/N", name: str = "a") -> list[float]:
        return [r.value for r in self.house.of(source, name) if r.status is None]

    def online(self) -> bool:
        return self.host.nodes["G", "N"].table.online


def test_only_the_death_of_the_session_counts() -> None:
    line = Line()
    line.birth(bdseq=7)
    line.send("NDEATH", death(6))
    assert line.online() and line.host.counts["death_of_other_session"] == 1
    line.send("NDEATH", death(7))
    assert not line.online()
    line.send("NDEATH", death(7))
    assert line.host.counts["death_of_dead"] == 1


def test_a_node_that_is_silent_after_a_death_of_another_session_is_gone_from_then_on() -> None:
    line = Line(rebirth_pause=5.0)
    line.birth(bdseq=7)
    line.send("NDEATH", death(8))
    assert line.online() and line.wait(9.0) == 1
    line.wait(1.5)
    assert not line.online() and line.house.of("G/N", "a")[-1].source_ts == NOW


@pytest.mark.parametrize("answer", ["birth", "data"])
def test_a_node_that_lives_on_after_a_death_of_another_session_is_not_gone(answer: str) -> None:
    line = Line()
    line.birth(bdseq=7)
    line.send("NDEATH", death(6))
    line.wait(5.0)
    if answer == "birth":
        line.birth(bdseq=7)
    else:
        line.data(1.0, 1)
    line.wait(60.0)
    assert line.online() and not [r for r in line.house.rows if r.status == "STALE"]


def test_a_birth_that_a_server_kept_is_no_sign_of_life() -> None:
    for answers in (True, False):
        line = Line()
        out = Readings()
        line.host.receive("spBv1.0/G/NBIRTH/N", birth([metric("a", 1.0)], stamp=SENT), NOW, line.at, out, retained=True)
        dbirth = payload([metric("x", 1.0)], 1, SENT)
        line.host.receive("spBv1.0/G/DBIRTH/N/D", dbirth, NOW, line.at, out, retained=True)
        line.keep(out)
        assert line.online() and line.wait(0.0) == 1
        if answers:
            line.birth()
        line.wait(11.0)
        assert line.online() is answers


def test_where_nobody_may_be_asked_a_death_of_another_session_is_not_believed() -> None:
    line = Line(rebirth=False)
    line.birth(bdseq=7)
    line.send("NDEATH", death(8))
    line.wait(1000.0)
    assert line.online()


def test_a_death_or_a_birth_without_a_number_counts() -> None:
    line = Line()
    line.birth(bdseq=7)
    line.send("NDEATH", payload([]))
    assert not line.online()


def test_a_new_session_of_which_the_old_death_never_came_makes_devices_stale_until_they_are_born() -> None:
    line = Line()
    line.birth(bdseq=0)
    line.send("DBIRTH", payload([metric("x", 1.0)], 1, SENT), "D")
    line.birth(bdseq=1)
    assert line.house.of("G/N/D", "x")[-1].status == "STALE"
    line.send("DBIRTH", payload([metric("x", 2.0)], 1, SENT), "D")
    assert line.values("G/N/D", "x") == [1.0, 2.0]


def test_a_rebirth_in_the_same_session_makes_nothing_stale() -> None:
    line = Line()
    line.birth()
    line.send("DBIRTH", payload([metric("x", 1.0)], 1, SENT), "D")
    line.wait(1.0)
    line.birth()
    line.send("DBIRTH", payload([metric("x", 1.0)], 1, line.stamp), "D")
    assert not [r for r in line.house.rows if r.status == "STALE"]
    assert line.house.ups == ["G/N"]


def test_data_before_a_birth_is_waited_with_and_then_asked_for() -> None:
    line = Line(reorder_timeout=2.0)
    line.data(1.0, 4)
    assert line.wait(1.9) == 0 and line.wait(0.2) == 1
    assert line.host.counts["before_birth"] == 1


def test_births_that_come_out_of_order_are_put_right() -> None:
    line = Line(reorder_timeout=2.0)
    line.send("DBIRTH", payload([metric("x", 1.0)], 1, SENT + 5), "D")
    line.data(3.0, 2)
    line.stamp += 4
    line.birth()  # sent before, as its time says... but the data above are older than it
    assert line.values("G/N/D", "x") == [1.0]
    assert line.values() == [0.0]


def test_a_new_session_s_messages_that_overtake_its_birth_are_not_lost() -> None:
    line = Line(reorder_timeout=2.0)
    line.birth(bdseq=0)
    line.data(1.0, 1)
    line.stamp += 1000
    later = line.stamp
    line.stamp += 5
    line.data(9.0, 1)  # of the next session, whose birth is still to come: the same number, other bytes
    line.stamp = later
    line.birth(bdseq=1)
    assert line.values() == [0.0, 1.0, 0.0, 9.0]


def test_requests_are_rare_and_rarer_where_they_do_not_help() -> None:
    line = Line(reorder_timeout=1.0, rebirth_pause=10.0, rebirth_most=80.0)
    asked = []
    for second in range(400):
        line.data(1.0, second % 256)
        if line.wait(1.0):
            asked.append(second)
    gaps = [b - a for a, b in itertools.pairwise(asked)]
    assert gaps[0] >= 10 and gaps == sorted(gaps) and gaps[-1] >= 80 and len(asked) <= 9


def test_a_node_whose_births_do_not_help_is_not_asked_without_end() -> None:
    line = Line(rebirth_pause=10.0)
    asked = 0
    for _ in range(600):
        line.birth()
        line.send("NDATA", payload([metric("never born", 1.0)], 1, line.stamp))
        asked += line.wait(1.0)
    assert 3 <= asked <= 10


def test_no_request_where_none_is_wanted() -> None:
    line = Line(rebirth=False, reorder_timeout=0.0)
    line.data(1.0, 3)
    assert line.wait(5.0) == 0 and len(line.house.said) == 1


def test_without_a_timeout_a_gap_is_asked_for_at_once_and_nothing_waits() -> None:
    line = Line(reorder_timeout=0.0)
    line.birth()
    line.data(5.0, 9)
    assert list(line.host.asks) == [("G", "N")] and line.values() == [0.0, 5.0]
    line.data(6.0, 10)
    assert line.values() == [0.0, 5.0, 6.0]


def test_a_message_that_comes_after_it_was_given_up_is_read_all_the_same() -> None:
    line = Line(reorder_timeout=1.0)
    line.birth()
    line.data(2.0, 2)
    assert line.wait(1.0) == 1
    line.data(1.0, 1)
    line.data(3.0, 3)
    assert line.values() == [0.0, 2.0, 1.0, 3.0] and line.host.counts["late"] == 1


def test_after_the_server_was_lost_a_node_that_stays_quiet_is_asked() -> None:
    line = Line(reorder_timeout=2.0)
    line.birth()
    out = Readings()
    line.host.lost(NOW, out)
    line.keep(out)
    line.host.opened(SENT, line.at)
    assert line.wait(4.9) == 0 and line.wait(0.2) == 1
    line.birth()
    assert line.values() == [0.0, 0.0] and line.wait(60.0) == 0


def test_a_data_message_of_a_device_that_was_never_born_is_asked_for() -> None:
    line = Line()
    line.birth()
    line.send("DDATA", payload([metric("x", 1.0)], 1, SENT), "D")
    line.send("DDEATH", payload([], 2, SENT), "D")
    assert line.wait(0.0) == 1 and line.host.counts["device_without_birth"] == 2


def test_all_that_grows_has_a_bound() -> None:
    line = Line(most_nodes=3, most_tags=20)
    for number in range(50):
        line.birth(node=f"N{number}")
        for device in range(10):
            line.send("DBIRTH", payload([metric("x", 1.0)], device + 1, SENT), f"D{device}", node=f"N{number}")
    assert len(line.host.nodes) == 3 and len(line.house.tags) == 20
    for seq in range(0, 600, 2):  # half of all messages are missing
        line.data(1.0, seq % 256, node="N0")
        assert len(line.host.nodes["G", "N0"].order) < 256
    for seq in range(2000):
        line.data(1.0, seq % 256, node="N9")
    assert len(line.house.said) == 2


def test_births_fill_no_memory_without_end_and_what_is_past_the_bound_is_not_asked_for() -> None:
    line = Line(most_tags=100)
    many = [metric(f"m{number}", 1.0) for number in range(90)]
    for number in range(10):
        line.send("NBIRTH", birth(many, stamp=SENT), node=f"N{number}")
    assert sum(len(node.table.names) for node in line.host.nodes.values()) <= 200
    assert len(line.house.tags) == 100 and line.host.counts["past_room"]
    line.send("NDATA", payload([metric("m89", 2.0)], 1, SENT), node="N9")
    assert line.wait(60.0) == 0
    line.send("NDATA", payload([metric("m1", 2.0)], 1, SENT), node="N0")
    assert line.values("G/N0", "m1") == [1.0, 2.0]
    for _ in range(50):  # born again and again: the same room
        line.stamp += 1
        line.send("NBIRTH", birth(many, stamp=line.stamp), node="N0")
    assert len(line.host.nodes["G", "N0"].table.names) >= 90


def test_what_waits_for_others_has_a_bound_in_bytes() -> None:
    line = Line(reorder_timeout=100.0, most_held=100_000)
    line.birth()
    for seq in range(2, 40):
        line.send("NDATA", payload([metric("text", "x" * 5000, 12)], seq, SENT))
        line.wait(0.1)
        assert line.host.nodes["G", "N"].held() <= 110_000
    assert line.host.counts["gaps"] == 1 and len(line.house.of("G/N", "text")) >= 20


def test_a_device_s_own_death_is_told_and_its_return() -> None:
    line = Line()
    line.birth()
    line.send("DBIRTH", payload([metric("x", 1.0)], 1, SENT), "D")
    line.send("DDEATH", payload([], 2, SENT), "D")
    assert line.house.downs == [("G/N/D", "its death was told; its values are stale until its birth")]
    line.send("DBIRTH", payload([metric("x", 1.0)], 3, SENT), "D")
    assert line.house.ups == ["G/N", "G/N/D"]


ANY_METRIC = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["", "a", "a", "b/c", "bdSeq", "Node Control/Rebirth", "\x00", "ü"]),
        "value": st.one_of(
            st.none(), st.integers(-(1 << 31), (1 << 64) - 1), st.text(max_size=4), st.binary(max_size=9), st.just(...)
        ),
        "datatype": st.integers(0, 40),
        "say_type": st.booleans(),
        "is_historical": st.booleans(),
        "is_transient": st.booleans(),
    },
    optional={
        "alias": st.integers(0, 3) | st.integers(0, (1 << 64) - 1),
        "ts": st.none() | st.integers(0, (1 << 64) - 1),
        "properties": st.dictionaries(
            st.sampled_from(["Quality", "engUnit", "engLow", "x"]),
            st.tuples(st.integers(0, 40), st.integers(0, 600) | st.text(max_size=3)),
        ),
    },
)
MEMBERS = st.lists(ANY_METRIC, max_size=3)
ANY = st.one_of(
    ANY_METRIC,
    st.builds(
        lambda one, members, definition, ref: one
        | {"value": ..., "datatype": 19, "template": {"members": members, "definition": definition, "ref": ref}},
        ANY_METRIC, MEMBERS, st.booleans(), st.sampled_from(["a", "b/c", ""]),
    ),
)  # fmt: skip
KIND = st.sampled_from(["NBIRTH", "NDEATH", "NDATA", "NDATA", "DBIRTH", "DDATA", "DDATA", "DDEATH", "NCMD", "DCMD"])
MESSAGE = st.tuples(
    KIND,
    st.lists(ANY, max_size=4),
    st.none() | st.integers(0, 5) | st.integers(0, (1 << 64) - 1),
    st.none() | st.integers(0, (1 << 64) - 1),
    st.floats(0, 3),
)
FORMS = st.sampled_from([Form(), Form("tags", "tags", 3)])


@settings(max_examples=examples(75))
@given(st.lists(MESSAGE, max_size=25), FORMS, st.sampled_from([0.0, 1.0]))
def test_any_messages_in_any_order_are_survived(messages: list[Any], form: Form, timeout: float) -> None:
    line = Line(form=form, reorder_timeout=timeout, most_nodes=2, most_tags=50)
    for kind, metrics, seq, stamp, seconds in messages:
        line.send(kind, payload(metrics, seq, stamp), "D" if kind.startswith("D") else "")
        line.wait(seconds)
    assert len(line.house.tags) <= 50
    for row in line.house.rows:
        assert row.source_ts is None or 0 < row.source_ts < 1 << 63
        assert row.server_ts is None or 0 < row.server_ts < 1 << 63
    out = Readings()
    line.host.lost(NOW, out)
    line.keep(out)
    assert not any(table.online for node in line.host.nodes.values() for table in node.tables())


@settings(max_examples=examples(75))
@given(st.lists(st.tuples(KIND, st.binary(max_size=60)), max_size=12))
def test_any_bytes_are_survived(messages: list[tuple[str, bytes]]) -> None:
    line = Line()
    for kind, data in messages:
        line.send(kind, data, "D" if kind.startswith("D") else "")


def test_damaged_payloads_are_survived() -> None:
    dice = random.Random(7)
    whole = birth([metric("a", 1.0, alias=1, properties={"Quality": (3, 192)}), metric("n", 5, INT64)], stamp=SENT)
    line = Line()
    for _ in range(3000):
        damaged = bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        line.send(dice.choice(["NBIRTH", "NDATA", "NDEATH"]), bytes(damaged[: dice.randint(1, len(damaged))]))
    assert line.host.counts["malformed"] and line.host.counts["messages"]


@given(st.text(max_size=40))
def test_any_topic_is_survived(topic: str) -> None:
    line = Line()
    line.host.receive(topic, b"", NOW, 0.0, Readings())
    line.host.receive(f"spBv1.0/{topic}", b"", NOW, 0.0, Readings())
