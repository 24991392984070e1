"""The camera: a sealed process looks at the pictures, this source hands on who it saw.

The worker is restarted when it dies or stalls; a file goes on at the place where a camera would be by then. Dark and
frozen pictures deliver no frame: nobody was looked for, so nothing is said about who is there.
"""

import asyncio
import time
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from dynamics.frames import PoseFrame, SourceKind

from .base import Source, SourceError
from .capture_devices import is_network_address, is_video_file, resolve_camera
from .capture_settings import CameraSettings, WorkerOptions
from .pose_link import PoseLink
from .pose_wire import Flag, Header, Message, MessageKind, unpack_pose

BACKOFF_FIRST_S = 0.25
BACKOFF_LAST_S = 4.0
"""Pause before a restart, doubling from the first to the last."""
STABLE_NS = 5_000_000_000
"""A worker that lived this long had nothing to do with earlier deaths: the back-off begins again. A guess."""
STALL_NS = 4_000_000_000
"""No message for this long while pictures should come: kill and restart. Some cameras take 2 s for the first picture."""
WATCH_PERIOD_S = 0.5
READY_WAIT_S = 30.0
"""Loading mediapipe from a cold, slow disk; usually under 3 s."""
FILE_ATTEMPTS = 5
"""A file whose worker dies this often in a row is given up: a finite source has to end."""
FROZEN = "frozen picture"


class CameraState(StrEnum):
    CLOSED = "closed"
    STARTING = "starting"
    WAITING = "waiting"
    """A file, loaded and waiting for `start_playback`."""
    LIVE = "live"
    DARK = "dark"
    """Pictures come, too dark to look at (a strobe, a black-out)."""
    FROZEN = "frozen"
    """The same picture for a second or more: counts as dead."""
    RESTARTING = "restarting"
    ENDED = "ended"


HEALTHY = frozenset({CameraState.LIVE, CameraState.DARK})
PLAYING = HEALTHY | {CameraState.FROZEN}
"""States in which the worker has something to say at every picture."""


class CameraSource(Source):
    """Stream "camera" from a device, or from a video file (kind FILE) that `start_playback` sets going."""

    stream = "camera"

    def __init__(self, settings: CameraSettings, pose_model: Path, hand_model: Path | None = None) -> None:
        super().__init__()
        self.settings = settings
        self.kind = SourceKind.FILE if is_video_file(settings.device) else SourceKind.CAMERA
        self.finite = self.kind is SourceKind.FILE
        self.state = CameraState.CLOSED
        self.name = settings.device
        """What a person calls it: the device's name, or the file's."""
        self.ready = Header(MessageKind.READY)
        """The worker's last READY: picture size, rate, and what was granted (`Flag`)."""
        self.not_sealed = ""
        """Why the worker could not give up the network, with the fix; empty when it did."""
        self.dark_pictures = 0
        self.infer_us = 0
        """Time that the newest inference took."""
        self._pose_model = pose_model
        self._hand_model = hand_model
        self._link: PoseLink | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._every_picture = self.finite and settings.unthrottled
        self._epoch_ns: int | None = None
        self._forget()

    @property
    def healthy(self) -> bool:
        return self.state in HEALTHY

    @property
    def sealed(self) -> bool:
        """The worker runs without the network."""
        return bool(self.ready.flags & Flag.SEALED)

    @property
    def caution(self) -> str:
        return f"the process that sees pictures keeps its network: {self.not_sealed}" if self.not_sealed else ""

    @property
    def worker_pid(self) -> int:
        """Process id of the running worker, 0 when there is none."""
        return self._link.pid if self._link else 0

    def start_playback(self) -> None:
        """A file begins now, with its time 0 at this moment; a device is live already."""
        if self.finite and self._epoch_ns is None:
            self._epoch_ns = time.monotonic_ns()
            self._play()

    async def _open(self) -> None:
        self._forget()
        self.state = CameraState.STARTING
        try:
            await self._start()
        except BaseException:
            await self._drop_link(0.0)
            self.state = CameraState.CLOSED
            raise
        self._supervisor = asyncio.create_task(self._supervise())
        self._supervisor.add_done_callback(_raise_its_error)

    async def _close(self) -> None:
        self.state = CameraState.CLOSED
        if self._supervisor is not None:
            self._supervisor.cancel()
            await asyncio.wait([self._supervisor])
            self._supervisor = None
        await self._drop_link()

    def _forget(self) -> None:
        self.finished = False
        self._epoch_ns = None
        self._next_seq = 0
        self._seq_base = 0
        self._seen = Header()
        self._heard_ns = 0
        self._said = ""

    def _options(self) -> WorkerOptions:
        """Looked up at each start: a camera that was replugged may have another number."""
        device = self.settings.device
        if is_network_address(device):
            raise SourceError(
                f"{device}: network cameras are refused for now, because the process that sees pictures has no network; "
                "give a camera of this machine or a file"
            )
        if not self._pose_model.is_file():
            raise SourceError(f"pose model {self._pose_model} is missing: run airdeck models fetch")
        options = WorkerOptions(
            settings=self.settings, pose_model=str(self._pose_model), hand_model=str(self._hand_model or "")
        )
        if self.finite:
            if not Path(device).is_file():
                raise SourceError(f"video file {device} does not exist")
            self.name = Path(device).name
            return replace(options, file=device)
        camera = resolve_camera(device)
        self.name = camera.name
        return replace(options, index=camera.index)

    async def _start(self) -> None:
        """Start a worker and wait until it is ready. Raises SourceError with its last words."""
        self._seen, self._said, self._seq_base = Header(), "", 0 if self.finite else self._next_seq
        options = self._options()
        ready = asyncio.get_running_loop().create_future()
        self._ready_future: asyncio.Future[None] = ready
        try:
            self._link = PoseLink(options, self._on_messages)
        except OSError as error:
            raise SourceError(f"the pose worker does not start: {error}") from error
        await asyncio.wait({ready, self._link.down}, timeout=READY_WAIT_S, return_when=asyncio.FIRST_COMPLETED)
        if not ready.done():
            gone = self._link.down.done()
            why = self._link.down.result() if gone else f"the pose worker was not ready in {READY_WAIT_S:.0f} s"
            raise SourceError(self._said or why)
        self._heard_ns = time.monotonic_ns()
        self.state = CameraState.WAITING if self.finite else CameraState.LIVE
        self._play()

    def _play(self) -> None:
        if self._link is not None and self._epoch_ns is not None and self.state is CameraState.WAITING:
            self._heard_ns = time.monotonic_ns()
            self.state = CameraState.LIVE
            self._link.send(Header(MessageKind.PLAY, seq=self._next_seq, capture_ns=self._epoch_ns))

    async def _supervise(self) -> None:
        deaths = 0
        while True:
            began_ns = time.monotonic_ns()
            why = await self._until_down()
            if self.finished:
                self.state = CameraState.ENDED
                return
            deaths = 1 if time.monotonic_ns() - began_ns > STABLE_NS else deaths + 1
            self.stats.last_error = self._said or why
            await self._drop_link(0.0)
            if self.finite and deaths > FILE_ATTEMPTS:
                self.finished, self.state = True, CameraState.ENDED
                return
            await self._restart(deaths)

    async def _restart(self, deaths: int) -> None:
        self.state = CameraState.RESTARTING
        self.stats.restarts += 1
        await asyncio.sleep(backoff_s(deaths))
        try:
            await self._start()
        except SourceError as error:
            self._said = str(error)
            await self._drop_link(0.0)

    async def _until_down(self) -> str:
        """Wait until the worker is gone or has stalled; says which."""
        quiet = 0
        while self._link is not None and not self._link.down.done():
            await asyncio.wait({self._link.down}, timeout=WATCH_PERIOD_S)
            late = self.state in PLAYING and time.monotonic_ns() - self._heard_ns > STALL_NS
            quiet = quiet + 1 if late else 0
            if quiet > 1:  # twice, so that our own late loop is not taken for a silent worker
                return f"the pose worker said nothing for {STALL_NS / 1e9:.0f} s"
        return self._link.down.result() if self._link else self._said

    async def _drop_link(self, wait_s: float = 1.0) -> None:
        link, self._link = self._link, None
        if link is not None:
            await link.close(wait_s)

    def _on_messages(self, messages: list[Message], recv_ns: int) -> None:
        """Everything is counted; of several poses that waited, only the newest is handed on."""
        poses = sum(message.header.kind is MessageKind.POSE for message in messages)
        self._heard_ns = time.monotonic_ns()
        for message in messages:
            self._note(message)
            if message.header.kind is MessageKind.POSE:
                poses -= 1
                if poses and not self._every_picture:
                    self.stats.dropped += 1
                else:
                    self._hand_on(message, recv_ns)

    def _note(self, message: Message) -> None:
        header = message.header
        if header.kind is MessageKind.READY:
            self.ready, self.not_sealed = header, message.text
            if not self._ready_future.done():
                self._ready_future.set_result(None)
        elif header.kind is MessageKind.ERROR:
            self._said = self.stats.last_error = message.text
        else:
            self._count(header)
            self._follow(header.kind)

    def _count(self, header: Header) -> None:
        self.stats.received += header.grabbed - self._seen.grabbed
        self.stats.dropped += header.skipped - self._seen.skipped
        self.dark_pictures += header.dark - self._seen.dark
        self._seen = header
        if header.kind is not MessageKind.END:
            self._next_seq = self._seq_base + header.seq + 1
            self.infer_us = header.infer_us

    def _follow(self, kind: MessageKind) -> None:
        if kind is MessageKind.END:
            self.finished, self.state = True, CameraState.ENDED
        elif kind is MessageKind.FROZEN:
            self.state, self.stats.last_error = CameraState.FROZEN, FROZEN
        else:
            if self.stats.last_error == FROZEN:
                self.stats.last_error = ""
            self.state = CameraState.DARK if kind is MessageKind.DARK else CameraState.LIVE

    def _hand_on(self, message: Message, recv_ns: int) -> None:
        header = message.header
        image, world, hand_open = unpack_pose(message)
        self.deliver(
            PoseFrame(
                capture_ns=header.capture_ns,
                recv_ns=header.capture_ns if self._every_picture else recv_ns,
                seq=self._seq_base + header.seq,
                width_px=header.width_px,
                height_px=header.height_px,
                image=image,
                world=world,
                hand_open=hand_open,
                luma=header.luma,
                kind=self.kind,
                device_s=header.device_s,
            )
        )


def _raise_its_error(supervisor: asyncio.Task[None]) -> None:
    """Nobody awaits the supervisor while the source is open: what ends it is the loop's to tell."""
    if not supervisor.cancelled() and (error := supervisor.exception()) is not None:
        raise error


def backoff_s(deaths: int) -> float:
    """Pause before the next start, after `deaths` in a row (1 or more)."""
    return min(BACKOFF_FIRST_S * 2.0 ** (min(deaths, 16) - 1), BACKOFF_LAST_S)
