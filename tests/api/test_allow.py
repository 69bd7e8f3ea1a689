"""Every route and every role against the table of who may; and nobody without a sign-in, by any route."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from fastapi.routing import APIRoute

from linewarden.api.app import make_app
from linewarden.console.entries import modules
from tests.api.allow import ALLOW, STREAMS, Row
from tests.console.house import ROLES, Served

OPEN = {
    "/sign-in",
    "/sign-in/passkey/ask",
    "/sign-in/passkey",
    "/sign-in/oidc/{name}/begin",
    "/sign-in/oidc/{name}",
    "/welcome",
    "/language",
    "/sign-out",
}
"""What somebody must reach before they are signed in; /static/ besides."""


@dataclass(frozen=True)
class Operation:
    """One of the API's."""

    name: str
    method: str
    path: str


def operations() -> Iterator[Operation]:
    for path, methods in make_app().openapi()["paths"].items():
        for method, about in methods.items():
            yield Operation(about["operationId"], method.upper(), path)


OPERATIONS = {o.name: o for o in operations()}


def call(client: httpx.Client, served: Served, operation: Operation, row: Row) -> httpx.Response:
    filled = re.sub(r"\{(\w+)\}", lambda m: _value(row, m[1], served), operation.path)
    headers = {"Origin": served.url, "X-CSRF-Token": served.csrf(client)}
    body = row.body(served) if callable(row.body) else row.body
    return client.request(operation.method, f"{filled}?{row.query}", json=body, headers=headers)


def _value(row: Row, name: str, served: Served) -> str:
    value = row.path[name]
    return value(served) if callable(value) else value


def test_the_table_has_every_operation_and_no_other() -> None:
    assert set(OPERATIONS) - STREAMS == set(ALLOW)


@pytest.mark.parametrize("name", sorted(ALLOW))
def test_roles(served: Served, name: str) -> None:
    row = ALLOW[name]
    for role in ROLES:
        with served.client(role) as client:
            answer = call(client, served, OPERATIONS[name], row)
        assert (answer.status_code != 403) is (role in row.roles), (role, answer.status_code, answer.text[:300])
        assert answer.status_code < 500, answer.text[:300]


@pytest.mark.parametrize("name", sorted(set(OPERATIONS)))
def test_nobody(served: Served, name: str) -> None:
    row = ALLOW.get(name, Row(frozenset()))
    with served.client() as client:
        answer = call(client, served, OPERATIONS[name], row)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"


def page_routes() -> list[APIRoute]:
    return [r for m in modules() for r in m.router.routes if isinstance(r, APIRoute)]


def test_every_page_but_the_door_wants_a_sign_in(served: Served) -> None:
    with served.client() as client:
        for route in page_routes():
            if route.path in OPEN:
                continue
            path = re.sub(r"\{[^}]+\}", "x", route.path)
            for method in route.methods or ():
                answer = client.request(method, path, headers={"Origin": served.url, "Sec-Fetch-Site": "same-origin"})
                led = answer.status_code == 303 and answer.headers["location"].startswith("/sign-in")
                assert led or answer.status_code in (401, 403), (method, path, answer.status_code)
