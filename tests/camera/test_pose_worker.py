"""The pose worker as a process: what it gives up, and when it goes."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pictures import PATIENCE_S, black, noise

from bridges.ipc import spawn_child
from bridges.sources.capture_settings import CameraSettings, WorkerOptions, to_argument
from bridges.sources.pose_wire import Decoder, Flag, Header, Message, MessageKind, encode

MakeVideo = Callable[..., Path]
WORKER = "bridges.sources.pose_worker"


def messages_of(sock: socket.socket) -> Iterator[Message]:
    sock.settimeout(PATIENCE_S)
    decoder = Decoder()
    while data := sock.recv(1 << 16):
        yield from decoder.feed(data)


def argument(video: Path, model: Path, unthrottled: bool = False) -> list[str]:
    options = WorkerOptions(CameraSettings(unthrottled=unthrottled), file=str(video), pose_model=str(model))
    return ["--options", to_argument(options)]


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_gone(pid: int) -> bool:
    deadline = time.monotonic() + PATIENCE_S
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not is_running(pid)


def test_it_says_ready_and_waits_for_play_before_the_first_picture(make_video: MakeVideo, pose_model: Path) -> None:
    process, sock = spawn_child(WORKER, argument(make_video(noise(3)), pose_model))
    with sock, process:
        messages = messages_of(sock)
        ready = next(messages)
        assert (ready.header.kind, ready.header.fps, ready.header.width_px) == (MessageKind.READY, 30.0, 160)
        epoch_ns = time.monotonic_ns()
        sock.sendall(encode(Header(MessageKind.PLAY, capture_ns=epoch_ns)))
        assert next(messages).header.capture_ns >= epoch_ns
        assert [*messages][-1].header.kind is MessageKind.END


def test_dark_pictures_are_dropped_before_inference(make_video: MakeVideo, pose_model: Path) -> None:
    process, sock = spawn_child(WORKER, argument(make_video([*noise(8), *black(8)]), pose_model, unthrottled=True))
    with sock, process:
        sock.sendall(encode(Header(MessageKind.PLAY, capture_ns=1)))
        took_us: dict[MessageKind, list[int]] = {}
        for message in messages_of(sock):
            took_us.setdefault(message.header.kind, []).append(message.header.infer_us)
    assert min(took_us[MessageKind.DARK]) < min(took_us[MessageKind.POSE]) / 20


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp and SCHED_IDLE are Linux")
def test_every_thread_of_it_is_sealed_and_idle(make_video: MakeVideo, pose_model: Path) -> None:
    process, sock = spawn_child(WORKER, argument(make_video(noise(3)), pose_model))
    with sock, process:
        ready = next(messages_of(sock))
        tasks = [*Path(f"/proc/{process.pid}/task").iterdir()]
        sealed = [("Seccomp:\t2" in (task / "status").read_text()) for task in tasks]
        idle = [os.sched_getscheduler(int(task.name)) == os.SCHED_IDLE for task in tasks]
        sock.close()
        process.wait(PATIENCE_S)
    assert ready.header.flags == Flag.SEALED | Flag.LOW_PRIORITY
    assert len(tasks) > 1 and all(sealed) and all(idle)


def test_it_leaves_when_the_deck_hangs_up(make_video: MakeVideo, pose_model: Path) -> None:
    process, sock = spawn_child(WORKER, argument(make_video(noise(300)), pose_model))
    with process:
        next(messages_of(sock))
        in_an_hour_ns = time.monotonic_ns() + 3600 * 10**9
        sock.sendall(encode(Header(MessageKind.PLAY, capture_ns=in_an_hour_ns)))  # it has nothing to say until then
        sock.close()
        try:
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_it_dies_with_its_parent(make_video: MakeVideo, pose_model: Path) -> None:
    code = f"""
import sys, time
from bridges.ipc import spawn_child
process, sock = spawn_child({WORKER!r}, {argument(make_video(noise(3)), pose_model)!r})
sock.recv(1)
print(process.pid, flush=True)
time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        os.kill(pid, signal.SIGSTOP)  # it cannot even notice the closed socket
        parent.send_signal(signal.SIGKILL)
        parent.wait(PATIENCE_S)
        assert wait_gone(pid)


def test_a_model_that_does_not_load_is_its_last_word(make_video: MakeVideo, tmp_path: Path) -> None:
    (tmp_path / "bad.task").write_bytes(b"no model")
    process, sock = spawn_child(WORKER, argument(make_video(noise(3)), tmp_path / "bad.task"))
    with sock, process:
        (last,) = messages_of(sock)
        assert last.header.kind is MessageKind.ERROR
        assert "airdeck models verify" in last.text and "bad.task" in last.text


def test_a_socket_pair_reaches_the_child() -> None:
    process, sock = spawn_child("timeit", ["-n1", "-r1", "pass"])
    with sock, process:
        assert sock.recv(1) == b""  # its end closed when it ended: nobody else holds it
