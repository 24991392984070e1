"""Builds the pose and hand bundles from the model files inside an official mediapipe wheel, without installing it."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The last wheel that holds the models. Any platform's wheel holds the same ones; one is named so that its hash can be.
WHEEL = "mediapipe==0.10.21"
WHEEL_TAGS = ("--python-version", "3.12", "--platform", "manylinux_2_28_x86_64")
WHEEL_SHA256 = "956eb1ebc275c629e61b085b2cab89c3a5b9e93bad1bb107348d98dafb5a4bb5"
DOWNLOAD_LIMIT_S = 300.0  # 36 MB over a slow line; a guess

FIXED_DATE = (1980, 1, 1, 0, 0, 0)  # the first a zip can name, so that the same models give the same bytes


class BuildError(Exception):
    """The bundles cannot be built here; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Part:
    """One file of a bundle: its name there, its place and hash in the wheel, and the names its metadata gives."""

    name: str
    in_wheel: str
    sha256: str
    title: str = ""  # when set, image metadata is added under this name
    description: str = ""


def build(parts: tuple[Part, ...], wheel: Path) -> bytes:
    """The bundle of `parts` from `wheel`: the same bytes every time. BuildError when a part is not the known one."""
    files = {}
    with zipfile.ZipFile(wheel) as archive:
        for part in parts:
            data = archive.read(part.in_wheel)
            _check(part.in_wheel, data, part.sha256)
            files[part.name] = annotate(data, part.title, part.description) if part.title else data
    return bundle(files)


def take_wheel(folder: Path) -> Path:
    """Download the wheel into `folder` with the first pip that works, and check its hash. BuildError otherwise."""
    problems = []
    for pip in _pips():
        command = [*pip, "download", WHEEL, "--no-deps", "--only-binary=:all:", *WHEEL_TAGS, "--dest", str(folder)]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=DOWNLOAD_LIMIT_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            problems.append(f"{' '.join(pip)}: {error}")
            continue
        wheels = list(folder.glob("*.whl"))
        if done.returncode == 0 and wheels:
            _check(wheels[0].name, wheels[0].read_bytes(), WHEEL_SHA256)
            return wheels[0]
        problems.append(f"{' '.join(pip)}: {_last_line(done.stderr)}")
    raise BuildError(f"no pip could download {WHEEL}: " + "; ".join(problems))


def annotate(model: bytes, title: str, description: str) -> bytes:
    """`model` (a TFLite file) with the metadata that says its input is an RGB image divided by 255."""
    import flatbuffers
    import numpy as np

    tflite, _ = _schemas()
    tree = tflite.ModelT.InitFromPackedBuf(model, 0)
    buffer = tflite.BufferT()
    buffer.data = np.frombuffer(_metadata(title, description, len(tree.subgraphs[0].outputs)), np.uint8)
    tree.buffers.append(buffer)
    entry = tflite.MetadataT()
    entry.name, entry.buffer = "TFLITE_METADATA", len(tree.buffers) - 1
    tree.metadata = [*(tree.metadata or []), entry]
    builder = flatbuffers.Builder(len(model))
    builder.Finish(tree.Pack(builder), b"TFL3")
    return _with_empty_zip(bytes(builder.Output()))


def bundle(files: dict[str, bytes]) -> bytes:
    """A stored (not compressed) zip of `files`, in their order and with one fixed date."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, FIXED_DATE)
            entry.create_system, entry.external_attr = 3, 0o644 << 16  # the same on Windows
            archive.writestr(entry, data)
    return out.getvalue()


def _with_empty_zip(model: bytes) -> bytes:
    """Models with metadata end in a zip of their associated files: here the end record of an empty one at this offset."""
    return model + b"PK\x05\x06" + bytes(12) + len(model).to_bytes(4, "little") + bytes(2)


def _metadata(title: str, description: str, outputs: int) -> bytes:
    import flatbuffers

    _, meta = _schemas()
    scale = _filled(meta.NormalizationOptionsT(), mean=[0.0], std=[255.0])
    step = _filled(meta.ProcessUnitT(), optionsType=meta.ProcessUnitOptions.NormalizationOptions, options=scale)
    colour = _filled(meta.ImagePropertiesT(), colorSpace=meta.ColorSpaceType.RGB)
    content = _filled(meta.ContentT(), contentPropertiesType=meta.ContentProperties.ImageProperties, contentProperties=colour)
    image = _filled(
        meta.TensorMetadataT(),
        name="image",
        description="Input image to be processed.",
        content=content,
        processUnits=[step],
        stats=_filled(meta.StatsT(), min=[0.0], max=[1.0]),
    )
    features = [_filled(meta.TensorMetadataT(), name="Identity") for _ in range(outputs)]
    graph = _filled(meta.SubGraphMetadataT(), inputTensorMetadata=[image], outputTensorMetadata=features)
    whole = _filled(
        meta.ModelMetadataT(), name=title, description=description, subgraphMetadata=[graph], minParserVersion="1.0.0"
    )
    builder = flatbuffers.Builder(0)
    builder.Finish(whole.Pack(builder), b"M001")
    return bytes(builder.Output())


def _filled(record: Any, **fields: object) -> Any:
    for name, value in fields.items():
        setattr(record, name, value)
    return record


def _schemas() -> tuple[Any, Any]:
    """The flatbuffer classes of TFLite models and of their metadata, loaded by path: mediapipe itself is not imported."""
    spec = importlib.util.find_spec("mediapipe")
    if spec is None or spec.origin is None:
        raise BuildError("mediapipe is not installed: install airdeck with its dependencies")
    folder = Path(spec.origin).parent / "tasks" / "metadata"
    return _load(folder / "schema_py_generated.py"), _load(folder / "metadata_schema_py_generated.py")


def _load(path: Path) -> Any:
    name = f"airdeck_{path.stem}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise BuildError(f"the installed mediapipe has no {path.name}: install mediapipe 1.2")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[name] = module
    return module


def _pips() -> list[list[str]]:
    """Ways to call pip: this environment's own, uv's (a tool environment has no pip), the system's."""
    own = [[sys.executable, "-m", "pip"]] if importlib.util.find_spec("pip") else []
    uv = [[found, "tool", "run", "pip"]] if (found := shutil.which("uv")) else []
    system = [[found, "-m", "pip"] for name in ("python3", "py", "python") if (found := shutil.which(name))]
    return own + uv + system


def _check(what: str, data: bytes, sha256: str) -> None:
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise BuildError(f"{what} is not the known file: SHA-256 {found}, expected {sha256}")


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no message"
