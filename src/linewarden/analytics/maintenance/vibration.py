"""Features of a vibration signal: acceleration of a bearing's housing, sampled at an even rate.

All are pure functions of (n,) samples in m/s2 and a rate in Hz; amplitudes are peak values of a sine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
FEWEST = 64
"""Samples below which there is nothing to say."""


@dataclass(frozen=True, slots=True)
class Features:
    """rms, peak, peak_to_peak in the signal's unit; crest = peak / rms (1.41 for a sine, about 4 for noise); kurtosis
    (3 for noise, 1.5 for a sine, more for blows): the fourth moment by the square of the second."""

    rms: float
    peak: float
    peak_to_peak: float
    crest: float
    kurtosis: float


def features(signal: Floats) -> Features:
    """Of the signal without its mean. Raises ValueError for too short a signal, or one with gaps."""
    moves = _checked(signal)
    power = float(np.mean(moves**2))
    rms, peak = float(np.sqrt(power)), float(np.abs(moves).max())
    if peak <= 1e-12 * float(np.abs(signal).max()):  # a constant, but for rounding
        return Features(0.0, 0.0, 0.0, 0.0, 0.0)
    return Features(rms, peak, float(np.ptp(moves)), peak / rms, float(np.mean(moves**4)) / power**2)


def spectrum(signal: Floats, rate: float) -> tuple[Floats, Floats]:
    """(frequencies in Hz, amplitudes): one-sided, Hann window, so that a sine between two lines loses 15 % at most."""
    signal = _checked(signal)
    window = np.hanning(len(signal) + 1)[:-1]
    amplitude = np.abs(np.fft.rfft(signal * window)) * 2.0 / window.sum()
    return np.asarray(np.fft.rfftfreq(len(signal), 1.0 / rate), np.float64), np.asarray(amplitude, np.float64)


def envelope_spectrum(signal: Floats, rate: float, band: tuple[float, float] | None = None) -> tuple[Floats, Floats]:
    """(frequencies in Hz, amplitudes) of the envelope in a band: how often something strikes, whatever it makes ring.

    band: (low, high) in Hz; by itself the band with the most blows (`ringing_band`). Source: McFadden, Smith 1984,
    "Vibration monitoring of rolling element bearings by the high-frequency resonance technique".
    """
    low, high = band or ringing_band(signal, rate)
    return spectrum(_envelope(_checked(signal), rate, low, high), rate)


def ringing_band(signal: Floats, rate: float) -> tuple[float, float]:
    """(low, high) in Hz of the band whose envelope is the most impulsive, of halves, quarters, eighths and sixteenths
    of the spectrum. Source: Antoni 2007, "Fast computation of the kurtogram" (here without its filter bank)."""
    signal = _checked(signal)
    best, chosen = -np.inf, (0.0, rate / 2.0)
    for parts in (2, 4, 8, 16):
        for part in range(1, parts):  # the lowest holds the shaft and what it drives
            low, high = part * rate / 2 / parts, (part + 1) * rate / 2 / parts
            power = _envelope(signal, rate, low, high) ** 2
            told = float(np.mean(power**2)) / max(float(np.mean(power)) ** 2, 1e-300)
            if told > best:
                best, chosen = told, (low, high)
    return chosen


def velocity_rms(acceleration: Floats, rate: float, low: float = 10.0, high: float = 1000.0) -> float:
    """Vibration velocity in mm/s RMS between two frequencies, as ISO 20816-1 asks for, of acceleration in m/s2."""
    signal = _checked(acceleration)
    if high <= low or low <= 0 or rate < 2 * low:
        raise ValueError(f"band {low:g} to {high:g} Hz at {rate:g} samples/s")
    lines = np.fft.rfft(signal)
    frequency = np.fft.rfftfreq(len(signal), 1.0 / rate)
    inside = (frequency >= low) & (frequency <= high)
    lines = np.where(inside, lines / np.where(inside, 2.0 * np.pi * frequency, 1.0), 0.0)
    weight = np.where(frequency == rate / 2.0, 1.0, 2.0)
    return 1000.0 * float(np.sqrt((weight * np.abs(lines) ** 2).sum())) / len(signal)


def above_background(frequency: Floats, amplitude: Floats, at: float, harmonics: int = 3, width: float = 0.02) -> float:
    """How far a frequency and its harmonics stand above what is around them: the mean of amplitude by the median
    within a third around; about 1 to 3 where there is nothing. width: slip and speed are not known better."""
    told = []
    for wanted in at * np.arange(1, harmonics + 1):
        reach = max(width * wanted, 1.5 * frequency[1])
        line = np.abs(frequency - wanted) <= reach
        around = (np.abs(frequency - wanted) <= wanted / 3.0) & ~line
        if line.any() and around.sum() >= 5:
            told.append(amplitude[line].max() / max(float(np.median(amplitude[around])), 1e-300))
    return float(np.mean(told)) if told else 0.0


def _envelope(signal: Floats, rate: float, low: float, high: float) -> Floats:
    """The magnitude of the analytic signal of the band: only its positive frequencies are kept."""
    lines = np.fft.fft(signal)
    frequency = np.fft.fftfreq(len(signal), 1.0 / rate)
    kept = np.where((frequency >= low) & (frequency < high), 2.0 * lines, 0.0)
    return np.asarray(np.abs(np.fft.ifft(kept)), np.float64)


def _checked(signal: Floats) -> Floats:
    signal = np.asarray(signal, np.float64)
    if signal.ndim != 1 or len(signal) < FEWEST:
        raise ValueError(f"a signal of shape {signal.shape}; needs {FEWEST} samples in a row")
    if not np.isfinite(signal).all():
        raise ValueError("a signal with gaps has no spectrum; cut it at the gaps")
    return np.asarray(signal - signal.mean(), np.float64)
