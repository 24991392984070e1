"""C peers are compiled when they are needed, into a temporary folder."""

import shutil
import subprocess
from pathlib import Path

from bench.measure import SkipError

HERE = Path(__file__).parent
FLAGS = ("-O3", "-std=c11", "-Wall", "-Wextra", "-D_GNU_SOURCE")
"""The strictest optimisation that keeps IEEE arithmetic: no -ffast-math."""


def compiled(source: str, folder: Path, *options: str, name: str = "") -> Path:
    """The program (or, with -shared, the library) of one C file. Raises SkipError where there is no compiler."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise SkipError("no C compiler (cc) here")
    target = folder / (name or Path(source).stem)
    command = [compiler, *FLAGS, *options, f"-I{folder}", str(HERE / source), "-o", str(target), "-lm"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    if done.returncode:
        raise RuntimeError(f"{source} does not compile:\n{done.stderr}")
    return target
