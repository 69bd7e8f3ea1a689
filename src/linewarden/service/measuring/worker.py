"""The process of one question: reads it from its input, answers in one line of JSON, and ends."""

from __future__ import annotations

import json
import math
import resource
import sys
from contextlib import suppress
from typing import Any

from linewarden.errors import ConfigError, LinewardenError

MEMORY = 4 << 30
"""Bytes of addresses, whatever is counted."""
MISSING = "needs the analytics: pip install 'linewarden[analytics]' where the console runs, and start it again"


def main() -> None:
    """Answers the question at the input."""
    question = json.loads(sys.stdin.readline())
    for what, most in ((resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_CPU, int(question["seconds"]) + 5)):
        with suppress(ValueError, OSError):  # the machine may allow less already
            resource.setrlimit(what, (most, most))
    try:
        answer = _answered(question)
    except MemoryError:
        answer = {"error": "counting needs too much memory; ask for a shorter time", "kind": "query"}
    except ModuleNotFoundError as error:
        answer = {"error": f"{error.name}: {MISSING}", "kind": "config"}
    except LinewardenError as error:
        answer = {"error": str(error), "kind": "config" if isinstance(error, ConfigError) else "query"}
    sys.stdout.write(json.dumps(_finite(answer), ensure_ascii=False, allow_nan=False) + "\n")


def _answered(question: dict[str, Any]) -> dict[str, Any]:
    if question["what"] == "energy":
        from linewarden.service.measuring.energy import energy

        return energy(question)
    if question["what"] == "life":
        from linewarden.service.measuring.life import life

        return life(question)
    from linewarden.service.measuring.output import output

    return output(question)


def _finite(value: Any) -> Any:
    """JSON has no NaN: what is not known is null."""
    if isinstance(value, dict):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


if __name__ == "__main__":
    main()
