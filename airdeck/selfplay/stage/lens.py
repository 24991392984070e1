"""What a pose model says of a performer: landmarks with its noise, its gaps and its mistakes."""

from dataclasses import dataclass, field

import numpy as np

from dynamics.body import HIDDEN, VirtualCamera, see_many
from dynamics.skeleton import MIRROR_33, Lm

WHITE = 0.0020
"""Standard deviation of a shoulder from one picture to the next, as a share of the picture: 0.0017 on a real waving man."""
SLOW, SLOW_S = 0.0025, 0.30
"""The part of the noise that wanders, and how long it remembers."""
WORLD_M = 0.005
"""Noise of world landmarks in metres (0.0043 on the same man); depth has `DEPTH` times as much."""
DEPTH = 2.4
_UNEVEN = np.ones((33, 1), dtype=np.float32)
_UNEVEN[:11], _UNEVEN[13:15], _UNEVEN[15:23] = 1.25, 1.3, 1.6
"""How much more face, elbows and hands tremble."""
FEET = (25, 26, 27, 28, 29, 30, 31, 32)
ARMS = ((13, 15, 17, 19, 21), (14, 16, 18, 20, 22))
ABOVE_BOOTH = 0.05
NS_PER_S = 1_000_000_000
MAX_PERSONS = 2


@dataclass(frozen=True, slots=True)
class Lens:
    """One camera with what is wrong with it. Rates are events a minute, shares 0..1."""

    camera: VirtualCamera = field(default_factory=VirtualCamera)
    fps: float = 30.0
    yaw_rad: float = 0.0
    roll_rad: float = 0.0
    noise: float = 1.0
    """Times the measured noise."""
    booth: bool = False
    """Knees and feet are hidden, hips are guessed."""
    dropouts_per_min: float = 0.0
    """A wrist is lost for a few pictures."""
    occlusions_per_min: float = 0.0
    """An arm is hidden for up to a second."""
    swaps_per_min: float = 0.0
    """Left and right change places for a few pictures."""
    strobe_hz: float = 0.0
    dark_share: float = 0.0
    """Share of each strobe period in which pictures are dark and are dropped."""
    low_light: bool = False
    """Every second picture is missing and the noise is half as much again."""
    bystander: str = ""
    """"crossing", "beside", or nobody."""


@dataclass(slots=True)
class Pictures:
    """What the camera delivered, picture by picture.

    `capture_ns` int64 (N,), `image` float32 (N, 2, 33, 4), `world` float32 (N, 2, 33, 3), `persons` int64 (N,): how many
    rows of a picture hold somebody.
    """

    capture_ns: np.ndarray
    image: np.ndarray
    world: np.ndarray
    persons: np.ndarray


def times(lens: Lens, duration_s: float, rng: np.random.Generator) -> np.ndarray:
    """When pictures are delivered, seconds from the start."""
    t = np.arange(0.0, duration_s, 1.0 / lens.fps)
    if lens.low_light:
        t = t[::2]
    t = t + rng.normal(0.0, 0.0008, len(t))
    if lens.strobe_hz:
        t = t[(t * lens.strobe_hz + rng.random()) % 1.0 >= lens.dark_share]
    return np.asarray(np.maximum.accumulate(np.maximum(t, 0.0) + 1e-7 * np.arange(len(t))))


def look(joints: np.ndarray, other: np.ndarray | None, t_s: np.ndarray, lens: Lens, rng: np.random.Generator) -> Pictures:
    """Pictures of the performer's joints (N, 14, 3), and of somebody else's, at these times."""
    image, world = _seen(joints, t_s, lens, rng)
    count = len(t_s)
    images = np.zeros((count, MAX_PERSONS, 33, 4), dtype=np.float32)
    worlds = np.zeros((count, MAX_PERSONS, 33, 3), dtype=np.float32)
    images[:, 0], worlds[:, 0] = image, world
    persons = np.ones(count, dtype=np.int64)
    if other is not None:
        images[:, 1], worlds[:, 1] = _seen(other, t_s, lens, rng)
        inside = np.abs(images[:, 1, [11, 12], 0].mean(axis=1) - 0.5) < 0.48
        persons[inside] = 2
        turned = np.flatnonzero(inside & _bursts(t_s, 12.0, (0.3, 1.5), rng))
        images[turned], worlds[turned] = images[turned, ::-1], worlds[turned, ::-1]
    capture_ns = NS_PER_S + np.round(t_s * NS_PER_S).astype(np.int64)
    return Pictures(capture_ns, images, worlds, persons)


def _seen(joints: np.ndarray, t_s: np.ndarray, lens: Lens, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    image, world = see_many(_turned(joints, lens.yaw_rad), lens.camera)
    _roll(image, world, lens)
    _tremble(image, world, t_s, lens, rng)
    if lens.booth:
        image[:, FEET, 3] = HIDDEN
        image[:, [Lm.L_HIP, Lm.R_HIP], 3] *= np.float32(0.35)
    for arm in ARMS:
        _lose(image, list(arm[1:]), _bursts(t_s, lens.dropouts_per_min, (0.04, 0.15), rng), 0.02, rng)
        _lose(image, list(arm), _bursts(t_s, lens.occlusions_per_min, (0.3, 1.0), rng), 0.05, rng)
    swapped = np.flatnonzero(_bursts(t_s, lens.swaps_per_min, (0.04, 0.12), rng))
    image[swapped], world[swapped] = image[swapped][:, MIRROR_33], world[swapped][:, MIRROR_33]
    return image, world


def _turned(joints: np.ndarray, yaw_rad: float) -> np.ndarray:
    """The room as a camera sees it that stands to one side."""
    if not yaw_rad:
        return joints
    c, s = np.cos(yaw_rad), np.sin(yaw_rad)
    return np.asarray(joints @ np.array([[c, 0.0, -s], [0.0, 1.0, 0.0], [s, 0.0, c]]))


def _roll(image: np.ndarray, world: np.ndarray, lens: Lens) -> None:
    """Turn the picture about its middle."""
    if not lens.roll_rad:
        return
    c, s, aspect = np.cos(lens.roll_rad), np.sin(lens.roll_rad), lens.camera.width_px / lens.camera.height_px
    x, y = (image[..., 0] - 0.5) * aspect, image[..., 1] - 0.5
    image[..., 0], image[..., 1] = 0.5 + (c * x - s * y) / aspect, 0.5 + s * x + c * y
    u, v = world[..., 0].copy(), world[..., 1].copy()
    world[..., 0], world[..., 1] = c * u - s * v, s * u + c * v


def _tremble(image: np.ndarray, world: np.ndarray, t_s: np.ndarray, lens: Lens, rng: np.random.Generator) -> None:
    """Noise from picture to picture and noise that wanders."""
    much = lens.noise * (1.5 if lens.low_light else 1.0)
    count = len(t_s)
    normal = rng.standard_normal((count, 33, 5), dtype=np.float32)
    image[..., :2] += np.float32(WHITE * much) * _UNEVEN * normal[..., :2]
    world += np.float32(WORLD_M * much) * normal[..., 2:] * np.array((1.0, 1.0, DEPTH), dtype=np.float32)
    image[..., :2] += _wander(count, float(np.median(np.diff(t_s))) if count > 1 else 0.03, rng) * np.float32(SLOW * much)


def _wander(count: int, step_s: float, rng: np.random.Generator) -> np.ndarray:
    """Noise float32 (N, 33, 2) of variance 1 that forgets within `SLOW_S`: smooth between knots of that distance."""
    knots = int(count * step_s / SLOW_S) + 3
    values = rng.standard_normal((knots, 66), dtype=np.float32)
    place = np.arange(count, dtype=np.float32) * np.float32(step_s / SLOW_S)
    at = place.astype(np.int64)
    share = (place - at)[:, None]
    weight = 1.0 / np.sqrt(share * share + (1.0 - share) ** 2)
    return np.asarray((values[at] * (1.0 - share) + values[at + 1] * share) * weight, dtype=np.float32).reshape(count, 33, 2)


def _bursts(t_s: np.ndarray, per_min: float, lasts_s: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """Which of the times lie in one of the events that come at this rate."""
    hit = np.zeros(len(t_s), dtype=np.bool_)
    if not per_min or not len(t_s):
        return hit
    span_s = float(t_s[-1])
    for start in rng.uniform(0.0, span_s, rng.poisson(per_min * span_s / 60.0)):
        first, after = np.searchsorted(t_s, (start, start + rng.uniform(*lasts_s)))
        hit[first:after] = True
    return hit


def _lose(image: np.ndarray, which: list[int], hit: np.ndarray, astray: float, rng: np.random.Generator) -> None:
    """These landmarks are guessed, and said to be."""
    rows = np.flatnonzero(hit)
    if not len(rows):
        return
    astray_by = rng.normal(0.0, astray, (len(rows), len(which), 2)).astype(np.float32)
    for column, landmark in enumerate(which):
        image[rows, landmark, :2] += astray_by[:, column]
        image[rows, landmark, 3] = 0.25
