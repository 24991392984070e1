"""The straightforward script: python-osc's server takes the bundle apart, NumPy makes the numbers, a loop looks for gestures, a
few ifs are the gate, a JSON line is the log, mido sends the note. One process, one loop, no classes but the builder.

    python -m bench.peers.straightforward BACKEND

Prints its UDP port; when its standard input ends, prints a JSON object with `events`: the number of the frame and when
mido had sent its note, in monotonic nanoseconds. The vector is logged after that, as our recorder's thread does it.
"""

import json
import sys
import tempfile
import threading
import time

import mido
import numpy as np
from pythonosc.dispatcher import Dispatcher
from pythonosc.osc_server import BlockingOSCUDPServer

from bench.peers.build_numpy import NumpyBuilder
from bench.waving import ROWS, SLACK
from dynamics.schema import INDEX, TABLE
from dynamics.skeleton import MOCOPI_NAMES

BONES = {name: number for number, name in enumerate(MOCOPI_NAMES)}
QUALIFIERS = (("trunk_roll", 0.55), ("trunk_pitch", 1.0), ("trunk_yaw", 0.8))
MIN_SEEN = 0.6
STALE_S = 0.25


def main(backend: str) -> None:
    output = mido.Backend(backend).open_output("Straightforward", virtual=True)
    quat, place, root = np.zeros((27, 4)), np.zeros((27, 3)), np.zeros(3)
    builder, events = NumpyBuilder(), []
    state = {row.name: "idle" for row in ROWS}
    fired_s = dict.fromkeys(state, 0.0)
    log = tempfile.TemporaryFile("w")  # noqa: SIM115 (open for as long as the script runs)

    def on_bone(_address, name, *numbers):
        bone = BONES[name]
        place[bone], quat[bone] = numbers[:3], numbers[3:7]

    def on_time(_address, number):
        started_s = time.monotonic()
        root[:], offset = place[0], place.copy()
        offset[0] = 0.0
        builder.on_mocap(quat, offset, root, started_s)
        vector = builder.vector
        for row in ROWS:
            if not detect(row, vector, state):
                continue
            decision = gate(row, vector, started_s, fired_s)
            log.write(json.dumps(decision) + "\n")
            log.flush()
            if decision["permitted"]:
                note = mido.Message("note_on", note=0x20 + ROWS.index(row), velocity=127)
                output.send(note)
                events.append((int(number), time.monotonic_ns()))
        log.write(json.dumps({"t": started_s, "vector": [round(float(x), 5) for x in vector]}) + "\n")

    dispatcher = Dispatcher()
    dispatcher.map("/VMC/Ext/Bone/Pos", on_bone)
    dispatcher.map("/VMC/Ext/T", on_time)
    server = BlockingOSCUDPServer(("127.0.0.1", 0), dispatcher)
    print(json.dumps({"port": server.server_address[1]}), flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), server.shutdown()), daemon=True).start()
    server.serve_forever()
    print(json.dumps({"events": events}), flush=True)


def detect(row, vector, state) -> bool:
    """True when the gesture completes: inside its bounds for two frames."""
    height = vector[INDEX[f"{row.side[0]}_wrist_y"]]
    entered = height > row.level if row.above else height < row.level
    left = height < row.level - SLACK if row.above else height > row.level + SLACK
    upright = all(abs(vector[INDEX[name]]) < limit for name, limit in QUALIFIERS)
    seen = vector[INDEX[f"conf_{row.side[0]}_wrist"]] > MIN_SEEN and vector[INDEX["head_seen"]] > MIN_SEEN
    if state[row.name] == "idle":
        state[row.name] = "holding" if entered and upright and seen else "idle"
        return False
    if left or not upright or not seen:
        state[row.name] = "idle"
        return False
    completed = state[row.name] == "holding"
    state[row.name] = "fired"
    return completed


def gate(row, vector, now_s, fired_s) -> dict:
    """The decision as the log has it."""
    reasons = []
    if not np.isfinite(vector).all():
        reasons.append("vector")
    if vector[INDEX["performer_lock"]] < MIN_SEEN:
        reasons.append("performer")
    if now_s - fired_s[row.name] < 0.0:
        reasons.append("cooldown")
    if time.monotonic() - now_s > STALE_S:
        reasons.append("stale")
    if not reasons:
        fired_s[row.name] = now_s
    evidence = {TABLE[i].name: float(vector[i]) for i in (1, 4, 14, 15, 16)}
    return {
        "t": now_s,
        "gesture": row.name,
        "evidence": evidence,
        "reasons": reasons,
        "permitted": not reasons,
    }


if __name__ == "__main__":
    main(sys.argv[1])
