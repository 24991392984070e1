"""The process that sees pictures: `python -m bridges.sources.pose_worker --options JSON --ipc FD`.

It gives up the network first and loads cv2 and mediapipe only then; its turn it gives up once they are loaded.
"""

import argparse
import contextlib
import os
import signal
import socket

from bridges.ipc import IPC_FLAG, child_socket, die_with_parent

from .sandbox import seal_network


def main() -> None:
    """Run until the pictures end, the deck goes, or something fails; the deck is told which."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group: the deck decides
    parser = argparse.ArgumentParser(prog="pose_worker")
    parser.add_argument("--options", required=True)
    parser.add_argument(IPC_FLAG, required=True)
    told = parser.parse_args()
    with child_socket(told.ipc) as sock:
        unsealed = seal_network()
        try:
            _work(told.options, sock, unsealed)
        except ConnectionError:
            pass  # the deck is gone
        except Exception as error:  # noqa: BLE001 - the process's last word has to reach the deck
            _tell(sock, f"{error}" or type(error).__name__)
    os._exit(0)  # nothing to save, and mediapipe's own farewell takes a while


def _work(options: str, sock: socket.socket, unsealed: str) -> None:
    from . import pose_loop
    from .capture_settings import from_argument

    pose_loop.run(from_argument(options), sock, unsealed)


def _tell(sock: socket.socket, why: str) -> None:
    from .pose_wire import Header, MessageKind, encode

    with contextlib.suppress(OSError):
        sock.sendall(encode(Header(MessageKind.ERROR), why.encode()))


if __name__ == "__main__":
    main()
