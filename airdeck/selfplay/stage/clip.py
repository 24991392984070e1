"""A scenario played by a performer, as arrays and as frames of each device; and its vectors, for whoever works on rules."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from dynamics.body import Proportions
from dynamics.builder import Dynamics128Builder
from dynamics.frames import PoseFrame, SourceKind
from dynamics.schema import SLOTS

from .actor import Meant, Played
from .cast import Performer
from .lens import NS_PER_S, Lens, Pictures, look, times
from .scenarios import SCENARIOS, Scenario, act
from .tracks import Dance, Motion, Track

LANE_M = 0.9
"""How far behind a bystander passes."""


@dataclass(slots=True)
class Clip:
    """One performance, seen. `id` names it: scenario/seed.number. Times of `meant` are seconds after `start_ns`."""

    id: str
    performer: Performer
    motion: Motion
    meant: list[Meant]
    played: list[Played]
    pictures: Pictures
    lens: Lens
    felt: Motion
    """What devices on the body feel: the same motion, unless the camera makes it up."""
    start_ns: int = NS_PER_S

    @property
    def duration_s(self) -> float:
        return self.motion.duration_s

    def move_at(self, t_s: float) -> str:
        """The move that had begun last at a time."""
        return next((p.move for p in reversed(self.played) if p.start_s <= t_s), "")

    def frames(self) -> Iterator[PoseFrame]:
        """The pictures one by one, as the camera's source delivers them."""
        camera, pictures = self.lens.camera, self.pictures
        stamps, persons = pictures.capture_ns.tolist(), pictures.persons.tolist()
        for seq, (t_ns, count) in enumerate(zip(stamps, persons, strict=True)):
            image, world = pictures.image[seq, :count], pictures.world[seq, :count]
            yield PoseFrame(t_ns, t_ns, seq, camera.width_px, camera.height_px, image, world, kind=SourceKind.SYNTHETIC)


def clip(scenario: str | Scenario, who: Performer) -> Clip:
    """Play a scenario: the same scenario and performer give the same bytes."""
    if isinstance(scenario, str):
        scenario = SCENARIOS[scenario]
    actor, lens = act(scenario, who), scenario.lens(who.lens)
    motion = actor.motion()
    rng = np.random.default_rng((*who.seed, len(scenario.name), 99))
    t_s = times(lens, motion.duration_s, rng)
    joints = motion.joints(t_s, who.proportions, who.style.seated)
    pictures = look(joints, _other(lens, t_s, motion.duration_s, rng), t_s, lens, rng)
    name = f"{scenario.name}/{who.seed[0]}.{who.seed[1]}"
    felt = Motion((_hanging(), _hanging()), motion.trunk, motion.dance, motion.duration_s) if scenario.invented else motion
    return Clip(name, who, motion, actor.meant, actor.played, pictures, lens, felt)


def _other(lens: Lens, t_s: np.ndarray, duration_s: float, rng: np.random.Generator) -> np.ndarray | None:
    """Joints (N, 14, 3) of somebody else in the picture, NaN-free; far outside while not there."""
    if not lens.bystander:
        return None
    body = Proportions().scaled(float(rng.uniform(0.9, 1.1)))
    rest = Motion((_hanging(), _hanging()), Track((0.0,) * 7), Dance(bpm=float(rng.uniform(90, 140)), bounce=0.05, arms=0.06))
    joints = rest.joints(t_s, body)
    if lens.bystander == "beside":
        joints[:, :, 0] += 1.25
        joints[:, :, 2] -= 0.3
        return joints
    period_s, across_m = float(rng.uniform(9.0, 14.0)), 2.6
    joints[:, :, 0] += (across_m * np.sin(2.0 * np.pi * (t_s / period_s + rng.random())))[:, None]
    joints[:, :, 2] -= LANE_M
    return joints


def _hanging() -> Track:
    return Track((0.50, -1.07, 0.12, 0.5, -1.0, -0.35))


def at_rate(who: Performer, fps: float) -> Performer:
    """The same performer before a camera of another rate."""
    return replace(who, lens=replace(who.lens, fps=fps))


@dataclass(slots=True)
class Vectors:
    """A clip through the builder: `capture_ns` (N,), `vector` float32 and `valid` uint8 (N, 128), and what was meant."""

    capture_ns: np.ndarray
    vector: np.ndarray
    valid: np.ndarray
    meant: list[Meant]
    clip: Clip


def vectors_of(scenario: str | Scenario, who: Performer) -> Vectors:
    """The vectors of a scenario as the deck would build them. Pictures that gave no body are left out."""
    played, builder = clip(scenario, who), Dynamics128Builder()
    count = len(played.pictures.capture_ns)
    vector, valid = np.zeros((count, SLOTS), dtype=np.float32), np.zeros((count, SLOTS), dtype=np.uint8)
    built = np.zeros(count, dtype=np.bool_)
    for i, frame in enumerate(played.frames()):
        built[i] = builder.on_pose(frame, frame.capture_ns)
        vector[i], valid[i] = builder.vector, builder.valid
    return Vectors(played.pictures.capture_ns[built], vector[built], valid[built], played.meant, played)
