"""What a camera is asked for, and what the worker is told. Standard library only: the deck reads it without cv2."""

import json
from dataclasses import asdict, dataclass, field, replace


@dataclass(frozen=True, slots=True)
class CameraSettings:
    device: str = ""
    """"" the first camera; a number; a name or a part of one; a path of a device; a video file to play as a camera."""
    width_px: int = 640
    """Asked of the driver; 0 leaves its own. Inference scales to 256 anyway, so more costs time and gains little."""
    height_px: int = 480
    fps: float = 30.0
    """Asked of the driver; 0 leaves its own."""
    fourcc: str = ""
    """Pixel format asked of the driver, e.g. "MJPG", which many cameras need above 640x480; "" leaves its own."""
    fixed_exposure: bool = False
    """Turn auto-exposure off, so that a strobe does not drag the brightness about."""
    exposure: float = 0.0
    """In the driver's own unit (V4L2: 100 µs), used with fixed_exposure; 0 keeps the value of the moment."""
    gain: float = -1.0
    """In the driver's own unit, used with fixed_exposure; negative keeps the value of the moment."""
    hands: bool = False
    """Run the hand model too, for the openness of the hands (about 9 ms more on the pictures it runs on)."""
    hand_every: int = 3
    """Run the hand model on every n-th picture."""
    unthrottled: bool = False
    """Files only: every picture, as fast as inference goes, instead of the newest at the file's own rate."""


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """The worker's one argument, as JSON."""

    settings: CameraSettings = field(default_factory=CameraSettings)
    index: int = 0
    """Device to open when `file` is empty."""
    file: str = ""
    pose_model: str = ""
    hand_model: str = ""

    @property
    def every_picture(self) -> bool:
        return bool(self.file) and self.settings.unthrottled


def settings_from_arg(arg: str, base: CameraSettings | None = None) -> CameraSettings:
    """The ARG of `--source camera:ARG`, laid over the configured settings; "" leaves their device."""
    base = base or CameraSettings()
    return replace(base, device=arg) if arg else base


def to_argument(options: WorkerOptions) -> str:
    """The options as one command-line argument."""
    return json.dumps(asdict(options))


def from_argument(text: str) -> WorkerOptions:
    """The options that `to_argument` wrote."""
    told = json.loads(text)
    return WorkerOptions(**{**told, "settings": CameraSettings(**told["settings"])})
