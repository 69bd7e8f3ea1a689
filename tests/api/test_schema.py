"""The whole API against its own description, with inputs that nobody thought of (schemathesis).

As the owner, and as nobody: no route answers with an error of ours, with what is not described, or without a sign-in.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance, unsupported_method

from linewarden.api.app import make_app
from linewarden.policy import Scope
from tests.console.house import Served

NOT_OURS = [ignored_auth, unsupported_method, positive_data_acceptance]
"""A session opens what a token does; and a page of the console may have the method that the API does not have. A cursor
is a text that only we can make."""
ENDLESS = "follow"
"""The live events never end: another test reads them."""


SCHEMA = schemathesis.openapi.from_dict(make_app().openapi())
OPERATIONS = {o.definition.raw["operationId"]: o for o in (r.ok() for r in SCHEMA.get_all_operations())}
MANY = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None)
FEW = settings(MANY, max_examples=2)


@pytest.fixture(scope="session")
def token(served: Served) -> str:
    """Of a machine that may all that machines may."""
    place = (served.place.site, "")
    return served.place.people.tokens.make("everything", set(Scope), {place}, timedelta(hours=1), "owner")


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - {ENDLESS}))
def test_with_a_token(name: str, served: Served, token: str) -> None:
    @given(OPERATIONS[name].as_strategy())
    @MANY
    def answers(case: Any) -> None:
        case.call_and_validate(
            base_url=served.url, headers={"Authorization": f"Bearer {token}"}, verify=str(served.ca),
            excluded_checks=NOT_OURS,
        )  # fmt: skip

    answers()


@pytest.mark.parametrize("name", sorted(OPERATIONS.keys() - {ENDLESS}))
def test_as_nobody(name: str, served: Served) -> None:
    @given(OPERATIONS[name].as_strategy())
    @FEW
    def is_refused(case: Any) -> None:
        case.headers = {k: v for k, v in (case.headers or {}).items() if k.lower() not in ("authorization", "cookie")}
        answer = case.call(base_url=served.url, cookies={}, verify=str(served.ca))
        assert answer.status_code in (400, 401, 403, 404, 405, 415, 422)

    is_refused()
