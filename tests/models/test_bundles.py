"""What the built bundles hold, and that MediaPipe takes them."""

import hashlib
import zipfile
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
import pytest

from airdeck import models, models_build

# The bundles built with the locked mediapipe and flatbuffers: the same bytes on every machine.
BUILT = {
    "pose": "2d8bad5f217ba4bd934cf8c4890a83e9ac8d27aed2dfd7fd632c58462ca2159f",
    "hand": "76839f622b2923ac8ee857300422283621490de0122425c2313ab8f040a7d100",
}
SHARED = Path(__file__).resolve().parents[3] / "shared" / "models"


def tiny_model(outputs: int) -> bytes:
    """A TFLite file with one image input and `outputs` outputs, and no operator."""
    tflite, _ = models_build._schemas()
    graph = tflite.SubGraphT()
    graph.tensors = [tflite.TensorT() for _ in range(1 + outputs)]
    graph.inputs, graph.outputs = [0], list(range(1, 1 + outputs))
    tree = tflite.ModelT()
    tree.version, tree.subgraphs, tree.buffers = 3, [graph], [tflite.BufferT()]
    builder = flatbuffers.Builder(0)
    builder.Finish(tree.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def metadata_of(model: bytes) -> Any:
    tflite, meta = models_build._schemas()
    tree = tflite.ModelT.InitFromPackedBuf(model, 0)
    entry = next(one for one in tree.metadata if one.name == b"TFLITE_METADATA")
    return meta.ModelMetadataT.InitFromPackedBuf(bytes(tree.buffers[entry.buffer].data), 0)


def cached(name: str) -> Path:
    try:
        return models.find(name)
    except models.ModelMissing as missing:
        pytest.skip(str(missing))


def test_the_metadata_says_that_the_input_is_divided_by_255() -> None:
    graph = metadata_of(models_build.annotate(tiny_model(2), "Tiny", "a test")).subgraphMetadata[0]
    scale = graph.inputTensorMetadata[0].processUnits[0].options
    assert (list(scale.mean), list(scale.std)) == ([0.0], [255.0])


def test_the_metadata_says_that_the_input_is_an_rgb_image() -> None:
    _, meta = models_build._schemas()
    graph = metadata_of(models_build.annotate(tiny_model(2), "Tiny", "a test")).subgraphMetadata[0]
    assert graph.inputTensorMetadata[0].content.contentProperties.colorSpace == meta.ColorSpaceType.RGB


def test_the_metadata_describes_every_output() -> None:
    graph = metadata_of(models_build.annotate(tiny_model(5), "Tiny", "a test")).subgraphMetadata[0]
    assert len(graph.outputTensorMetadata) == 5


@pytest.mark.parametrize("name", BUILT)
def test_a_built_bundle_has_the_known_bytes(name: str) -> None:
    path = cached(name)
    status = next(one for one in models.statuses() if one.name == name)
    if status.source != "built":
        pytest.skip("the cache holds the official file")
    assert hashlib.sha256(path.read_bytes()).hexdigest() == BUILT[name]


@pytest.mark.shared
@pytest.mark.parametrize("name", BUILT)
def test_a_built_bundle_holds_the_files_of_the_checked_copy(name: str) -> None:
    path = cached(name)
    if not (SHARED / path.name).is_file():
        pytest.skip("../shared/models is not there")
    with zipfile.ZipFile(path) as ours, zipfile.ZipFile(SHARED / path.name) as theirs:
        assert [ours.read(part) for part in theirs.namelist()] == [theirs.read(part) for part in theirs.namelist()]


def test_mediapipe_takes_the_pose_bundle_and_sees_nobody_in_a_black_picture() -> None:
    path = cached("pose")
    from mediapipe import Image, ImageFormat
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.PoseLandmarkerOptions(base_options=BaseOptions(model_asset_path=str(path)), num_poses=2)
    with vision.PoseLandmarker.create_from_options(options) as landmarker:
        black = Image(ImageFormat.SRGB, np.zeros((480, 640, 3), np.uint8))
        assert landmarker.detect(black).pose_landmarks == []


def test_mediapipe_takes_the_hand_bundle_and_sees_no_hand_in_a_black_picture() -> None:
    path = cached("hand")
    from mediapipe import Image, ImageFormat
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.HandLandmarkerOptions(base_options=BaseOptions(model_asset_path=str(path)), num_hands=2)
    with vision.HandLandmarker.create_from_options(options) as landmarker:
        black = Image(ImageFormat.SRGB, np.zeros((480, 640, 3), np.uint8))
        assert landmarker.detect(black).hand_landmarks == []
