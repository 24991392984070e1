"""`airdeck`, and `python -m airdeck`."""

import os
import sys

from . import paths


def main() -> None:
    """Run the command line. Compiled kernels are kept in the state folder, which has to be said before numba is imported."""
    os.environ.setdefault("NUMBA_CACHE_DIR", str(paths.state_dir() / "numba"))
    from .cli import app

    app(prog_name="airdeck")
    sys.exit(0)


if __name__ == "__main__":
    main()
