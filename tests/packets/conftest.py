"""One plant for all tests of a module: making namespaces takes a second."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from tests.packets.site import Site, tool


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if os.geteuid() != 0:
        pytest.skip("needs root, for network namespaces")
    if shutil.which("ip") is None:
        pytest.skip("needs the program ip (iproute2)")
    tool("tcpdump")
    plant = Site(f"lwp{os.getpid()}", tmp_path_factory.mktemp("site"))
    trial = subprocess.run(["ip", "netns", "add", plant.space("trial")], capture_output=True, text=True, check=False)
    if trial.returncode:
        pytest.skip(f"no network namespace here: {trial.stderr.strip()}")
    subprocess.run(["ip", "netns", "del", plant.space("trial")], check=True)
    try:
        plant.build()
        plant.serve("plc", "modbus", "serve", port=502)
        yield plant
    finally:
        plant.end()
