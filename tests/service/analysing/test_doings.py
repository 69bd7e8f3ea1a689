"""What was done on the network: new writers and values stand out, what changes all the time does not."""

import pytest

from linewarden.service.analysing.doings import Doings
from tests.service.analysing.plant import PANEL, PLC, STRANGER, command, heartbeat


def ripe() -> Doings:
    made = Doings()
    made.commands(heartbeat(range(0, 700, 10)))
    return made


def test_a_stranger_stands_out() -> None:
    (deed,) = ripe().commands(command(700, STRANGER))
    assert (deed.who, deed.whom, deed.new, deed.value) == (STRANGER, PLC, "writer", "450")


@pytest.mark.parametrize(("other", "new"), [({"verb": "stop"}, "verb"), ({"target": "holding_register 3"}, "target")])
def test_a_known_station_that_does_something_new(other: dict[str, str], new: str) -> None:
    (deed,) = ripe().commands(command(700, PANEL, **{"target": "holding_register 9", **other}))
    assert deed.new == new


def test_a_value_outside_of_what_was_written_before() -> None:
    made = ripe()
    for second in range(0, 600, 100):
        made.commands(command(second, PANEL, "holding_register 1", "500"))
    assert made.commands(command(700, PANEL, "holding_register 1", "500")) == []
    (deed,) = made.commands(command(710, PANEL, "holding_register 1", "470"))
    assert deed.new == "value"


def test_a_heartbeat_is_never_news() -> None:
    assert ripe().commands(heartbeat(range(700, 5000, 10))) == []


def test_nothing_is_news_before_the_network_was_heard_for_a_while() -> None:
    assert Doings().commands(command(0, STRANGER)) == []


def test_what_was_refused_changed_nothing() -> None:
    assert ripe().commands(command(700, STRANGER, errors=1)) == []


def test_what_is_usual_is_known_again() -> None:
    made, other = ripe(), Doings()
    other.restore(made.snapshot())
    assert other.commands(heartbeat(range(700, 900, 10))) == []
    assert len(other.commands(command(900, STRANGER))) == 1
    assert other.snapshot()["usual"][0][:4] == made.snapshot()["usual"][0][:4]


def test_what_is_kept_is_bounded() -> None:
    made = ripe()
    for n in range(2_500):
        made.commands(command(700 + n, f"10.1.{n // 250}.{n % 250}"))
    assert len(made.deeds) == 2_000
