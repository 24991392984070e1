"""Measures the figures of one module and prints each as a line of JSON. Started by `bench.__main__`, one per module."""

import importlib
import json
import os
import sys

from .budget import FIGURES, GROUPS
from .measure import Measured, SkipError


def main(module: str, quick: bool) -> int:
    out = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever else is printed does not mix with the figures
    mine = [name for name in FIGURES if GROUPS[FIGURES[name].group] == module]
    said = set()
    try:
        for seen in importlib.import_module(module).measure(quick):
            said.add(seen.name)
            print(json.dumps(seen.as_dict()), file=out, flush=True)
    except SkipError as why:
        for name in mine:
            if name not in said:
                print(json.dumps(Measured(name, skipped=str(why)).as_dict()), file=out, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], "--quick" in sys.argv[2:]))
