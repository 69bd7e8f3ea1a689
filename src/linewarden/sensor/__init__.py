"""The ear: joins the wire to the protocols, and gives batches of records."""

from linewarden.sensor.sensor import Batch, CaptureEnd, Progress, Sensor, Step, Totals, spec

__all__ = ["Batch", "CaptureEnd", "Progress", "Sensor", "Step", "Totals", "spec"]
