"""The worker's loop: take the newest picture, look whether it lives, find the people, say so."""

import socket
import time

from bridges.ipc import exit_when_closed

from .capture import Capture, CaptureError, Picture, Slot
from .capture_check import Look, PictureCheck
from .capture_settings import WorkerOptions
from .pose_model import PoseModel
from .pose_wire import Decoder, Flag, Header, MessageKind, PoseBuffer, encode
from .sandbox import yield_to_others

LOOK_KIND = {Look.LIVE: MessageKind.POSE, Look.DARK: MessageKind.DARK, Look.FROZEN: MessageKind.FROZEN}


def run(options: WorkerOptions, sock: socket.socket, unsealed: str) -> None:
    """Serve until the pictures end or the deck closes; `unsealed` says why the network is not given up, if it is not.

    Raises CaptureError and the model's own errors. Loading runs at the usual priority: at idle priority a busy machine
    made the deck wait 8 s for a new worker.
    """
    capture = Capture(options)
    model = _load(options)
    granted = _granted(sealed=not unsealed, low_priority=yield_to_others(), exposure_fixed=capture.exposure_fixed)
    sock.sendall(encode(_ready(capture, granted), unsealed.encode()))
    slot = Slot(keep_all=options.every_picture)
    play = _wait_for_play(sock) if capture.is_file else Header()
    exit_when_closed(sock)
    capture.start(slot, play.capture_ns, play.seq, options.every_picture)
    _serve(sock, capture, slot, model, granted)


def _granted(sealed: bool, low_priority: bool, exposure_fixed: bool) -> Flag:
    granted = Flag.SEALED if sealed else Flag(0)
    if low_priority:
        granted |= Flag.LOW_PRIORITY
    if exposure_fixed:
        granted |= Flag.EXPOSURE_FIXED
    return granted


def _load(options: WorkerOptions) -> PoseModel:
    settings = options.settings
    try:
        return PoseModel(options.pose_model, options.hand_model if settings.hands else "", settings.hand_every)
    except (RuntimeError, ValueError, OSError) as error:
        models = " and ".join(filter(None, (options.pose_model, options.hand_model)))
        raise CaptureError(f"the models {models} do not load ({error}): try airdeck models verify") from error


def _wait_for_play(sock: socket.socket) -> Header:
    decoder = Decoder()
    while data := sock.recv(4096):
        for message in decoder.feed(data):
            if message.header.kind is MessageKind.PLAY:
                return message.header
    raise ConnectionResetError


def _serve(sock: socket.socket, capture: Capture, slot: Slot, model: PoseModel, granted: Flag) -> None:
    check, buffer, dark = PictureCheck(), PoseBuffer(), 0
    first_ns = 0
    while (picture := slot.take()) is not None:
        first_ns = first_ns or picture.capture_ns
        look = check.look(picture.pixels, picture.capture_ns)
        dark += look is Look.DARK
        started_ns = time.monotonic_ns()
        if look is Look.LIVE:
            model.look(picture.pixels, (picture.capture_ns - first_ns) // 1_000_000, buffer)
        header = _describe(picture, capture, slot)._replace(
            kind=LOOK_KIND[look],
            luma=check.luma,
            dark=dark,
            infer_us=(time.monotonic_ns() - started_ns) // 1000,
            persons=buffer.persons,
            flags=granted | (Flag.DRIVER_STAMP if picture.driver_stamp else 0),
        )
        sock.sendall(encode(header, buffer.flat.tobytes() if look is Look.LIVE else b""))
    if slot.error:
        raise CaptureError(slot.error)
    sock.sendall(encode(Header(MessageKind.END, grabbed=capture.grabbed, skipped=slot.skipped, dark=dark, flags=granted)))


def _ready(capture: Capture, granted: Flag) -> Header:
    return Header(MessageKind.READY, fps=capture.fps, width_px=capture.width_px, height_px=capture.height_px, flags=granted)


def _describe(picture: Picture, capture: Capture, slot: Slot) -> Header:
    height_px, width_px = picture.pixels.shape[:2]
    return Header(
        seq=picture.seq,
        capture_ns=picture.capture_ns,
        device_s=picture.device_s,
        fps=capture.fps,
        grabbed=capture.grabbed,
        skipped=slot.skipped,
        width_px=width_px,
        height_px=height_px,
    )
