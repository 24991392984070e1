"""Real people in real videos, through the real pose worker: what comes out of the gate is what they meant."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from airdeck.events import Act, Event, EventKind
from airdeck.gestures.library import load_library
from airdeck.pipeline import Pipeline
from bridges.sources.camera import CameraSource
from bridges.sources.capture_settings import CameraSettings
from dynamics.frames import Frame
from safety.gate import K11Gate
from safety.types import Permit, Profile, Sink, SinkClass, SinkHealth
from tests.support.jack import Dump, JackServer, missing, wait_until

REPO = Path(__file__).resolve().parents[2]
SINK = Sink("kept", SinkClass.RECORDING, rehearsal=True)
DELAY_NS = 20_000_000
RAISES = {"emc_white_raises.mp4": [2, 1, 2, 1], "emc_grey_raises.mp4": [2, 1, 2, 1]}
"""Right, left, right, left, then both arms: deck 2 is the right hand's."""
CLIPS = (
    "bodypose3d_cam0.mp4", "emc_grey_raises.mp4", "emc_room1_poses.mp4", "emc_white_raises.mp4", "intel_asl_again.mkv",
    "intel_asl_book.mkv", "intel_asl_brother.mkv", "intel_asl_help.mkv", "intel_asl_learn.mkv", "intel_asl_no.mkv",
    "intel_asl_school.mkv", "intel_asl_student.mkv", "intel_asl_walk.mkv", "intel_asl_yes.mkv", "intel_onebyone.mp4",
    "p2s_single_cam01.mp4", "peekingduck_wave.mp4", "sam2_cups.mp4", "sports2d_demo.mp4", "tfjs_bodypix_arms.mp4",
    "tfjs_dance_crop.mp4", "tfjs_pose_1.mp4", "tfjs_pose_squats.mp4",
)  # fmt: skip


class Armed:
    """An armed pipeline in rehearse that takes a file's frames in the file's own time."""

    def __init__(self) -> None:
        self.decks: list[int] = []
        self.seq = 0
        library = load_library(REPO / "config" / "gestures.toml")
        self.pipeline = Pipeline(K11Gate(Profile.REHEARSE), library, (SINK,), self._keep)

    def _keep(self, _sink: str, permit: Permit, _now_ns: int) -> None:
        self.decks.append(int(permit.command[4]))

    def _step(self, t_ns: int, kind: EventKind, **what: object) -> None:
        self.seq += 1
        self.pipeline.step(Event(self.seq, t_ns, kind, **what))  # type: ignore[arg-type]

    def take(self, stream: str, frame: Frame) -> None:
        if self.seq == 0:
            self._step(frame.capture_ns, EventKind.WARM, flag=True)
            self._step(frame.capture_ns, EventKind.SINK, name=SINK.name, sink_health=SinkHealth(connected=True))
            self._step(frame.capture_ns, EventKind.HUMAN, act=Act.ARM, by="test")
        self._step(frame.capture_ns + DELAY_NS, EventKind.ARRIVAL, stream=stream, frame=frame)


async def _play(clip: Path, model: Path) -> list[int]:
    armed = Armed()
    source = CameraSource(CameraSettings(device=str(clip), unthrottled=True), model)
    await source.open(armed.take)
    try:
        source.start_playback()
        while not source.finished:  # noqa: ASYNC110 - the source has no event for it: the daemon asks at each tick too
            await asyncio.sleep(0.05)
    finally:
        await source.close()
    assert source.stats.frames > 0
    return armed.decks


@pytest.mark.shared
@pytest.mark.parametrize("clip", CLIPS)
async def test_every_clip_gives_what_its_people_meant_and_nothing_else(clip: str, clips: Path, pose_model: Path) -> None:
    """Two clips hold raises: right, left, right, left. In all the others nobody asks for anything."""
    assert await _play(clips / clip, pose_model) == RAISES.get(clip, [])


def _start(clip: Path, jack: JackServer, folder: Path) -> "subprocess.Popen[bytes]":
    command = [
        sys.executable, "-m", "airdeck", "run", "--profile", "rehearse", "--source", f"camera:{clip}",
        "--sink", "midi:virtual:AirDeck", "--control", str(folder / "control.sock"), "--session-dir", str(folder), "--no-hud",
    ]  # fmt: skip
    environment = {**jack.environment, "XDG_STATE_HOME": str(folder / "state")}
    return subprocess.Popen(command, env=environment, cwd=REPO, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _ask(do: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "airdeck", do, "--control", str(folder / "control.sock"), "--json"]
    return subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=False, env=dict(os.environ), timeout=30)


@pytest.mark.shared
@pytest.mark.system
@pytest.mark.parametrize("clip", sorted(RAISES))
def test_a_raised_hand_in_a_video_becomes_notes_in_a_real_midi_client(
    clip: str, clips: Path, pose_model: Path, tmp_path: Path
) -> None:
    """`airdeck run`, JACK's dummy driver, jack_midi_dump: Note On and Note Off of decks 2, 1, 2, 1."""
    if reason := missing():
        pytest.skip(reason)
    jack = JackServer()
    jack.start()
    try:
        deck = _start(clips / clip, jack, tmp_path)
        dump = Dump(jack)
        try:
            wait_until(lambda: any("AirDeck" in port for port in jack.ports()), "the deck's MIDI port is there", 60.0)
            port = next(port for port in jack.ports() if "AirDeck" in port)
            jack.connect(port, dump.port)
            wait_until(lambda: _ask("arm", tmp_path).returncode == 0, "the deck is armed")
            assert deck.wait(90.0) == 0
            pressed = [code for deck_no in RAISES[clip] for code in (f"9{deck_no - 1} 0b 7f", f"9{deck_no - 1} 0b 00")]
            dump.wait_for(*pressed)
        finally:
            deck.kill()
            deck.wait()
            dump.close()
    finally:
        jack.stop()
    session = next(tmp_path.glob("session-*"))
    manifest = json.loads((session / "manifest.json").read_text())
    assert manifest["status"] == "closed"
