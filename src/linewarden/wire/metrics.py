"""Plain numbers of payloads in Protocol Buffers as columns, read by the engine (engine/metrics)."""

from __future__ import annotations

from linewarden._engine import Metrics, Numbers, Payload, Payloads

__all__ = ["Metrics", "Numbers", "Payload", "Payloads"]
