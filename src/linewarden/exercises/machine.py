"""Runs the simulated machine in step with plant time, between what the devices ask for and what they measure."""

from __future__ import annotations

import threading
import time

from linewarden.exercises.board import Board
from linewarden.exercises.clock import PlantClock
from linewarden.exercises.physics import Plant, advance

PERIOD = 0.1
"""Real seconds between two turns; a turn is `PERIOD * scale` seconds of plant time."""
STANDING_BPM = 9.0
"""Below a twentieth of the usual speed the line counts as standing, though it may still coast."""


class Machine(threading.Thread):
    """The machine's thread. It keeps account of the time in which the line stood."""

    def __init__(self, board: Board, plant: Plant, clock: PlantClock, seed: int) -> None:
        super().__init__(daemon=True, name="machine")
        self.board, self.plant, self.clock, self.seed = board, plant, clock, seed
        self.standing_seconds = 0.0
        self._ended = threading.Event()

    def run(self) -> None:
        """Turns until `end`; a late turn is made up for, so that plant time keeps its pace."""
        begin = time.monotonic()
        turn = 0
        while not self._ended.wait(max(0.0, begin + turn * PERIOD - time.monotonic())):
            seconds = PERIOD * (self.clock.scale if time.time_ns() >= self.clock.start_ns else 1.0)
            self.plant = advance(self.plant, self.board.controls(), seconds, self.seed)
            self.board.put_plant(self.plant)
            if self.plant.bpm < STANDING_BPM:
                self.standing_seconds += seconds
            turn += 1

    def end(self) -> None:
        """Stops turning."""
        self._ended.set()
        if self.is_alive():
            self.join(timeout=5)
