"""Real raises of real people on the mocopi skeleton: as native datagrams and as VMC in each packing, one event each."""

import asyncio
import math
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from airdeck.events import Act, Event, EventKind
from airdeck.gestures.library import Library, load_library
from airdeck.pipeline import Pipeline
from bridges.sources.mocopi import MocopiSettings, MocopiSource
from bridges.sources.performer import Body, Performance
from bridges.sources.vmc import VmcSettings, VmcSource
from bridges.wire.mocopi import MocopiDecoder
from bridges.wire.vmc import VmcDecoder
from dynamics.body import joints_of, mocopi_of
from dynamics.frames import MocapFrame
from dynamics.skeleton import MOCOPI_PARENT, VMC_TO_MOCOPI
from safety.gate import K11Gate
from safety.types import Permit, Profile, Sink, SinkClass, SinkHealth
from tests.wire import packets

REPO = Path(__file__).resolve().parents[2]
SHARED = REPO.parent / "shared"
SINK = Sink("kept", SinkClass.RECORDING, rehearsal=True)
JOINTS = ("head", "neck", "l_shoulder", "r_shoulder", "l_elbow", "r_elbow", "l_wrist", "r_wrist",
          "l_hip", "r_hip", "l_knee", "r_knee", "l_ankle", "r_ankle")  # fmt: skip
LABELS = {"raise-up-left-hand": "left.raise", "raise-up-right-hand": "right.raise"}
DECKS = {"left.raise": "deck1.play_pause", "right.raise": "deck2.play_pause"}
REST_S = 2.0
"""Standing still before each clip: the gate earns its trust, and the arm is seen down."""
PER_SIDE = 20
WRIST_L, WRIST_R, HEAD, SHOULDER_L, SHOULDER_R = 6, 7, 0, 2, 3
ABOVE_HEAD_S = 0.6
START_NS = 10**9
DELAY_NS = 5_000_000


class Armed:
    """An armed pipeline in rehearse that takes mocopi frames in their own time."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int]] = []
        self.seq = 0
        self.pipeline = Pipeline(K11Gate(Profile.REHEARSE), library(), (SINK,), self._keep)

    def _keep(self, _sink: str, permit: Permit, now_ns: int) -> None:
        self.sent.append((permit.command, now_ns))

    def _step(self, t_ns: int, kind: EventKind, **what: object) -> None:
        self.seq += 1
        self.pipeline.step(Event(self.seq, t_ns, kind, **what))  # type: ignore[arg-type]

    def take(self, _stream: str, frame: MocapFrame) -> None:
        if self.seq == 0:
            self._step(frame.recv_ns, EventKind.WARM, flag=True)
            self._step(frame.recv_ns, EventKind.SINK, name=SINK.name, sink_health=SinkHealth(connected=True))
            self._step(frame.recv_ns, EventKind.HUMAN, act=Act.ARM, by="test")
        self._step(frame.recv_ns + DELAY_NS, EventKind.ARRIVAL, stream="mocopi", frame=frame)

    @property
    def commands(self) -> list[str]:
        return [command for command, _ in self.sent]


def library() -> Library:
    return load_library(REPO / "config" / "gestures.toml")


def facing(positions: np.ndarray) -> np.ndarray:
    """(N, 14, 3) metres turned so that the performer faces +z, the hips over the origin."""
    across = np.median(positions[:, SHOULDER_L] - positions[:, SHOULDER_R], axis=0)
    yaw = math.atan2(-across[2], across[0])
    c, s = math.cos(yaw), math.sin(yaw)
    turned = positions @ np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    middle = np.median(turned[:, 8:10].mean(axis=1), axis=0)
    return turned - (middle[0], 0.0, middle[2])


def really_raised(positions: np.ndarray, gesture: str, fps: float) -> bool:
    """The geometric rule: this wrist stays above the head for 0.6 s, the other one never comes over its shoulder."""
    wrist, other = (WRIST_L, WRIST_R) if gesture == "left.raise" else (WRIST_R, WRIST_L)
    shoulder = SHOULDER_R if gesture == "left.raise" else SHOULDER_L
    up = positions[:, wrist, 1] > positions[:, HEAD, 1]
    longest = max((len(run) for run in "".join("1" if u else " " for u in up).split()), default=0)
    return longest / fps >= ABOVE_HEAD_S and bool(np.all(positions[:, other, 1] < positions[:, shoulder, 1]))


def raises() -> list[tuple[str, str, float, np.ndarray]]:
    """The first 20 clips of each hand that keep the rule: (clip, gesture, fps, positions (N, 14, 3) m)."""
    file = SHARED / "data" / "motion" / "bandai_namco.npz"
    if not file.is_file():
        pytest.skip("the motion recordings of ../shared are not here")
    pack = np.load(file)
    names = [str(name) for name in pack["joints"]]
    columns = [names.index(name) for name in JOINTS]
    found: list[tuple[str, str, float, np.ndarray]] = []
    for k, label in enumerate(pack["label"]):
        gesture = LABELS.get(str(label))
        if gesture is None or sum(g == gesture for _, g, _, _ in found) == PER_SIDE:
            continue
        clip = pack["pos_mm"][pack["clip_start"][k] : pack["clip_start"][k + 1]][:, columns] / 1000.0
        fps = float(np.atleast_1d(pack["fps"])[k])
        if really_raised(clip, gesture, fps):
            found.append((str(pack["clip_name"][k]), gesture, fps, facing(clip)))
    return found


def timeline(positions: np.ndarray, fps: float) -> Iterator[tuple[float, np.ndarray]]:
    """The clip after a rest in its first pose, which trembles by a millimetre as people do."""
    still, rng = int(REST_S * fps), np.random.default_rng(7)
    for n in range(still + len(positions)):
        tremble = rng.normal(0.0, 0.001, positions.shape[1:])
        yield n / fps, positions[max(0, n - still)] + tremble


def rows(joints: np.ndarray) -> tuple[list[tuple[tuple[float, ...], tuple[float, ...]]], np.ndarray]:
    """Rotation and place of each bone as a datagram has them, and the offsets of the skeleton packet."""
    quat, offset, hips = mocopi_of(joints)
    places = [tuple(map(float, hips)), *(tuple(map(float, place)) for place in offset[1:])]
    return [(tuple(map(float, q)), place) for q, place in zip(quat, places, strict=True)], offset


def native(positions: np.ndarray, fps: float) -> Iterator[tuple[int, list[bytes]]]:
    """(time, datagrams): a skeleton first, then a frame each."""
    for n, (t_s, joints) in enumerate(timeline(positions, fps)):
        bones, offset = rows(joints)
        head = [packets.mocopi_skeleton(offset)] if n == 0 else []
        yield START_NS + int(t_s * 1e9), [*head, packets.mocopi_frame(number=n, time_s=t_s, unix_s=1e9 + t_s, rows=bones)]


def decide(decoder: MocopiDecoder | VmcDecoder, stream: Iterator[tuple[int, list[bytes]]]) -> Armed:
    """Every datagram through its decoder and the pipeline, at its own time."""
    armed = Armed()
    for t_ns, datagrams in stream:
        frames: list[MocapFrame] = []
        for datagram in datagrams:
            decoder.feed(datagram, t_ns, frames)
        for frame in frames:
            armed.take("mocopi", frame)
    return armed


@pytest.mark.shared
def test_forty_labelled_raises_give_the_right_deck_s_event_each() -> None:
    """Native datagrams of 20 left and 20 right raises: each its own deck's press, once, and nothing else."""
    clips = raises()
    assert len(clips) == 2 * PER_SIDE
    wrong = {
        name: armed.commands
        for name, gesture, fps, positions in clips
        if (armed := decide(MocopiDecoder(), native(positions, fps))).commands != [DECKS[gesture]]
    }
    assert wrong == {}


def unity(quat: tuple[float, ...], place: tuple[float, ...]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Our frame to Unity's, as Sony's plugin does it."""
    x, y, z, w = quat
    return (-x, y, z, -w), (-place[0], place[1], place[2])


def humanoid_place(bones: list[tuple[tuple[float, ...], tuple[float, ...]]], number: int) -> tuple[float, ...]:
    """Place from the humanoid parent: mocopi's bones between two named ones do not turn here, so their places add up."""
    place, named = np.array(bones[number][1]), set(VMC_TO_MOCOPI.values())
    parent = int(MOCOPI_PARENT[number])
    while parent >= 0 and parent not in named:
        place, parent = place + bones[parent][1], int(MOCOPI_PARENT[parent])
    return tuple(map(float, place))


def vmc(positions: np.ndarray, fps: float, packing: str) -> Iterator[tuple[int, list[bytes]]]:
    """(time, datagrams) in one of the packings that senders use."""
    for t_s, joints in timeline(positions, fps):
        bones, _ = rows(joints)
        pose = {name: unity(bones[number][0], humanoid_place(bones, number)) for name, number in VMC_TO_MOCOPI.items()}
        yield START_NS + int(t_s * 1e9), packets.PACKINGS[packing](pose, t_s)


def decide_vmc(stream: Iterator[tuple[int, list[bytes]]]) -> Armed:
    """As `decide`; what waits for its rest is closed after the pause that the source would make."""
    decoder, armed = VmcDecoder(), Armed()
    for t_ns, datagrams in stream:
        frames: list[MocapFrame] = []
        for datagram in datagrams:
            decoder.feed(datagram, t_ns, frames)
        decoder.flush(t_ns + 10_000_000, frames)
        for frame in frames:
            armed.take("mocopi", frame)
    return armed


@pytest.mark.shared
@pytest.mark.parametrize("packing", packets.PACKINGS)
def test_forty_raises_over_vmc_fall_within_a_tenth_of_a_second_of_the_native_ones(packing: str) -> None:
    wrong = {}
    for name, gesture, fps, positions in raises():
        sent = decide_vmc(vmc(positions, fps, packing)).sent
        native_sent = decide(MocopiDecoder(), native(positions, fps)).sent
        same = [command for command, _ in sent] == [DECKS[gesture]] == [command for command, _ in native_sent]
        if not same or abs(sent[0][1] - native_sent[0][1]) > 100_000_000:
            wrong[name] = (sent, native_sent)
    assert wrong == {}


def performed() -> list[tuple[str, np.ndarray]]:
    """The same without ../shared: the synthetic performer's raises, 30 frames a second."""
    clips = []
    for side in ("left", "right"):
        performance = Performance((f"{side}.raise",), Body())
        poses = [joints_of(performance.pose(n / 30.0)) for n in range(int(performance.duration_s * 30))]
        clips.append((f"{side}.raise", np.array(poses)))
    return clips


@pytest.mark.parametrize("packing", ["native", *packets.PACKINGS])
def test_a_performed_raise_gives_its_deck_in_every_packing(packing: str) -> None:
    for gesture, positions in performed():
        if packing == "native":
            armed = decide(MocopiDecoder(), native(positions, 30.0))
        else:
            armed = decide_vmc(vmc(positions, 30.0, packing))
        assert armed.commands == [DECKS[gesture]]


@pytest.mark.parametrize("packing", ["native", *packets.PACKINGS])
async def test_a_raise_sent_in_real_time_through_a_socket_gives_its_deck(packing: str) -> None:
    """A real UDP socket, the real source, the real clock: one raise of the right hand."""
    armed = Armed()
    source: MocopiSource | VmcSource = (
        MocopiSource(MocopiSettings(host="127.0.0.1", port=0))
        if packing == "native"
        else VmcSource(VmcSettings(host="127.0.0.1", port=0))
    )
    (_, (gesture, positions)) = performed()
    stream = native(positions, 30.0) if packing == "native" else vmc(positions, 30.0, packing)
    loop = asyncio.get_running_loop()
    await source.open(armed.take)  # type: ignore[arg-type]
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        begun = loop.time()
        for t_ns, datagrams in stream:
            await asyncio.sleep(max(0.0, begun + (t_ns - START_NS) / 1e9 - loop.time()))
            for datagram in datagrams:
                sender.sendto(datagram, ("127.0.0.1", source.port))
        await asyncio.sleep(0.2)
    finally:
        sender.close()
        await source.close()
    assert armed.commands == [DECKS[gesture]]


@pytest.mark.shared
def test_a_real_mocopi_recording_of_jumping_gives_nothing() -> None:
    """802 frames of Sony's own recording, each row of the file as a native datagram; frame 0 is the bind pose."""
    file = SHARED / "data" / "mocopi" / "mcp_persor_jump.bvh"
    if not file.is_file():
        pytest.skip("the mocopi recording of ../shared is not here")
    values = np.array([[float(v) for v in line.split()] for line in file.read_text().split("Frame Time:")[1].splitlines()[1:]])
    assert values.shape == (802, 27 * 6)

    def stream() -> Iterator[tuple[int, list[bytes]]]:
        for n, row in enumerate(values.reshape(-1, 27, 6)):
            bones = [(bvh_turn(bone[3:]), tuple(bone[:3] / 100.0)) for bone in row]
            t_s = n / 60.0
            yield START_NS + int(t_s * 1e9), [packets.mocopi_frame(number=n, time_s=t_s, unix_s=1e9 + t_s, rows=bones)]

    armed = decide(MocopiDecoder(), stream())
    assert armed.seq > 700
    assert armed.commands == []


def bvh_turn(degrees: np.ndarray) -> tuple[float, float, float, float]:
    """Z, X, Y rotations of a BVH row as one quaternion x y z w: qz * qx * qy."""
    z, x, y = np.radians(degrees) / 2.0
    turn = product((0.0, 0.0, math.sin(z), math.cos(z)), (math.sin(x), 0.0, 0.0, math.cos(x)))
    return product(turn, (0.0, math.sin(y), 0.0, math.cos(y)))


def product(a: tuple[float, ...], b: tuple[float, ...]) -> tuple[float, float, float, float]:
    """Quaternion product a * b, x y z w."""
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )
