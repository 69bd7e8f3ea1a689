"""The queue between the network and the reader: bounded, and nothing is lost in it."""

from __future__ import annotations

import threading
import time

from linewarden.collectors._mqtt.inbox import Inbox


def test_who_brings_too_much_waits_until_it_is_taken() -> None:
    inbox: Inbox[int] = Inbox(10_000)
    threads = [threading.Thread(target=lambda: [inbox.put(n, 1000) for n in range(200)]) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    assert all(thread.is_alive() for thread in threads)  # they wait
    found: list[int] = []
    while len(found) < 600:
        taken = inbox.take(5.0, 7)
        assert taken and len(taken) <= 7
        found += taken
    for thread in threads:
        thread.join(5)
    assert sorted(found) == sorted(list(range(200)) * 3) and inbox.take(0.0, 10) == []


def test_one_that_is_larger_than_the_bound_passes_alone() -> None:
    inbox: Inbox[str] = Inbox(100)
    assert inbox.put("large", 10_000)
    assert inbox.take(0.0, 10) == ["large"]


def test_once_closed_nobody_waits() -> None:
    inbox: Inbox[str] = Inbox(100)
    inbox.put("first", 1000)
    answers: list[bool] = []
    thread = threading.Thread(target=lambda: answers.append(inbox.put("second", 1000)))
    thread.start()
    time.sleep(0.05)
    inbox.close()
    thread.join(5)
    assert answers == [False] and not inbox.put("third")
