"""Protocols are found by name, in whichever file they stand."""

import subprocess
import sys

import pytest

from linewarden.protocols import registry


def test_each_protocol_is_found_by_its_name():
    for known in registry.protocols():
        assert registry.protocol(known.name) is known


def test_a_name_that_nobody_has():
    with pytest.raises(KeyError):
        registry.protocol("nothing")


def test_one_protocol_of_a_shared_file_is_found_without_importing_all():
    program = (
        "import sys; from linewarden.protocols import registry; registry.protocol('dns_tcp');"
        "print('linewarden.protocols.dnp3' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
