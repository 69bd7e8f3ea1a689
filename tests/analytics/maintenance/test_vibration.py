import numpy as np
import pytest

from linewarden.analytics.maintenance.vibration import (
    above_background,
    envelope_spectrum,
    features,
    ringing_band,
    spectrum,
    velocity_rms,
)

RATE = 20_000.0
T = np.arange(40_000) / RATE
DICE = np.random.default_rng(4)


def blows(each: float, ring: float = 4_300.0, noise: float = 0.2) -> np.ndarray:
    """A resonance that is struck `each` times a second, in noise."""
    signal = DICE.normal(0, noise, len(T))
    for at in np.arange(0.01, T[-1], 1.0 / each):
        after = T - at
        signal += np.where(after >= 0, np.exp(-900.0 * np.maximum(after, 0)) * np.sin(2 * np.pi * ring * after), 0.0)
    return signal


def test_features_of_known_signals() -> None:
    sine = features(3.0 + 2.0 * np.sin(2 * np.pi * 50 * T))
    assert (sine.rms, sine.peak, sine.peak_to_peak) == pytest.approx((2**0.5, 2.0, 4.0), rel=1e-3)
    assert (sine.crest, sine.kurtosis) == pytest.approx((2**0.5, 1.5), rel=1e-3)
    assert features(DICE.normal(size=len(T))).kurtosis == pytest.approx(3.0, abs=0.15)
    assert features(blows(50.0, noise=0.1)).kurtosis > 5.0
    still = features(np.full(100, 9.81))
    assert (still.rms, still.crest, still.kurtosis) == (0.0, 0.0, 0.0)


def test_a_sine_stands_in_the_spectrum_with_its_amplitude() -> None:
    frequency, amplitude = spectrum(2.0 * np.sin(2 * np.pi * 120 * T), RATE)
    assert frequency[np.argmax(amplitude)] == pytest.approx(120.0)
    assert amplitude.max() == pytest.approx(2.0, rel=0.01)


def test_the_envelope_tells_how_often_something_strikes() -> None:
    signal = blows(87.0) + 3.0 * np.sin(2 * np.pi * 25 * T)
    low, high = ringing_band(signal, RATE)
    assert low <= 4_300.0 <= high
    frequency, amplitude = envelope_spectrum(signal, RATE)
    assert above_background(frequency, amplitude, 87.0) > 15.0
    assert above_background(frequency, amplitude, 61.0) < 5.0
    plain = spectrum(signal, RATE)
    assert plain[0][np.argmax(plain[1])] == pytest.approx(25.0)


def test_velocity_is_the_integral_of_acceleration() -> None:
    acceleration = 10.0 * np.sin(2 * np.pi * 50 * T)  # peak of velocity: 10 / (2 pi 50) m/s
    assert velocity_rms(acceleration, RATE) == pytest.approx(1000 * 10 / (2 * np.pi * 50) / 2**0.5, rel=1e-3)
    assert velocity_rms(10.0 * np.sin(2 * np.pi * 5 * T), RATE) == pytest.approx(0.0, abs=1e-6)
    with pytest.raises(ValueError, match="band"):
        velocity_rms(acceleration, 15.0)


def test_gaps_and_scraps_are_refused() -> None:
    with pytest.raises(ValueError, match="needs 64"):
        features(np.ones(10))
    with pytest.raises(ValueError, match="gaps"):
        spectrum(np.append(np.ones(100), np.nan), RATE)
