"""Carries out one step of a scenario: `python -m linewarden.exercises.act SCENARIO STEP CONTEXT`.

The runner starts it in the device's namespace. One JSON line on standard output says when it began and ended, and what
came of it.
"""

from __future__ import annotations

import json
import sys
import time
import traceback
from pathlib import Path

from linewarden.exercises.context import Context
from linewarden.exercises.isolation import NotInExerciseError
from linewarden.exercises.scenario import load_scenario


def main() -> int:
    """Runs the step and reports."""
    scenario = load_scenario(sys.argv[1])
    step = next(s for s in scenario.steps if s.name == sys.argv[2])
    ctx = Context.load(Path(sys.argv[3]), step.device)
    begin = time.time_ns()
    try:
        ctx.require_inside()
        if step.hostile:
            ctx.require_attack_allowed()
        outcome, said = "done", step.run(ctx)
    except NotInExerciseError as error:
        outcome, said = "refused", str(error)
    except Exception as error:  # noqa: BLE001 - whatever a stack raises is the step's result
        traceback.print_exc()
        outcome, said = "failed", f"{type(error).__name__}: {error}"
    harm = min(ctx.impacts, default=begin) if step.impact else None
    told = {"begin": begin, "end": time.time_ns(), "impact": harm, "outcome": outcome, "result": said}
    print(json.dumps(told), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
