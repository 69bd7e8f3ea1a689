import json

import numpy as np
import pytest
from tests.analytics.maintenance.made import COLUMNS, machines

from linewarden.analytics.maintenance.exchange import TOLERANCE, metadata_of, run_graph, to_onnx
from linewarden.analytics.maintenance.life import RemainingLife

onnx = pytest.importorskip("onnx")


@pytest.fixture(scope="module")
def model() -> RemainingLife:
    return RemainingLife.learned(machines(14, 1), COLUMNS)


@pytest.fixture(scope="module")
def graph(model: RemainingLife) -> bytes:
    width = model.features(machines(1, 2)[0]).shape[1]
    return to_onnx(model, width, {"linewarden": json.dumps(model.as_dict())})


def test_the_graph_tells_what_the_model_tells(model: RemainingLife, graph: bytes) -> None:
    told = np.vstack([model.features(r) for r in machines(5, 3)])
    assert np.abs(run_graph(graph, told) - model.mean_of(told)).max() < TOLERANCE * model.cap
    said = json.loads(metadata_of(graph)["linewarden"])
    again = RemainingLife.from_dict({**said, "models": []}, graph)
    one, other = again.estimates(machines(3, 4)), model.estimates(machines(3, 4))
    assert [e.left for e in one] == pytest.approx([e.left for e in other], abs=TOLERANCE * model.cap)
    assert [e.low for e in one] == pytest.approx([e.low for e in other], abs=0.01 * model.cap)
    assert one[0].why == ()


def test_it_is_valid_onnx(graph: bytes) -> None:
    onnx.checker.check_model(onnx.load_model_from_string(graph), full_check=True)


@pytest.mark.parametrize("damage", ["cut", "noise", "loop", "outside"])
def test_what_is_no_graph_of_ours_is_refused(graph: bytes, damage: str) -> None:
    from onnx import helper

    made = onnx.load_model_from_string(graph)
    if damage == "loop":
        made.graph.node.append(helper.make_node("If", ["x"], ["y"]))
    if damage == "outside":
        made.graph.initializer[0].data_location = 1
        made.graph.initializer[0].external_data.add(key="location", value="/etc/passwd")
    data = {"cut": graph[: len(graph) // 2], "noise": b"\x00\xff" * 400}.get(damage) or made.SerializeToString()
    with pytest.raises(ValueError, match=r"no ONNX file|operators|outside"):
        metadata_of(data)


def test_another_number_of_features_is_refused(graph: bytes) -> None:
    with pytest.raises(ValueError, match="does not take"):
        run_graph(graph, np.zeros((2, 3)))
