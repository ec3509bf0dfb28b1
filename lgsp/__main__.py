"""`python -m lgsp`."""

import sys

from lgsp.cli import main

if __name__ == "__main__":
    sys.exit(main())
