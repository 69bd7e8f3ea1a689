"""Noise that can be repeated: a pure function of seed, step and channel, with no generator that keeps state."""

from __future__ import annotations

import math

_MASK = (1 << 64) - 1


def _mix(value: int) -> int:
    """splitmix64's output function (Steele, Lea, Flood 2014): neighbouring inputs give unrelated outputs."""
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


def uniform(seed: int, step: int, channel: int) -> float:
    """A number in (0, 1]."""
    return ((_mix(_mix(_mix(seed) ^ step) ^ channel) >> 11) + 1) / (1 << 53)


def gauss(seed: int, step: int, channel: int, sigma: float = 1.0) -> float:
    """Normally distributed around 0 (Box-Muller)."""
    radius = math.sqrt(-2.0 * math.log(uniform(seed, step, 2 * channel)))
    return sigma * radius * math.cos(2.0 * math.pi * uniform(seed, step, 2 * channel + 1))
