"""What is put of a tag that has no value, and what is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linewarden.collectors._polling.outlet import Got, Outlet
from linewarden.collectors._polling.remembered import Remembered
from linewarden.collectors._polling.trouble import LostError, Troubles
from linewarden.collectors.contract import Quality, Tag
from tests.collectors.polling_house import MemorySink


def test_a_tag_without_a_value_is_put_once_and_named_once_until_it_has_one() -> None:
    sink = MemorySink()
    numbers = [sink.tag(Tag("d", "p", f"T{at}")) for at in range(6)]
    outlet = Outlet(sink, "d:1", {n: f"T{n} (here)" for n in numbers}, "check it")
    for _ in range(3):
        outlet.put((n, Got(None, "refused") if n else Got(1.0)) for n in numbers)
    assert sink.puts == [6, 1, 1]
    assert sink.said == [
        "d:1: no value of T1 (here), T2 (here), T3 (here) and 2 more: the device says refused; check it"
    ]
    outlet.put([(1, Got(5.0)), (2, Got(None, "refused"))])
    assert sink.said[1:] == ["d:1: values again of T1 (here)"]
    outlet.put([(1, Got(None, "refused"))])
    assert sink.said[2].startswith("d:1: no value of T1 (here)")


def test_a_loss_marks_only_what_had_a_value() -> None:
    sink = MemorySink()
    for at in range(3):
        sink.tag(Tag("d", "p", f"T{at}"))
    outlet = Outlet(sink, "d:1", {0: "T0", 1: "T1", 2: "T2"}, "check it")
    outlet.put([(0, Got(1.0)), (1, Got(None, "refused")), (2, Got(2.0, "drift", Quality.UNCERTAIN))])
    assert outlet.gone() == [0, 2]
    assert outlet.gone() == []
    outlet.put([(0, Got(None)), (2, Got(3.0))])  # silence is not said here: the machine as a whole is
    assert len(sink.said) == 1
    assert [(r.name, r.value) for r in sink.rows[3:]] == [("T2", 3.0)]


def test_a_trouble_is_said_when_it_begins_and_when_it_changes() -> None:
    said: list[str] = []
    troubles = Troubles(said.append)
    for text in ("a", "a", "b", "b", "a"):
        troubles.begin("k", text)
    assert said == ["a", "b", "a"]
    assert troubles.over("k", "over") and not troubles.over("k", "over")
    assert said == ["a", "b", "a", "over"] and "k" not in troubles


def test_what_is_remembered_is_replaced_as_a_whole(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "state.json"
    one = Remembered(file)
    one.load()
    one.data["x"] = 1
    one.save()
    two = Remembered(file)
    two.load()
    assert two.data == {"x": 1} == json.loads(file.read_text())
    assert [p.name for p in file.parent.iterdir()] == ["state.json"]


@pytest.mark.parametrize("content", ["", "[1]", "{half"])
def test_another_file_is_not_taken_for_a_state(tmp_path: Path, content: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(content)
    with pytest.raises(LostError, match="state"):
        Remembered(file).load()
    assert file.read_text() == content
