"""`python -m normax`: the command."""

import sys

from normax.cli import main

if __name__ == "__main__":
    sys.exit(main())
