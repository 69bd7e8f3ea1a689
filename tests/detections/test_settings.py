"""Settings of a detection are like a frozen dataclass to who uses them."""

import pytest

from linewarden.detections.settings import Settings, param


class Params(Settings):
    """Two of them."""

    ports: int = param(8, "ports", "so many")
    window_s: float = param(60.0, "s", "within so long")


def test_defaults_and_what_is_said() -> None:
    assert Params().values() == {"ports": 8, "window_s": 60.0}
    assert Params(window_s=5.0).values() == {"ports": 8, "window_s": 5.0}
    assert (Params.KNOWN["ports"].unit, Params.KNOWN["window_s"].doc) == ("ports", "within so long")


def test_they_are_compared_by_value_and_shown() -> None:
    assert Params() == Params(ports=8) != Params(ports=9)
    assert Params() != Settings()
    assert len({Params(), Params(ports=8), Params(ports=9)}) == 2
    assert repr(Params(ports=9)) == "Params(ports=9, window_s=60.0)"


def test_a_setting_that_there_is_not_is_refused() -> None:
    with pytest.raises(TypeError, match="port: no such setting; there are ports, window_s"):
        Params(port=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="there are none"):
        Settings(port=1)


def test_they_do_not_change() -> None:
    with pytest.raises(AttributeError, match="ports: settings do not change"):
        Params().ports = 9  # type: ignore[misc]
