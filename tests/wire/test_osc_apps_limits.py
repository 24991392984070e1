"""How much of one datagram of the OSC apps is read."""

import pytest

from bridges.wire.osc import OscError
from bridges.wire.osc_apps import MAX_BYTES, MAX_READINGS, OscAppError, OscAppsDecoder
from tests.wire import packets as p
from tests.wire.corpus_osc_apps import zig_sim

BEAT = p.osc("/bpm", "f", 72.0)


def read(*messages: bytes) -> tuple[list, object]:
    out: list = []
    return out, OscAppsDecoder().feed(p.bundle(*messages), 5, out)


def test_as_many_readings_as_are_read_are_read_and_one_more_is_refused() -> None:
    out, error = read(*[BEAT] * MAX_READINGS)
    assert (len(out), error) == (1, None)
    assert read(*[BEAT] * (MAX_READINGS + 1)) == ([], OscAppError.TOO_MANY)


@pytest.mark.parametrize("arguments", [p.pad(b",f"), p.pad(b",?"), p.pad(b"," + b"f" * 300), b"", b"\xff" * 40])
def test_what_a_stranger_holds_is_not_looked_at(arguments: bytes) -> None:
    out, error = read(p.pad(b"/stranger") + arguments, BEAT)
    assert error is None
    assert out[0].heart_rate_bpm == 72.0


def test_an_address_that_does_not_end_refuses_the_datagram() -> None:
    assert read(b"/bpm", BEAT) == ([], OscError.ADDRESS)


def test_eight_fingers_on_the_screen_leave_the_sensors_beside_them_readable() -> None:
    out: list = []
    packet = zig_sim(*range(8))
    assert len(packet) <= MAX_BYTES
    assert OscAppsDecoder().feed(packet, 5, out) is None
    assert out[0].gyro_radps == pytest.approx((0.1, 0.2, 0.3))
