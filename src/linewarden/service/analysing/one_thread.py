"""Linear algebra in one thread. The matrices of machines are small, some hundred columns: the threads of BLAS would
wait for each other at each of them, which costs twenty times as much where the cores are busy."""

from __future__ import annotations

from functools import cache

from threadpoolctl import threadpool_limits


@cache
def one_thread() -> None:
    """From now on, in the whole process."""
    threadpool_limits(limits=1, user_api="blas")
