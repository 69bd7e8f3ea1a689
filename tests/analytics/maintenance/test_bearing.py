import numpy as np
import pytest

from linewarden.analytics.maintenance.bearing import STANDS_OUT, Bearing

SKF_6205 = Bearing(balls=9, ball=7.94, pitch=39.04)
"""The drive end of the Case Western Reserve test rig, which publishes its multiples of the shaft's speed."""


def test_frequencies_are_those_published_for_a_6205() -> None:
    told = SKF_6205.frequencies(1.0)
    assert told["BPFI"] == pytest.approx(5.4152, abs=0.003)
    assert told["BPFO"] == pytest.approx(3.5848, abs=0.003)
    assert told["FTF"] == pytest.approx(0.39828, abs=0.0005)
    assert 2 * told["BSF"] == pytest.approx(4.7135, abs=0.003)


@pytest.mark.parametrize("defect", ["BPFO", "BPFI"])
def test_a_defect_is_told_by_its_name(defect: str) -> None:
    rate, shaft = 12_000.0, 29.95
    t = np.arange(24_000) / rate
    dice = np.random.default_rng(1)
    signal = dice.normal(0, 0.3, len(t)) + np.sin(2 * np.pi * shaft * t)
    each = SKF_6205.frequencies(shaft)[defect] * 0.99  # it slips
    for at in np.arange(0.0, t[-1], 1.0 / each):
        after = np.maximum(t - at - dice.normal(0, 1e-5), 0)
        signal += 1.5 * np.exp(-800 * after) * np.sin(2 * np.pi * 3000 * after)
    told = SKF_6205.defects(signal, rate, shaft)
    assert next(iter(told)) == defect and told[defect] > STANDS_OUT
    sound = SKF_6205.defects(dice.normal(0, 0.3, len(t)) + np.sin(2 * np.pi * shaft * t), rate, shaft)
    assert max(sound.values()) < STANDS_OUT


def test_no_such_bearing() -> None:
    with pytest.raises(ValueError, match="no such bearing"):
        Bearing(balls=9, ball=40.0, pitch=39.0)
