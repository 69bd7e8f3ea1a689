import pytest

from linewarden.analytics.maintenance.iso20816 import zone


def test_zones_of_a_middling_machine() -> None:
    assert [zone(v) for v in (0.5, 1.4, 1.5, 2.9, 4.6)] == ["A", "A", "B", "C", "D"]
    assert zone(4.0, 1, "flexible") == "B"
    with pytest.raises(ValueError, match="groups are 1 and 2"):
        zone(1.0, 3)
