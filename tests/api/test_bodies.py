"""Each JSON body of the API has an example that its own schema takes, and that says more than the least."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from linewarden.api.app import make_app
from linewarden.api.bodies import BODIES

DOCUMENT = make_app().openapi()


def bodies() -> Iterator[Any]:
    for operations in DOCUMENT["paths"].values():
        for operation in operations.values():
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body:
                yield pytest.param(body, id=operation["operationId"])


@pytest.mark.parametrize("body", list(bodies()))
def test_it_has_an_example_that_it_takes(body: dict[str, Any]) -> None:
    assert body.get("example"), "no example: add one to api/bodies.py"
    jsonschema_rs.validate({**body["schema"], "components": DOCUMENT["components"]}, body["example"])


def test_no_example_is_left_over() -> None:
    used = {b.values[0]["schema"]["$ref"].rpartition("/")[2] for b in bodies()}
    assert set(BODIES) == used
