"""`python -m linewarden`."""

import sys

from linewarden.cli import program

if __name__ == "__main__":
    sys.exit(program())
