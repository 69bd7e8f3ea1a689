"""Each parameter of the API says what it means, with an example that it takes itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from linewarden.api.app import make_app
from linewarden.api.parameters import OF, WORDS

DOCUMENT = make_app().openapi()


def parameters() -> Iterator[Any]:
    for operations in DOCUMENT["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                name = f"{operation['operationId']} {parameter['name']}"
                yield pytest.param(parameter, id=name)


@pytest.mark.parametrize("parameter", list(parameters()))
def test_it_is_described_with_an_example_that_it_takes(parameter: dict[str, Any]) -> None:
    assert parameter.get("description"), "no description"
    schema = parameter["schema"]
    examples = [parameter["example"]] if "example" in parameter else schema.get("examples", [])
    assert examples, "no example"
    whole = {**schema, "components": DOCUMENT["components"]}
    for example in examples:
        jsonschema_rs.validate(whole, example)


def test_no_word_is_left_over() -> None:
    used = {p.values[0]["name"] for p in parameters()}
    assert set(WORDS) <= used
    operations = {o["operationId"]: o for ops in DOCUMENT["paths"].values() for o in ops.values()}
    for operation, name in OF:
        assert name in {p["name"] for p in operations[operation]["parameters"]}
