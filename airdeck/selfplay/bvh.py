"""BVH files: a bounded, strict reader, and where the joints are.

Whatever is wrong is said with file and line. A position channel replaces the joint's offset; rotations are made in the
order in which their channels are listed; only the joints asked for, and those above them, are computed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

MAX_BYTES = 1 << 30
MAX_JOINTS = 512
MAX_LINE = 1 << 17
MAX_VALUES = 60_000_000
"""Numbers of all frames together: an hour at 120 frames a second of 138 channels."""
RATES_HZ = (1.0, 1000.0)
BLOCK = 4096
AXES = "XYZ"
CHANNELS = frozenset(f"{axis}{what}" for axis in AXES for what in ("position", "rotation"))


class BvhError(ValueError):
    """The file is no BVH that can be read; the message names file and line."""


@dataclass(slots=True)
class Bone:
    """One joint of the hierarchy."""

    name: str
    parent: int
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    first: int = 0
    """Column of its first channel."""
    channels: tuple[str, ...] = ()


@dataclass(slots=True)
class Bvh:
    """`values` float64 (frames, channels), in the file's own unit and degrees."""

    bones: list[Bone] = field(default_factory=list)
    fps: float = 0.0
    values: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))


class _Lines:
    """The lines of a file with their numbers, blank ones left out."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.number = 0
        self._file = path.open(encoding="ascii", errors="replace")

    def __iter__(self) -> Iterator[str]:
        while text := self._file.readline(MAX_LINE):
            self.number += 1
            if len(text) == MAX_LINE:
                raise self.error(f"a line longer than {MAX_LINE} characters")
            if line := text.strip():
                yield line

    def next(self, what: str) -> str:
        line = next(iter(self), None)
        if line is None:
            self.number += 1
            raise self.error(f"the file ends where {what} should stand")
        return line

    def error(self, why: str) -> BvhError:
        return BvhError(f"{self.path}:{self.number}: {why}")

    def numbers(self, words: list[str], count: int, what: str) -> np.ndarray:
        """`count` finite numbers from words."""
        if len(words) != count:
            raise self.error(f"{what}: {count} numbers are expected, there are {len(words)}")
        try:
            numbers = np.array(list(map(float, words)))
        except ValueError:
            raise self.error(f"{what}: {_first_odd(words)!r} is no number") from None
        if not np.isfinite(numbers).all():
            raise self.error(f"{what}: a number is not finite")
        return numbers

    def close(self) -> None:
        self._file.close()


def read(path: Path) -> Bvh:
    """Read a whole file. Raises BvhError, OSError."""
    if path.stat().st_size > MAX_BYTES:
        raise BvhError(f"{path}: larger than {MAX_BYTES >> 20} MB")
    lines = _Lines(path)
    try:
        if lines.next("HIERARCHY") != "HIERARCHY":
            raise lines.error("a BVH file begins with HIERARCHY")
        bvh = Bvh(_hierarchy(lines))
        _motion(lines, bvh)
    finally:
        lines.close()
    return bvh


def _hierarchy(lines: _Lines) -> list[Bone]:
    """Everything up to the closing bracket of ROOT."""
    bones: list[Bone] = []
    open_: list[int] = []
    """The joints whose brackets are open; -1 for an end site."""
    columns = 0
    while True:
        words = lines.next("the hierarchy").split()
        head = words[0]
        if head in ("ROOT", "JOINT", "End"):
            _open(lines, words, bones, open_)
        elif head == "}" and open_:
            open_.pop()
            if not open_:
                return bones
        elif head == "OFFSET" and open_:
            x, y, z = lines.numbers(words[1:], 3, "OFFSET").tolist()
            if open_[-1] >= 0:
                bones[open_[-1]].offset = (x, y, z)
        elif head == "CHANNELS" and open_ and open_[-1] >= 0:
            bone = bones[open_[-1]]
            bone.first, bone.channels = columns, _channels(lines, words, bone)
            columns += len(bone.channels)
        else:
            raise lines.error(f"{head!r} does not belong here")


def _open(lines: _Lines, words: list[str], bones: list[Bone], open_: list[int]) -> None:
    head, name = words[0], " ".join(words[1:])
    if (head == "ROOT") != (not open_) or (open_ and open_[-1] < 0):
        raise lines.error(f"{head} {name} does not belong here")
    if not name:
        raise lines.error(f"{head} without a name")
    if len(bones) >= MAX_JOINTS:
        raise lines.error(f"more than {MAX_JOINTS} joints")
    if head == "End":
        open_.append(-1)
    else:
        bones.append(Bone(name, open_[-1] if open_ else -1))
        open_.append(len(bones) - 1)
    if lines.next("{") != "{":
        raise lines.error(f"{{ is expected after {head} {name}")


def _channels(lines: _Lines, words: list[str], bone: Bone) -> tuple[str, ...]:
    names = tuple(words[2:])
    if bone.channels or len(words) < 2 or words[1] != str(len(names)) or len(set(names)) != len(names):
        raise lines.error(f"CHANNELS of {bone.name}: their number and their names do not agree")
    if odd := [name for name in names if name not in CHANNELS]:
        raise lines.error(f"CHANNELS of {bone.name}: there is no channel {odd[0]!r}")
    return names


def _motion(lines: _Lines, bvh: Bvh) -> None:
    if lines.next("MOTION") != "MOTION":
        raise lines.error("MOTION is expected after the hierarchy")
    frames = _labelled(lines, "Frames:")
    if frames < 1 or frames != int(frames):
        raise lines.error(f"{frames:g} is no number of frames")
    period_s = _labelled(lines, "Frame Time:")
    if not 1.0 / RATES_HZ[1] <= period_s <= 1.0 / RATES_HZ[0]:
        raise lines.error(f"a frame time of {period_s:g} s is none of {RATES_HZ[0]:g} to {RATES_HZ[1]:g} frames a second")
    bvh.fps = 1.0 / period_s
    columns = sum(len(bone.channels) for bone in bvh.bones)
    if columns == 0 or int(frames) * columns > MAX_VALUES:
        raise lines.error(f"{int(frames)} frames of {columns} channels are none, or more than {MAX_VALUES} numbers")
    bvh.values = np.zeros((int(frames), columns))
    for frame in range(int(frames)):
        bvh.values[frame] = lines.numbers(lines.next(f"frame {frame + 1} of {int(frames)}").split(), columns, "frame")
    if (more := next(iter(lines), None)) is not None:
        raise lines.error(f"more than the {int(frames)} frames that were announced: {more[:20]!r}")


def _labelled(lines: _Lines, label: str) -> float:
    line = lines.next(label)
    if not line.startswith(label):
        raise lines.error(f"{label} is expected")
    return float(lines.numbers(line.removeprefix(label).split(), 1, label)[0])


def _first_odd(words: list[str]) -> str:
    for word in words:
        try:
            float(word)
        except ValueError:
            return word[:40]
    return ""


def positions(bvh: Bvh, wanted: Iterable[int]) -> np.ndarray:
    """Where the wanted joints are: (frames, wanted, 3) float64 in the file's unit."""
    wanted = list(wanted)
    out = np.zeros((len(bvh.values), len(wanted), 3))
    needed = _with_parents(bvh.bones, wanted)
    for start in range(0, len(bvh.values), BLOCK):
        values = bvh.values[start : start + BLOCK]
        at: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        for number in needed:
            at[number] = _place(bvh.bones[number], values, at)
        for column, number in enumerate(wanted):
            out[start : start + BLOCK, column] = at[number][0]
    return out


def _with_parents(bones: list[Bone], wanted: list[int]) -> list[int]:
    """The wanted joints and all above them, parents first (which is the order of the file)."""
    needed: set[int] = set()
    for number in wanted:
        while number >= 0 and number not in needed:
            needed.add(number)
            number = bones[number].parent  # noqa: PLW2901 - upwards
    return sorted(needed)


def _place(bone: Bone, values: np.ndarray, at: dict[int, tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Position (N, 3) and rotation (N, 3, 3) of one joint in the room."""
    local = np.tile(np.array(bone.offset), (len(values), 1))
    turn = np.broadcast_to(np.eye(3), (len(values), 3, 3))
    for column, channel in enumerate(bone.channels, start=bone.first):
        axis = AXES.index(channel[0])
        if channel.endswith("position"):
            local[:, axis] = values[:, column]
        else:
            turn = turn @ _about(axis, np.radians(values[:, column]))
    if bone.parent < 0:
        return local, turn
    origin, frame = at[bone.parent]
    return origin + (frame @ local[:, :, None])[:, :, 0], frame @ turn


def _about(axis: int, angle: np.ndarray) -> np.ndarray:
    """(N,) radians to rotation matrices (N, 3, 3) about one axis."""
    out = np.zeros((len(angle), 3, 3))
    a, b = (axis + 1) % 3, (axis + 2) % 3
    out[:, axis, axis] = 1.0
    out[:, a, a] = out[:, b, b] = np.cos(angle)
    out[:, b, a] = np.sin(angle)
    out[:, a, b] = -out[:, b, a]
    return out
