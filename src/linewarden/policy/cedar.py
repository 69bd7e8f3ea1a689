"""Cedar itself, through cedarpy: what its engine says, unchanged. Nothing of ours evaluates a policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cedarpy


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the engine answered.

    `decision` is Allow, Deny, or NoDecision where the question makes no sense (by the schema, for one). `reasons` are
    ids of policies as the engine numbers them, `named` the same by their @id where they have one.
    """

    decision: str
    reasons: frozenset[str]
    named: frozenset[str]
    errors: tuple[str, ...]

    @property
    def allowed(self) -> bool:
        """Stricter than Cedar, which skips a policy that fails: one that fails may have been one that forbids."""
        return self.decision == "Allow" and not self.errors


def evaluate(
    request: Mapping[str, Any],
    policies: str | cedarpy.PolicySet,
    entities: Sequence[Mapping[str, Any]] | cedarpy.Entities,
    schema: str | cedarpy.Schema | None = None,
) -> Verdict:
    """Asks the engine. Never raises for what the request, the policies or the entities say: that is NoDecision."""
    try:
        known = entities if isinstance(entities, cedarpy.Entities) else [dict(e) for e in entities]
        said = cedarpy.is_authorized(dict(request), policies, known, schema)
    except (ValueError, TypeError, RuntimeError) as error:
        return Verdict("NoDecision", frozenset(), frozenset(), (f"{type(error).__name__}: {error}",))
    found = said.diagnostics
    names = found.id_annotations_by_reason
    named = frozenset(names.get(r) or r for r in found.reasons)
    return Verdict(said.decision.value, frozenset(found.reasons), named, tuple(found.errors))
