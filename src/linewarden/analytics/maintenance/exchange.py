"""A model's trees as ONNX, for programs that are not ours: features in, remaining life out (`ai.onnx.ml` trees).

What stands before the trees (operating points, levels and slopes) is not in the graph: it has a state, and is told in
the file's metadata. Converted by onnxmltools; read back by onnxruntime.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from linewarden.analytics.maintenance.life import RemainingLife

Floats = npt.NDArray[np.float64]
INPUT, OUTPUT = "features", "remaining_life"
OPERATORS = {"TreeEnsembleRegressor", "Clip", "Mean", "Identity", "Cast"}
"""What a graph of ours is made of; anything else is not loaded."""
OPSET, TREES_OPSET, IR = 13, 1, 8
TOLERANCE = 1e-3
"""Of the cap: how far ONNX, which counts in single precision, may be off."""


def to_onnx(model: RemainingLife, features: int, metadata: dict[str, str]) -> bytes:
    """The mean of all trees' estimates, each held between 0 and the cap, (n, features) doubles -> (n, 1) floats."""
    import lightgbm
    from onnx import TensorProto, helper
    from onnxmltools import convert_lightgbm
    from onnxmltools.convert.common.data_types import DoubleTensorType

    nodes, ends = [], []
    for number, text in enumerate(model.models):
        booster = lightgbm.Booster(model_str=text)
        graph = convert_lightgbm(booster, initial_types=[(INPUT, DoubleTensorType([None, features]))]).graph
        (trees,) = [n for n in graph.node if n.op_type == "TreeEnsembleRegressor"]
        trees.name, trees.input[0], trees.output[0] = f"trees{number}", INPUT, f"told{number}"
        nodes += [trees, helper.make_node("Clip", [f"told{number}", "least", "most"], [f"held{number}"])]
        ends.append(f"held{number}")
    nodes.append(helper.make_node("Mean", ends, [OUTPUT]))
    bounds = [helper.make_tensor(n, TensorProto.FLOAT, [], [v]) for n, v in (("least", 0.0), ("most", model.cap))]
    graph = helper.make_graph(
        nodes, "remaining-life", [helper.make_tensor_value_info(INPUT, TensorProto.DOUBLE, [None, features])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [None, 1])], bounds,
    )  # fmt: skip
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", TREES_OPSET)]
    made = helper.make_model(graph, opset_imports=opsets, ir_version=IR, producer_name="linewarden")
    helper.set_model_props(made, metadata)
    data: bytes = made.SerializeToString()
    return data


def metadata_of(data: bytes) -> dict[str, str]:
    """What a file of ours says of itself. Raises ValueError for any other: it names an operator that we do not run,
    keeps parts outside the file, or is none at all."""
    import onnx

    try:
        model: Any = onnx.load_model_from_string(data)
    except Exception as error:
        raise ValueError("no ONNX file") from error
    used = {n.op_type for n in model.graph.node}
    if not used or not used <= OPERATORS or model.functions:
        raise ValueError(f"operators that are not run: {', '.join(sorted(used - OPERATORS)) or 'none are there'}")
    if any(t.external_data or t.data_location for t in model.graph.initializer):
        raise ValueError("parts of it lie outside the file")
    if [i.name for i in model.graph.input] != [INPUT] or [o.name for o in model.graph.output] != [OUTPUT]:
        raise ValueError(f"inputs and outputs are not `{INPUT}` and `{OUTPUT}`")
    return {p.key: p.value for p in model.metadata_props}


def run_graph(data: bytes, told: Floats) -> Floats:
    """Estimates by features, (n,). Raises ValueError where the graph does not take them."""
    session = _session(data)
    try:
        (found,) = session.run([OUTPUT], {INPUT: np.ascontiguousarray(told, np.float64)})
    except Exception as error:
        raise ValueError("the graph does not take these features") from error
    return np.asarray(found, np.float64).reshape(-1)


@lru_cache(maxsize=4)
def _session(data: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 4
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ValueError("no graph that onnxruntime can run") from error
