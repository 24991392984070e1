"""What a person is told of a source at the start and in the status: an unsealed pose process, a door open to anyone."""

import asyncio
import os
import socket
from pathlib import Path

import numpy as np
import pytest

from airdeck import drivers, models, registry, runner, settings
from safety.types import Profile
from tests.support.deck import running
from tests.wire.packets import mocopi_frame

HERE = "127.0.0.1"


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A second of grey noise, and a machine that has the model to look at it."""
    import cv2

    try:
        models.find("pose")
    except models.ModelMissing as missing:
        pytest.skip(str(missing))
    path = tmp_path / "made.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"FFV1"), 30.0, (160, 120))
    for picture in np.random.default_rng(1).integers(60, 160, (30, 120, 160, 3), dtype=np.uint8):
        writer.write(picture)
    writer.release()
    return path


def test_a_pose_process_that_keeps_its_network_is_told_at_the_start_and_in_the_status(tmp_path: Path, clip: Path) -> None:
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "pyseccomp.py").write_text("raise RuntimeError('Unable to find libseccomp')")
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "without")}
    with running(tmp_path, "--source", f"camera:{clip}", env=env) as deck:
        told = deck.until("caution", source=f"camera:{clip}")["about"]
        [source] = deck.ask("status")["sources"]
    assert told.startswith("the process that sees pictures keeps its network: not sealed (Unable to find libseccomp)")
    assert source["caution"] == told
    assert told in source["text"]


@pytest.mark.parametrize(
    ("profile", "name", "allowed", "warned"),
    [
        (Profile.LIVE, "mocopi", (), True),
        (Profile.LIVE, "vmc", (), True),
        (Profile.LIVE, "vmc", (HERE,), False),
        (Profile.REHEARSE, "mocopi", (), False),
        (Profile.LIVE, "pose-json", (), False),
        (Profile.LIVE, "osc", (), False),
    ],
)
def test_in_live_a_body_that_anyone_may_send_is_warned_of_with_the_setting(
    profile: Profile, name: str, allowed: tuple[str, ...], warned: bool
) -> None:
    spec = registry.source(name)
    source = drivers.make_source(spec, settings.load(None, {registry.section(spec.row): {"allowed": list(allowed)}}))
    found = list(runner.cautions(profile, spec, source))
    assert [f"under [{name}]" in text for text in found] == ([True] if warned else [])


async def test_the_source_says_who_is_heard() -> None:
    spec = registry.source(f"mocopi:{HERE}:{free_port()}")
    source = drivers.make_source(spec, settings.load())
    await source.open(lambda *_: None)
    assert source.sender == ""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.sendto(mocopi_frame(), (HERE, int(spec.arg.rpartition(":")[2])))
    async with asyncio.timeout(5.0):
        while not source.sender:  # noqa: ASYNC110 (a source has no event for this)
            await asyncio.sleep(0.001)
    assert source.sender == HERE
    await source.close()
    assert source.sender == ""


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HERE, 0))
        return int(probe.getsockname()[1])
