"""`linewarden` with the kind `counting`, as a process that can be killed."""

import sys
from pathlib import Path

import linewarden.collectors
from linewarden.cli import program

linewarden.collectors.__path__.append(str(Path(__file__).parent / "kinds"))
sys.exit(program())
