"""The schedule: turns, failures, stopping early."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

from linewarden.service.schedule import NICE, Job, Schedule, Turn


def until(what: Callable[[], bool], patience: float = 20.0) -> None:
    end = time.monotonic() + patience
    while not what():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def schedule_of(*jobs: Job) -> tuple[Schedule, list[Turn]]:
    turns: list[Turn] = []
    return Schedule(jobs, turns.append), turns


def test_each_job_comes_again_at_its_own_pace() -> None:
    schedule, turns = schedule_of(
        Job("quick", 0.02, lambda _: "did", first_s=0.0), Job("slow", 3600.0, lambda _: "did", first_s=0.0)
    )
    schedule.start()
    until(lambda: sum(t.job == "quick" for t in turns) >= 3)
    assert schedule.stop()
    assert sum(t.job == "slow" for t in turns) == 1
    assert schedule.last_turns()["slow"].detail == "did"


def test_a_job_that_fails_is_told_and_tried_again_and_hurts_no_other() -> None:
    def fails(_: Callable[[], bool]) -> str:
        raise OSError("the disk is away")

    schedule, turns = schedule_of(Job("bad", 0.01, fails, first_s=0.0), Job("good", 0.01, lambda _: "", first_s=0.0))
    schedule.start()
    until(lambda: schedule.counts()["bad"][1] >= 2 and schedule.counts()["good"][0] >= 2)
    assert schedule.stop()
    assert {t.error for t in turns if t.job == "bad"} == {"OSError: the disk is away"}
    assert schedule.counts()["good"][1] == 0


def test_a_running_job_is_asked_to_stop() -> None:
    began = threading.Event()

    def long(should_end: Callable[[], bool]) -> str:
        began.set()
        while not should_end():
            time.sleep(0.01)
        return "stopped early"

    schedule, turns = schedule_of(Job("long", 1.0, long, first_s=0.0))
    schedule.start()
    assert began.wait(20)
    assert schedule.stop()
    assert turns[-1].detail == "stopped early"


def test_soon_makes_it_due_now() -> None:
    schedule, turns = schedule_of(Job("later", 3600.0, lambda _: "now"))
    schedule.start()
    schedule.soon("later")
    until(lambda: bool(turns))
    assert schedule.stop()


def test_no_jobs_is_no_busy_loop() -> None:
    schedule, _ = schedule_of()
    schedule.start()
    assert schedule.stop(timeout_s=5)


def test_jobs_give_way_to_all_else() -> None:
    told: list[int] = []

    def look(_should_end: Callable[[], bool]) -> str:
        told.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return ""

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    schedule, turns = schedule_of(Job("look", 3600.0, look, first_s=0.0))
    schedule.start()
    until(lambda: bool(turns))
    schedule.stop()
    assert told == [max(before, NICE)]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
