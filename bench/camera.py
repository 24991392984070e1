"""The camera: our pose worker against a bare MediaPipe loop, its memory, its start and its delay.

    python bench/camera.py [--quick] [--clip FILE]

Same file, same model, same settings, same priority, one process each, in interleaved blocks (ours and the peer take
turns to go first). A block is a run of the file without pacing; loading and the first pictures are not counted.
Prints a JSON object with `rows`.
"""

import argparse
import asyncio
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPO))

from airdeck import models  # noqa: E402
from bridges.sources.camera import CameraSource  # noqa: E402
from bridges.sources.capture_settings import CameraSettings  # noqa: E402
from dynamics.frames import Frame  # noqa: E402

SHARED = REPO.parent / "shared"
SHARED_CLIP = SHARED / "data" / "video" / "emc_white_raises.mp4"
PEER = Path(__file__).with_name("peer_mediapipe.py")
MIN_RATIO = 0.95
SKIP = 10
BLOCKS, BLOCK_PICTURES = 8, 400
QUICK_BLOCKS, QUICK_PICTURES = 6, 100
CHUNK = 10
"""Pictures timed together."""
PACED_PICTURES = 150

Row = dict[str, Any]


def rows(quick: bool = False, clip: Path | None = None) -> list[Row]:
    """The rows of the camera. Raises `airdeck.models.ModelMissing` without the pose model."""
    model = _model()
    with _clip(clip) as video:
        pictures = QUICK_PICTURES if quick else BLOCK_PICTURES
        ours: list[Block] = []
        peer: list[list[float]] = []
        for block in range(QUICK_BLOCKS if quick else BLOCKS):
            turns = [lambda: ours.append(_ours(video, model, pictures)), lambda: peer.append(_peer(video, model, pictures))]
            for turn in turns if block % 2 else reversed(turns):
                turn()
        paced = _ours(video, model, PACED_PICTURES, paced=True)
    return [
        _rate_row([block.stamps_s for block in ours], peer),
        _row("camera.worker_pss", max(block.pss_mb for block in ours), "MB"),
        _row("camera.start_to_ready", statistics.median(block.ready_s for block in ours), "s"),
        _row("camera.inference_p50", statistics.median(paced.infer_ms), "ms"),
        _row("camera.capture_to_deck_beyond_inference_p50", statistics.median(paced.beyond_ms or [float("nan")]), "ms"),
    ]


class Block:
    """One run of our source over the file."""

    def __init__(self) -> None:
        self.ready_s = 0.0
        self.stamps_s: list[float] = []
        self.pss_mb = float("nan")
        self.infer_ms: list[float] = []
        self.beyond_ms: list[float] = []
        self.last_recv_ns = 0


def _ours(video: Path, model: Path, pictures: int, paced: bool = False) -> Block:
    return asyncio.run(_run_source(CameraSource(CameraSettings(device=str(video), unthrottled=not paced), model), pictures))


async def _run_source(source: CameraSource, pictures: int) -> Block:
    block, stamps = Block(), list[float]()
    done = asyncio.Event()

    def deliver(_stream: str, frame: Frame) -> None:
        stamps.append(time.perf_counter())
        block.infer_ms.append(source.infer_us / 1e3)
        if frame.capture_ns > block.last_recv_ns:  # it did not wait for the inference before it
            block.beyond_ms.append((frame.recv_ns - frame.capture_ns) / 1e6 - source.infer_us / 1e3)
        block.last_recv_ns = frame.recv_ns
        if len(stamps) == SKIP + pictures:
            block.pss_mb = _pss_mb(source.worker_pid)
            done.set()

    started = time.perf_counter()
    await source.open(deliver)
    block.ready_s = time.perf_counter() - started
    source.start_playback()
    while not (done.is_set() or source.finished):  # noqa: ASYNC110 - either may come
        await asyncio.sleep(0.05)
    await source.close()
    block.stamps_s = stamps[SKIP - 1 :]
    del block.infer_ms[:SKIP]
    return block


def _peer(video: Path, model: Path, pictures: int) -> list[float]:
    argv = [sys.executable, str(PEER), str(video), str(model), str(SKIP), str(pictures)]
    return [float(s) for s in json.loads(subprocess.run(argv, capture_output=True, text=True, check=True, timeout=600).stdout)]


def _rate(blocks: list[list[float]]) -> float:
    """Pictures per second of the median chunk of all blocks: what else the machine did does not decide."""
    chunks = [(at + CHUNK, block) for block in blocks for at in range(0, len(block) - CHUNK, CHUNK)]
    return CHUNK / statistics.median(block[end] - block[end - CHUNK] for end, block in chunks)


def _rate_row(ours_s: list[list[float]], peer_s: list[list[float]]) -> Row:
    ours, peer = _rate(ours_s), _rate(peer_s)
    ratio = ours / peer
    return {
        "name": "camera.pictures_per_second",
        "value": round(ours, 2),
        "unit": "1/s",
        "peer": "bare MediaPipe loop",
        "peer_value": round(peer, 2),
        "ratio": round(ratio, 3),
        "allowed": f">= {MIN_RATIO}",
        "ok": ratio >= MIN_RATIO,
    }


def _row(name: str, value: float, unit: str) -> Row:
    """A figure without a limit of its own."""
    return {
        "name": name,
        "value": None if math.isnan(value) else round(value, 2),
        "unit": unit,
        "peer": "",
        "peer_value": None,
        "ratio": None,
        "allowed": "",
        "ok": True,
    }


def _pss_mb(pid: int) -> float:
    """Proportional memory of a process; NaN where the system does not tell."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return float("nan")
    return next(float(line.split()[1]) / 1024 for line in lines if line.startswith("Pss:"))


def _model() -> Path:
    ready_made = SHARED / "models" / "pose_landmarker_full.task"
    return ready_made if ready_made.is_file() else models.find("pose")


@contextmanager
def _clip(given: Path | None) -> Iterator[Path]:
    """The clip asked for, a real one, or a made one with nobody in it."""
    if given or SHARED_CLIP.is_file():
        yield given or SHARED_CLIP
        return
    with tempfile.TemporaryDirectory() as folder:
        yield _make_clip(Path(folder) / "made.avi")


def _make_clip(path: Path) -> Path:
    import cv2
    import numpy as np

    rng = np.random.default_rng(1)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 30.0, (640, 480))
    for _ in range(SKIP + BLOCK_PICTURES + 1):
        small = rng.integers(0, 255, (48, 64, 3), dtype=np.uint8)
        writer.write(cv2.resize(small, (640, 480)))
    writer.release()
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="fewer and shorter blocks")
    parser.add_argument("--clip", type=Path, help="a video of at least 410 pictures")
    told = parser.parse_args()
    found = rows(told.quick, told.clip)
    print(json.dumps({"rows": found}, indent=1))
    sys.exit(0 if all(row["ok"] for row in found) else 1)


if __name__ == "__main__":
    main()
