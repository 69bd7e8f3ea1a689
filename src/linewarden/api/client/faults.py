"""What a server refused, as an error of our own: its text is what the server said, and the way out."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from linewarden.api.problems import Problem
from linewarden.errors import AccessError, BusyError, ConfigError, LinewardenError, QueryError, SendError, StoreError

KINDS: Mapping[int, type[LinewardenError]] = {
    400: ConfigError, 401: AccessError, 403: AccessError, 404: ConfigError, 405: ConfigError, 409: ConfigError,
    412: ConfigError, 413: ConfigError, 415: ConfigError, 422: ConfigError, 429: BusyError, 503: StoreError,
}  # fmt: skip
"""By status. Of what is none of these, such as a redirect or a proxy's page, no answer of ours is expected."""


def error_of(status: int, body: bytes, path: str) -> LinewardenError:
    """The error that an answer is."""
    try:
        problem = Problem.model_validate_json(body)
    except ValidationError:
        return SendError(f"the server answers {status}, and not as Linewarden does; check the address")
    if status == 401:
        return AccessError("the token is unknown to the server, has expired or was revoked; ask its owner for another")
    kind = QueryError if path == "/query" and status == 400 else KINDS.get(status, SendError)
    if status == 500:
        kind = LinewardenError
    return kind(_sentence(problem))


def _sentence(problem: Problem) -> str:
    said = problem.detail or problem.title
    more = [f"what is lacking: {', '.join(problem.lacking)}"] if problem.lacking else []
    more += [f"what would help: {', '.join(problem.instead)}"] if problem.instead else []
    return "; ".join([said.rstrip(".") if more else said, *more])
