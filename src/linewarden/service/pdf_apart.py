"""A PDF made in a process of its own: it takes seconds of a core, and libraries read what devices say of themselves.

The process has bounds of the kernel for time and memory, no network need (it fetches nothing), and ends with its work;
a service that asks for it goes on meanwhile.
"""

from __future__ import annotations

import subprocess
import sys

from linewarden.errors import StoreError
from linewarden.reports.pdf import needs_pdf

CPU_S, MEMORY_MB = 300, 2_048


def pdf_apart(page: str, cpu_s: int = CPU_S, memory_mb: int = MEMORY_MB) -> bytes:
    """A report that was rendered for paper, as PDF. Blocks: call it in a thread.

    Raises ConfigError if this machine cannot make one, StoreError if it is too large for the bounds.
    """
    needs_pdf()
    command = [sys.executable, "-m", "linewarden.reports.pdf", str(cpu_s), str(memory_mb)]
    try:
        done = subprocess.run(  # noqa: S603 - our own program, nothing of a user's in it
            command, input=page.encode(), capture_output=True, timeout=cpu_s * 2, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise StoreError(f"the report was not ready after {cpu_s * 2} s; ask for it as HTML") from error
    if done.returncode or not done.stdout.startswith(b"%PDF-"):
        raise StoreError(f"the report could not be made as PDF within {cpu_s} s and {memory_mb} MB; ask for it as HTML")
    return done.stdout
