"""The `lgsp` command. A command's module is imported when it is called, so that `lgsp --help` answers at once."""

import sys
from collections.abc import Sequence

from lgsp.cli.lazy import run
from lgsp.errors import InvalidMessageError, LgspError

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; the exit code. A mistake is told in one line on standard error, and ends with 2."""
    try:
        run(sys.argv[1:] if arguments is None else arguments)
    except SystemExit as exc:
        return exc.code if isinstance(exc.code, int) else int(exc.code is not None)
    except InvalidMessageError as exc:
        sys.stderr.write("".join(f"lgsp: {line}\n" for line in (exc.what, *map(str, exc.faults))))
        return 2
    except LgspError as exc:
        sys.stderr.write(f"lgsp: {exc}\n")
        return 2
    except KeyboardInterrupt:
        return 130
    return 0
