"""Compiles and calls the C twin of the kernels. Its constants and tables are written from the Python modules."""

import ctypes
from pathlib import Path

import numpy as np

from dynamics import kernels
from dynamics.schema import RATE_LIMIT

from .compile import compiled

FLOAT, DOUBLE, BYTE = (np.ctypeslib.ndpointer(kind, flags="C_CONTIGUOUS") for kind in (np.float32, np.float64, np.uint8))


def tables() -> str:
    """build_tables.h: every number and every table that the kernels know by an upper-case name."""
    lines = []
    for name, value in sorted({**vars(kernels), "RATE_LIMIT": RATE_LIMIT}.items()):
        if not name.isupper() and not name.replace("_33", "").isupper():
            continue
        if isinstance(value, bool | str | dict | tuple):
            continue
        if isinstance(value, int | float):
            lines.append(f"#define {name} ({value!r})")
        elif isinstance(value, np.ndarray):
            kind = "double" if value.dtype.kind == "f" else "int"
            numbers = ", ".join(repr(number) for number in value.ravel().astype(kind).tolist())
            lines += [f"#define {name}_SIZE {value.size}", f"static const {kind} {name}[] = {{{numbers}}};"]
    return "\n".join(lines) + "\n"


class BuildTwin:
    """`build(image, world, aspect, mirror, t, newest, mem, bits, vector, valid)` and `run(...)`, as the kernels have them."""

    def __init__(self, folder: Path) -> None:
        (folder / "build_tables.h").write_text(tables())
        library = ctypes.CDLL(str(compiled("build.c", folder, "-shared", "-fPIC", "-Wno-unused-variable", name="build.so")))
        self._build, self._run = library.build_camera, library.run
        whole, real, memory = ctypes.c_int, ctypes.c_double, (DOUBLE, BYTE, FLOAT, BYTE)
        self._build.argtypes = [FLOAT, FLOAT, whole, real, whole, real, whole, *memory]
        self._run.argtypes = [whole, FLOAT, FLOAT, whole, real, real, real, *memory]

    def build(self, image, world, aspect, mirror, t, newest, mem, bits, vector, valid) -> bool:
        return bool(self._build(image, world, len(image), aspect, mirror, t, newest, mem, bits, vector, valid))

    def run(self, images, worlds, aspect, start, dt, mem, bits, vector, valid) -> int:
        """`images` (N, P, 33, 4), `worlds` (N, P, 33, 3): how many of them gave a vector."""
        count, persons = images.shape[:2]
        return int(self._run(count, images, worlds, persons, aspect, start, dt, mem, bits, vector, valid))
