"""The model cache: listed, fetched once, verified ever after, from a real server or built from a real wheel."""

import hashlib
import io
import json
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from airdeck import models, models_build
from airdeck.models import FetchFailed, Model, ModelMissing
from airdeck.models_build import Part

WEIGHTS = b"weights of a small model"
TAG = "cp312-cp312-manylinux_2_28_x86_64"
IN_WHEEL = "mediapipe/modules/small.tflite"
UNREACHABLE = "http://127.0.0.1:9/small.task"  # the discard port: nothing answers


def small(url: str, sha256: str = hashlib.sha256(WEIGHTS).hexdigest()) -> Model:
    return Model("small", "small.task", url, (Part("small.tflite", IN_WHEEL, sha256),))


def official(text: bytes = b"official") -> bytes:
    return models_build.bundle({"small.tflite": text})


class Server(ThreadingHTTPServer):
    """Answers every request with `body`, and counts."""

    body = official()
    status = 200
    asked = 0


class Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        server.asked += 1
        self.send_response(server.status)
        self.end_headers()
        self.wfile.write(server.body)

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Answer) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a pip that finds nothing."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    (tmp_path / "wheels").mkdir()
    return tmp_path / "cache" / "airdeck" / "models"


@pytest.fixture
def online(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The table holds one small model, whose official address is the server's."""
    monkeypatch.setattr(models, "MODELS", (small(f"http://127.0.0.1:{server.server_port}/small.task"),))
    return server


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table holds one small model, whose official address does not answer; the first pip is the only one."""
    monkeypatch.setattr(models, "MODELS", (small(UNREACHABLE),))
    monkeypatch.setenv("PATH", "")


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A wheel with the small model that pip finds, pinned by its hash."""
    path = tmp_path / "wheels" / f"mediapipe-0.10.21-{TAG}.whl"
    info = "mediapipe-0.10.21.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(IN_WHEEL, WEIGHTS)
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: mediapipe\nVersion: 0.10.21\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp312-cp312-manylinux_2_28_x86_64\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    monkeypatch.setattr(models_build, "WHEEL_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    return path


def test_an_empty_cache_lists_every_model_as_missing() -> None:
    assert [(one.name, one.state) for one in models.statuses()] == [("pose", "missing"), ("hand", "missing")]


def test_a_missing_model_is_an_error_that_names_the_mending_command() -> None:
    with pytest.raises(ModelMissing, match="the pose model is not in the cache: run `airdeck models fetch`"):
        models.find("pose")


def test_an_unknown_model_is_an_error_that_names_those_there_are() -> None:
    with pytest.raises(KeyError, match="pose, hand"):
        models.find("face")


def test_the_official_file_is_stored_as_it_came(online: Server) -> None:
    models.fetch()
    assert models.find("small").read_bytes() == online.body


def test_the_hash_of_the_first_fetch_is_recorded_beside_the_file(online: Server, cache: Path) -> None:
    models.fetch()
    sha256 = hashlib.sha256(online.body).hexdigest()
    assert json.loads((cache / "small.task.json").read_text()) == {"source": "official", "official": sha256}


@pytest.mark.usefixtures("cache")
def test_a_model_that_is_there_is_not_asked_for_again(online: Server) -> None:
    models.fetch()
    models.fetch()
    assert online.asked == 1


def test_a_changed_file_is_found_out(online: Server, cache: Path) -> None:
    models.fetch()
    (cache / "small.task").write_bytes(b"something else")
    with pytest.raises(ModelMissing, match="has changed since it was fetched"):
        models.find("small")


def test_fetching_mends_a_changed_file(online: Server, cache: Path) -> None:
    models.fetch()
    (cache / "small.task").write_bytes(b"something else")
    assert [one.state for one in models.fetch()] == ["ready"]


def test_a_file_without_its_record_is_not_trusted(online: Server, cache: Path) -> None:
    models.fetch()
    (cache / "small.task.json").unlink()
    assert [one.state for one in models.statuses()] == ["changed"]


def test_an_official_file_that_is_not_the_first_one_is_refused(online: Server) -> None:
    models.fetch()
    first = online.body
    online.body = official(b"tampered")
    with pytest.raises(FetchFailed, match="at its first fetch"):
        models.fetch(again=True)
    assert models.find("small").read_bytes() == first


@pytest.mark.parametrize("body", [b"<html>Log in to this network</html>", models_build.bundle({"other.tflite": b""}), b""])
@pytest.mark.usefixtures("wheel")
def test_an_answer_that_is_no_bundle_is_not_stored(online: Server, body: bytes) -> None:
    online.body = body
    assert [one.source for one in models.fetch()] == ["built"]


@pytest.mark.usefixtures("wheel")
def test_an_error_page_is_not_stored(online: Server) -> None:
    online.status = 404
    assert [one.source for one in models.fetch()] == ["built"]


@pytest.mark.usefixtures("wheel")
def test_an_endless_answer_is_cut_off(online: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "SIZE_LIMIT_BYTES", len(online.body) - 1)
    assert [one.source for one in models.fetch()] == ["built"]


@pytest.mark.usefixtures("offline", "wheel")
def test_without_the_network_the_bundle_is_built_from_the_wheel() -> None:
    models.fetch()
    with zipfile.ZipFile(models.find("small")) as archive:
        assert archive.read("small.tflite") == WEIGHTS


@pytest.mark.usefixtures("offline", "wheel")
def test_building_twice_gives_the_same_bytes() -> None:
    models.fetch()
    first = models.find("small").read_bytes()
    models.fetch(again=True)
    assert models.find("small").read_bytes() == first


@pytest.mark.usefixtures("offline")
def test_another_wheel_is_refused(wheel: Path) -> None:
    wheel.write_bytes(wheel.read_bytes() + b"\0")
    with pytest.raises(FetchFailed, match="is not the known file"):
        models.fetch()


@pytest.mark.usefixtures("wheel")
def test_another_model_in_the_wheel_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "MODELS", (small(UNREACHABLE, sha256="0" * 64),))
    with pytest.raises(FetchFailed, match=r"small\.tflite is not the known file"):
        models.fetch()


@pytest.mark.usefixtures("offline")
def test_when_no_way_works_the_error_names_both_and_says_what_to_do(cache: Path) -> None:
    with pytest.raises(FetchFailed) as failure:
        models.fetch()
    assert all(words in str(failure.value) for words in (UNREACHABLE, "no pip could download", "Connect", str(cache)))


@pytest.mark.usefixtures("offline")
def test_a_fetch_that_failed_leaves_no_file(cache: Path) -> None:
    with pytest.raises(FetchFailed):
        models.fetch()
    assert [path.name for path in cache.iterdir()] == [".lock"]


def test_two_fetches_at_once_download_once(online: Server) -> None:
    code = (
        "import sys; from airdeck import models; from airdeck.models_build import Part\n"
        "models.MODELS = (models.Model('small', 'small.task', sys.argv[1], (Part('small.tflite', '', ''),)),)\n"
        "print(models.fetch()[0].state)"
    )
    command = [sys.executable, "-c", code, models.MODELS[0].url]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [one.communicate(timeout=60)[0].strip() for one in both] == ["ready", "ready"]
    assert online.asked == 1


def test_a_bundle_is_stored_uncompressed_with_a_fixed_date() -> None:
    with zipfile.ZipFile(io.BytesIO(models_build.bundle({"a": b"1", "b": b"2"}))) as archive:
        facts = {(entry.filename, entry.compress_type, entry.date_time[0]) for entry in archive.infolist()}
    assert facts == {("a", zipfile.ZIP_STORED, 1980), ("b", zipfile.ZIP_STORED, 1980)}
