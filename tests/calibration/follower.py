"""Performers who do what the guide asks, in virtual time: they read, they move, they hold, before any lens."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from airdeck.calibration.guide import NS_PER_S, Guide
from airdeck.calibration.steps import StepId
from airdeck.selfplay.stage.lens import Lens, look
from bridges.sources.performer import RAISED, REST, arm, minimum_jerk, mix
from dynamics.body import ArmPose, BodyPose, Proportions, VirtualCamera, joints_of
from dynamics.frames import PoseFrame
from tests.e2e.test_landmarks import flipped

START_NS = 5 * NS_PER_S
LEVEL_ARM = ArmPose(1.57, 0.0, 0.1)
TEE = replace(REST, left=LEVEL_ARM, right=LEVEL_ARM)
BOTH_UP = replace(REST, left=RAISED, right=RAISED)
RIGHT_UP = arm("right", RAISED)
ASKED = {
    StepId.NEUTRAL: REST,
    StepId.RIGHT_HAND: RIGHT_UP,
    StepId.ARMS_OUT: TEE,
    StepId.ARMS_UP: BOTH_UP,
    StepId.ARMS_DOWN: REST,
}
WIDE = VirtualCamera(distance_m=3.0, height_m=1.2, fov_y_rad=1.0)
"""Raised hands are in the picture."""


@dataclass
class Follower:
    """`does` says what they do instead of what is asked; `beside` puts somebody else a metre away."""

    lens: Lens = field(default_factory=lambda: Lens(camera=WIDE))
    body: Proportions = field(default_factory=Proportions)
    seated: bool = False
    mirrored: bool = False
    beside: bool = False
    reads_s: float = 1.2
    moves_s: float = 0.8
    seed: int = 1
    does: dict[StepId, BodyPose] = field(default_factory=dict)

    def calibrate(self, until_s: float = 200.0) -> Guide:
        """The guide when it is over, or this long has passed."""
        guide = Guide()
        for frame in self.frames(guide, until_s):
            guide.see(frame)
            if guide.over:
                break
        return guide

    def frames(self, guide: Guide, until_s: float) -> Iterator[PoseFrame]:
        """What the camera sees of somebody who watches the guide."""
        rng = np.random.default_rng(self.seed)
        asked, since_s, before, now = StepId.NEUTRAL, 0.0, REST, REST
        for seq in range(int(until_s * self.lens.fps)):
            t_s = seq / self.lens.fps
            if guide.now().step.id is not asked:
                asked, since_s, before = guide.now().step.id, t_s, now
            share = min(max((t_s - since_s - self.reads_s) / self.moves_s, 0.0), 1.0)
            now = mix(before, self.does.get(asked, ASKED[asked]), minimum_jerk(share))
            yield self.picture(now, t_s, seq, rng)

    def picture(self, pose: BodyPose, t_s: float, seq: int, rng: np.random.Generator) -> PoseFrame:
        """The camera's word on one pose."""
        pose = replace(pose, y_m=pose.y_m + 0.004 * np.sin(1.6 * t_s), crouch=1.0 if self.seated else pose.crouch)
        other = joints_of(BodyPose(x_m=1.0))[None] if self.beside else None
        seen = look(joints_of(pose, self.body)[None], other, np.array([t_s]), self.lens, rng)
        camera, persons, t_ns = self.lens.camera, int(seen.persons[0]), START_NS + round(t_s * NS_PER_S)
        image, world = seen.image[0, :persons], seen.world[0, :persons]
        frame = PoseFrame(t_ns, t_ns, seq, camera.width_px, camera.height_px, image, world)
        return next(flipped(iter([frame]))) if self.mirrored else frame

    def held(self, pose: BodyPose, seconds: float) -> list[PoseFrame]:
        """One pose for a while, whoever asks."""
        rng = np.random.default_rng(self.seed + 1)
        return [self.picture(pose, seq / self.lens.fps, seq, rng) for seq in range(int(seconds * self.lens.fps))]
