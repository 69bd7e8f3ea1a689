"""How often the balls of a bearing pass a defect, by its geometry.

Source: ISO 15243 names the damages; the frequencies are kinematics of rolling without slip (Harris, Kotzalas 2006,
"Rolling Bearing Analysis", vol. 1; real bearings slip by 1 to 2 %).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linewarden.analytics.maintenance.vibration import above_background, envelope_spectrum

Floats = npt.NDArray[np.float64]
STANDS_OUT = 6.0
"""Times the background: a defect's line is told from chance. Noise alone stays below 4 with three harmonics."""


@dataclass(frozen=True, slots=True)
class Bearing:
    """balls: rolling elements in a row; ball, pitch: diameters in the same unit; angle: contact angle in degrees. The
    outer ring stands still."""

    balls: int
    ball: float
    pitch: float
    angle: float = 0.0

    def __post_init__(self) -> None:
        if self.balls < 3 or not 0 < self.ball < self.pitch or not 0 <= self.angle < 90:
            raise ValueError(f"no such bearing: {self}")

    def frequencies(self, shaft: float) -> dict[str, float]:
        """In Hz at a shaft's speed in Hz. FTF: the cage turns; BPFO, BPFI: balls pass a defect of the outer and inner
        ring; BSF: a ball spins (a defect of it strikes both rings: twice as often)."""
        ratio = self.ball / self.pitch * math.cos(math.radians(self.angle))
        return {
            "FTF": shaft / 2.0 * (1.0 - ratio),
            "BPFO": self.balls * shaft / 2.0 * (1.0 - ratio),
            "BPFI": self.balls * shaft / 2.0 * (1.0 + ratio),
            "BSF": self.pitch / (2.0 * self.ball) * shaft * (1.0 - ratio * ratio),
        }

    def defects(self, signal: Floats, rate: float, shaft: float) -> dict[str, float]:
        """How far each defect's line stands above the background in the envelope spectrum of acceleration, the largest
        first; beyond `STANDS_OUT` it is there. The ball's is looked for at twice BSF."""
        frequency, amplitude = envelope_spectrum(signal, rate)
        wanted = self.frequencies(shaft)
        wanted["BSF"] *= 2.0
        told = {name: above_background(frequency, amplitude, at) for name, at in wanted.items()}
        return dict(sorted(told.items(), key=lambda pair: -pair[1]))
