"""The pose and hand models in the user's cache: listed, fetched once, verified ever after."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from . import paths
from .exits import MissingError
from .lockfile import LockTimeout, held
from .models_build import BuildError, Part, build, take_wheel

if TYPE_CHECKING:
    import ssl

CONNECT_LIMIT_S = 5.0  # a stage without network should hear so soon
DOWNLOAD_LIMIT_S = 120.0  # 9 MB over a slow line; a guess
SIZE_LIMIT_BYTES = 64 << 20  # seven times the largest model
LOCK_LIMIT_S = 600.0  # another fetch on a slow line

OFFICIAL = "https://storage.googleapis.com/mediapipe-models"
FETCH = "airdeck models fetch"

Source = Literal["official", "built"]
State = Literal["ready", "missing", "changed"]


@dataclass(frozen=True, slots=True)
class Model:
    """One bundle: its name, its file in the cache, its official address, and the parts to build it from."""

    name: str
    file: str
    url: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """What the cache holds of one model; `sha256` and `source` are those recorded when it was fetched."""

    name: str
    file: str
    path: Path
    state: State
    source: str = ""
    sha256: str = ""
    size_bytes: int = 0


class ModelMissing(MissingError):  # noqa: N818
    """A model is not in the cache, or is not what was fetched; the text names the command that mends it."""


class FetchFailed(MissingError):  # noqa: N818
    """Neither way gave a model; the text says why and what to do."""


_IN_WHEEL = "mediapipe/modules"
MODELS: tuple[Model, ...] = (
    Model(
        "pose",
        "pose_landmarker_full.task",
        f"{OFFICIAL}/pose_landmarker/pose_landmarker_full/float16/latest/pose_landmarker_full.task",
        (
            Part(
                "pose_detector.tflite",
                f"{_IN_WHEEL}/pose_detection/pose_detection.tflite",
                "9ba9dd3d42efaaba86b4ff0122b06f29c4122e756b329d89dca1e297fd8f866c",
            ),
            Part(
                "pose_landmarks_detector.tflite",
                f"{_IN_WHEEL}/pose_landmark/pose_landmark_full.tflite",
                "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f",
                title="PoseLandmarkFull",
                description="pose landmarks",
            ),
        ),
    ),
    Model(
        "hand",
        "hand_landmarker.task",
        f"{OFFICIAL}/hand_landmarker/hand_landmarker/float16/latest/hand_landmarker.task",
        (
            Part(
                "hand_detector.tflite",
                f"{_IN_WHEEL}/palm_detection/palm_detection_full.tflite",
                "1b14e9422c6ad006cde6581a46c8b90dd573c07ab7f3934b5589e7cea3f89a54",
            ),
            Part(
                "hand_landmarks_detector.tflite",
                f"{_IN_WHEEL}/hand_landmark/hand_landmark_full.tflite",
                "11c272b891e1a99ab034208e23937a8008388cf11ed2a9d776ed3d01d0ba00e3",
            ),
        ),
    ),
)


def cache_dir() -> Path:
    """The folder of the model files."""
    return paths.cache_dir() / "models"


def find(name: str) -> Path:
    """The verified file of model `name`. ModelMissing when there is none or it has changed; KeyError for no such model."""
    status = check(_model(name))
    if status.state == "ready":
        return status.path
    what = "is not in the cache" if status.state == "missing" else f"has changed since it was fetched ({status.path})"
    raise ModelMissing(f"the {name} model {what}: run `{FETCH}`")


def statuses() -> list[ModelStatus]:
    """Every model of the table, verified against the hash of its first fetch."""
    return [check(model) for model in MODELS]


def fetch(
    names: Iterable[str] = (), *, again: bool = False, say: Callable[[str], None] = lambda _line: None
) -> list[ModelStatus]:
    """Bring the named models (all, if none is named) into the cache, from the official address or else built.

    `again` replaces those already there. FetchFailed when neither way works; KeyError for no such model.
    """
    wanted = [_model(name) for name in names] or list(MODELS)
    cache_dir().mkdir(parents=True, exist_ok=True)
    try:
        with held(cache_dir() / ".lock", LOCK_LIMIT_S):
            _fetch_lacking([model for model in wanted if again or check(model).state != "ready"], say)
    except LockTimeout as late:
        raise FetchFailed(f"another `{FETCH}` runs: {late}") from late
    return [check(model) for model in wanted]


def check(model: Model) -> ModelStatus:
    """What the cache holds of `model`."""
    path = cache_dir() / model.file
    known = _record(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ModelStatus(model.name, model.file, path, "missing")
    sha256, source = hashlib.sha256(data).hexdigest(), str(known.get("source", ""))
    state: State = "ready" if sha256 == known.get(source) else "changed"
    return ModelStatus(model.name, model.file, path, state, source, str(known.get(source, "")), len(data))


def _fetch_lacking(lacking: list[Model], say: Callable[[str], None]) -> None:
    refused = {model.name: _fetch_official(model, say) for model in lacking}
    if to_build := [model for model in lacking if refused[model.name]]:
        _build_all(to_build, refused, say)


def _fetch_official(model: Model, say: Callable[[str], None]) -> str:
    """Store the official file; the reason when that did not work, else nothing."""
    say(f"{model.file}: asking {model.url}")
    try:
        data = _download(model.url)
        _check_bundle(model, data)
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        return f"{model.url}: {error}"
    _store(model, data, "official", say)
    return ""


def _build_all(models: list[Model], refused: dict[str, str], say: Callable[[str], None]) -> None:
    say("not reachable: building from the models inside the official mediapipe 0.10.21 wheel (36 MB)")
    with tempfile.TemporaryDirectory(prefix="airdeck-models-") as folder:
        try:
            wheel = take_wheel(Path(folder))
            for model in models:
                _store(model, build(model.parts, wheel), "built", say)
        except (BuildError, OSError, KeyError, zipfile.BadZipFile) as error:
            raise FetchFailed(_advice(models, refused, error)) from error


def _advice(models: list[Model], refused: dict[str, str], error: Exception) -> str:
    names = " ".join(model.name for model in models)
    tried = "\n".join(f"  {refused[model.name]}" for model in models)
    return (
        f"no model could be fetched for: {names}\n{tried}\n  {error}\n"
        f"Connect this machine to the network once and run `{FETCH}` again,"
        f" or copy the folder {cache_dir()} from a machine where it worked."
    )


def _download(url: str) -> bytes:
    """The body at `url`. OSError on no answer, ValueError when it is too large or too slow."""
    import urllib.request

    deadline_s = time.monotonic() + DOWNLOAD_LIMIT_S
    chunks, size = [], 0
    with urllib.request.urlopen(url, timeout=CONNECT_LIMIT_S, context=_trust()) as answer:
        while chunk := answer.read(1 << 16):
            chunks.append(chunk)
            size += len(chunk)
            if size > SIZE_LIMIT_BYTES:
                raise ValueError(f"more than {SIZE_LIMIT_BYTES} bytes")
            if time.monotonic() > deadline_s:
                raise ValueError(f"not done after {DOWNLOAD_LIMIT_S:.0f} s")
    return b"".join(chunks)


def _trust() -> ssl.SSLContext:
    import ssl

    context = ssl.create_default_context()
    try:
        import certifi  # python.org's macOS builds come without root certificates
    except ImportError:
        return context
    context.load_verify_locations(certifi.where())
    return context


def _check_bundle(model: Model, data: bytes) -> None:
    """ValueError or BadZipFile unless `data` is a bundle with the parts of `model`: a login page is none."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        lacking = {part.name for part in model.parts} - set(archive.namelist())
        broken = archive.testzip()
    if lacking or broken:
        raise ValueError(f"not a {model.name} bundle (without {', '.join(sorted(lacking)) or broken})")


def _store(model: Model, data: bytes, source: Source, say: Callable[[str], None]) -> None:
    """Put `data` and its hash into the cache. FetchFailed when this source gave other bytes before."""
    path, sha256 = cache_dir() / model.file, hashlib.sha256(data).hexdigest()
    known = _record(path)
    if known.get(source, sha256) != sha256:
        raise FetchFailed(
            f"{model.file}: the {source} file has SHA-256 {sha256}, but {known[source]} at its first fetch;"
            f" to accept the new one, delete {_record_path(path)} and run `{FETCH}`"
        )
    _write(path, data)
    _write(_record_path(path), json.dumps({**known, "source": source, source: sha256}, indent=1).encode())
    say(f"{model.file}: {source}, {len(data)} bytes, SHA-256 {sha256}")


def _record(path: Path) -> dict[str, str]:
    """Source of the cached file, and per source the hash at its first fetch."""
    try:
        known = json.loads(_record_path(path).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _record_path(path: Path) -> Path:
    return path.with_name(path.name + ".json")


def _write(path: Path, data: bytes) -> None:
    """Replace `path` in one act: readers see the old file or the new one."""
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    partial.replace(path)


def _model(name: str) -> Model:
    for model in MODELS:
        if model.name == name:
            return model
    raise KeyError(f"no model is called {name!r}: there are {', '.join(model.name for model in MODELS)}")
