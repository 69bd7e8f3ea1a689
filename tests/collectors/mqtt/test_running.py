"""What is read, handed on and acknowledged, in the order of events."""

from __future__ import annotations

from linewarden.collectors._mqtt.acks import Receipt
from linewarden.collectors._mqtt.link import Event
from linewarden.collectors.mqtt import Collecting, Mqtt, Topic
from tests.collectors.sparkplug_house import House


class Session:
    """A session that keeps what is acknowledged in it."""

    server = "mqtt://s"

    def __init__(self) -> None:
        self.acked: list[int] = []

    def ack(self, mid: int) -> None:
        self.acked.append(mid)

    def drop(self, why: str) -> None:
        raise AssertionError(why)


def arrive(made: Collecting, session: Session, mid: int, payload: bytes, *, again: bool = False) -> None:
    receipt = Receipt(session, mid, hash(payload))
    made._inbox.put(Event("message", made.links[0], None, "n", payload, receipt, again))


def test_one_that_came_in_two_sessions_since_the_last_time_is_read_once_and_acknowledged_in_both() -> None:
    house, old, new = House(), Session(), Session()
    made = Collecting(Mqtt(servers=("mqtt://127.0.0.1:1",), topics=(Topic(topic="n"),)), house)
    arrive(made, old, 1, b"5")
    arrive(made, new, 1, b"5", again=True)
    arrive(made, new, 2, b"5")  # the same value once more is another message
    made.once(0.0)
    assert [r.value for r in house.rows] == [5.0, 5.0]
    assert (old.acked, new.acked, made.counts["redelivered"]) == ([1], [1, 2], 1)
    arrive(made, new, 1, b"5", again=True)  # and again, though it was acknowledged
    made.once(0.0)
    made.once(0.0)
    assert len(house.rows) == 2 and new.acked == [1, 2, 1]


def test_what_holds_no_reading_is_acknowledged_all_the_same() -> None:
    house, session = House(), Session()
    made = Collecting(Mqtt(servers=("mqtt://127.0.0.1:1",), topics=(Topic(topic="n", value="x"),)), house)
    arrive(made, session, 7, b"{}")
    made.once(0.0)
    assert session.acked == [7] and not house.rows
