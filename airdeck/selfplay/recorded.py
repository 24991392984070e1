"""Recordings of what a camera or a whole deck received, to clips: landmark packs, pose JSON lines, sessions, video files."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from bridges.sources.base import SourceError
from bridges.wire.pose_json import PoseJsonDecoder
from dynamics.calibration import Calibration
from dynamics.frames import Frame, MocapFrame, PoseFrame, SourceKind
from dynamics.skeleton import JOINTS, Joint, Lm

from ..events import EventKind
from ..exits import MissingError, UsageError
from .motion import Clip

NS_PER_S = 1_000_000_000
VISIBLE = 0.5
LIMBS = (
    (Joint.L_SHOULDER, Lm.L_SHOULDER, 6),
    (Joint.L_HIP, Lm.L_HIP, 6),
)
"""Joint, landmark, how many follow in the same order."""
VIDEO_POLL_S = 0.02
MAX_LINE_BYTES = 4_000_000


def read_landmarks(path: Path) -> Iterator[Clip]:
    """The clips of a `.npz` with MediaPipe's `image_xyzc` and `world_xyzc`. Raises UsageError."""
    with np.load(path, allow_pickle=False) as pack:
        if lost := {"image_xyzc", "world_xyzc", "clip_start", "clip_name", "fps", "image_wh"} - set(pack.files):
            raise UsageError(f"{path}: no pack of landmarks: {', '.join(sorted(lost))} is missing")
        image, world = pack["image_xyzc"].astype(np.float32), pack["world_xyzc"].astype(np.float32)[:, :, :3]
        starts, fps, sizes = pack["clip_start"], pack["fps"], pack["image_wh"]
        names = [str(name) for name in pack["clip_name"]]
    for k, name in enumerate(names):
        frames = []
        for i in range(int(starts[k]), int(starts[k + 1])):
            t_ns = round((i - int(starts[k])) / float(fps[k]) * NS_PER_S)
            found = int(np.isfinite(image[i, Lm.L_SHOULDER, 0]))
            width, height = (int(n) for n in sizes[k])
            frames.append(
                PoseFrame(
                    t_ns, t_ns, i, width, height, image[i : i + found], world[i : i + found], kind=SourceKind.FILE
                )
            )  # fmt: skip
        yield clip_of_frames(Clip(str(path), name), [("camera", frame) for frame in frames])


def read_pose_lines(path: Path) -> Clip:
    """Pose as JSON lines: those of a session's `pose.jsonl`, or of the pose-JSON datagrams. Raises UsageError."""
    from ..session.records import PoseRecord

    frames: list[PoseFrame] = []
    wire, record = PoseJsonDecoder(), msgspec.json.Decoder(PoseRecord)
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(MAX_LINE_BYTES), b""), start=1):
            if not line.strip():
                continue
            try:
                head = json.loads(line)
                if "landmarks" in head:
                    why = wire.feed(line, round(float(head["t"]) * NS_PER_S) + NS_PER_S, frames, paired=True)
                else:
                    why = None
                    frames.append(record.decode(line).frame())
            except (ValueError, TypeError, KeyError, RecursionError, OverflowError, msgspec.MsgspecError) as error:
                raise UsageError(f"{path}:{number}: no pose: {error}") from error
            if why is not None:
                raise UsageError(f"{path}:{number}: {why}")
    if not frames:
        raise UsageError(f"{path}: no pose in it")
    return clip_of_frames(Clip(str(path), path.stem), [("camera", replace(f, kind=SourceKind.FILE)) for f in frames])


def read_session(folder: Path) -> Clip:
    """What arrived in a recorded session, at its own times. Raises UsageError."""
    from ..session import manifest
    from ..session.reader import DamagedRecordError, Session

    try:
        session = Session(folder)
        events = session.events()
        arrivals = [(e.stream, e.frame) for e in events if e.kind is EventKind.ARRIVAL and e.frame is not None]
    except (manifest.ManifestError, DamagedRecordError) as error:
        raise UsageError(str(error)) from error
    if not arrivals:
        raise UsageError(f"{folder}: nothing arrived in this session")
    calibration = Calibration(**session.manifest.calibration)  # type: ignore[arg-type]
    return clip_of_frames(Clip(str(folder), folder.name, calibration=calibration, lead_in=False), arrivals)


def read_video(path: Path) -> Clip:
    """Every picture of a video file, looked at by the pose worker as fast as it goes. Raises UsageError, MissingError."""
    from .. import models

    try:
        model = models.find("pose")
    except models.ModelMissing as error:
        raise MissingError(str(error)) from error
    try:
        frames, fps = asyncio.run(_look(path, model))
    except SourceError as error:
        raise UsageError(f"{path}: {error}") from error
    if not frames:
        raise UsageError(f"{path}: no picture in it could be looked at")
    first_ns = frames[0].capture_ns - frames[0].seq * NS_PER_S / fps
    return clip_of_frames(Clip(str(path), path.name), [("camera", frame) for frame in frames], round(first_ns))


async def _look(path: Path, model: Path) -> tuple[list[PoseFrame], float]:
    from bridges.sources.camera import CameraSource
    from bridges.sources.capture_settings import CameraSettings

    source = CameraSource(CameraSettings(device=str(path), unthrottled=True), model)
    frames: list[PoseFrame] = []

    def keep(_stream: str, frame: Any) -> None:
        frames.append(replace(frame, image=frame.image.copy(), world=frame.world.copy(), hand_open=frame.hand_open.copy()))

    await source.open(keep)
    try:
        source.start_playback()
        while not source.finished:  # noqa: ASYNC110 - a source says so by a flag
            await asyncio.sleep(VIDEO_POLL_S)
        if source.stats.last_error and not frames:
            raise SourceError(source.stats.last_error)
        return frames, source.ready.fps
    finally:
        await source.close()


def clip_of_frames(clip: Clip, arrivals: list[tuple[str, Frame]], first_ns: int | None = None) -> Clip:
    """The named clip filled from what arrived; times are counted from its first body, or from `first_ns`."""
    if first_ns is None:
        bodies = [frame.capture_ns for _, frame in arrivals if isinstance(frame, PoseFrame | MocapFrame)]
        first_ns = min(bodies or [frame.capture_ns for _, frame in arrivals])
    moved: list[tuple[str, Frame]] = []
    for stream, frame in arrivals:
        recv_ns = max(frame.recv_ns, frame.capture_ns)
        moved.append((stream, replace(frame, capture_ns=frame.capture_ns - first_ns, recv_ns=recv_ns - first_ns)))
    clip.arrivals = moved
    clip.duration_s = max(frame.capture_ns for _, frame in moved) / NS_PER_S
    poses = [frame for _, frame in moved if isinstance(frame, PoseFrame)]
    clip.t_s = np.array([frame.capture_ns / NS_PER_S for frame in poses])
    clip.joints = np.array([joints_of_picture(frame) for frame in poses]).reshape(-1, JOINTS, 3)
    return clip


def joints_of_picture(frame: PoseFrame) -> np.ndarray:
    """Joints (14, 3) of the first person in picture heights, x to the right, y up, no depth; NaN for what is not seen."""
    out = np.full((JOINTS, 3), np.nan)
    if not len(frame.image) or not frame.height_px:
        return out
    marks = frame.image[0]
    points = np.stack([marks[:, 0] * frame.width_px / frame.height_px, -marks[:, 1], np.zeros(len(marks))], axis=1)
    points[~(marks[:, 3] >= VISIBLE)] = np.nan
    out[Joint.HEAD] = points[[Lm.NOSE, Lm.L_EAR, Lm.R_EAR]].mean(axis=0)
    out[Joint.NECK] = 0.5 * (points[Lm.L_SHOULDER] + points[Lm.R_SHOULDER])
    for joint, landmark, count in LIMBS:
        out[joint : joint + count] = points[landmark : landmark + count]
    return out
