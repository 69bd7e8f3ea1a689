"""What people say of a device counts over what they say of its zone; what is no word of ours is refused."""

from __future__ import annotations

import pytest

from linewarden.errors import ConfigError
from linewarden.plant.corrections import Corrections
from linewarden.plant.criticality import weights


def test_an_assets_own_word_counts_over_its_zones() -> None:
    found = weights({"a": "low"}, {"a": "cell", "b": "cell", "c": "office"}, {"cell": "critical"})
    assert found == {"a": 0.25, "b": 1.0}


def test_another_word_is_refused() -> None:
    with pytest.raises(ConfigError, match="low, normal, high, critical"):
        Corrections.from_dict({"fields": {"10.0.0.5": {"criticality": "huge"}}})
