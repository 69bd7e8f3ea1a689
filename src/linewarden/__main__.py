"""`python -m linewarden`."""

import sys

from linewarden.cli import main

if __name__ == "__main__":
    sys.exit(main())
