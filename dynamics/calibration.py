"""What is known of a performer and a camera before the first gesture. Everything may be missing: then it is learned.

`airdeck calibrate` writes these numbers; without them the builder takes the camera as level, the audience as where the
camera stands, and learns the torso length while it runs.
"""

from dataclasses import dataclass

NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Calibration:
    """Neutral pose of one performer before one camera. NaN is "not calibrated"."""

    mirror: bool = False
    """The camera's pictures are mirror images: landmarks change sides and x changes sign."""
    torso_m: float = NAN
    """Neck to mid-hip in MediaPipe's world metres."""
    torso_image: float = NAN
    """Neck to mid-hip in picture heights, standing upright on the usual place."""
    facing_rad: float = 0.0
    """Yaw of the shoulders, as the camera sees it, when the performer faces the audience."""
    camera_roll_rad: float = 0.0
    """How far the camera is turned about its axis; positive when the picture leans to the performer's left."""
    mocap_facing_rad: float = NAN
    """Yaw of the mocap shoulders when facing the audience; NaN takes the first frame's."""


LEVEL = Calibration()
"""Nothing calibrated: a level camera where the audience is."""
