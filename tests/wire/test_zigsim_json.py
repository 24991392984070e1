"""ZIG SIM's JSON mode: g to m/s², one sign for both systems, and reasons for what is not taken."""

import json
import math
from typing import Any

import pytest

from bridges.wire.body_units import G0_MPS2, Axes
from bridges.wire.zigsim_json import ZigsimError, ZigsimJsonDecoder
from dynamics.frames import ImuSample

T = 5_000_000_000
FLAT_IOS = {"x": 0, "y": 0, "z": -1}
NO_TURN = {"x": 0, "y": 0, "z": 0, "w": 1}


def message(os: str = "ios", **sensors: Any) -> bytes:
    return json.dumps({"device": {"os": os}, "timestamp": "2026_11_24_12:00:00.123", "sensordata": sensors}).encode()


def fed(*messages: bytes, axes: Axes = Axes.AUTO) -> list[ImuSample]:
    decoder, out = ZigsimJsonDecoder(axes), []
    for number, one in enumerate(messages):
        decoder.feed(one, T + number, out)
    return out


def refused(one: bytes) -> ZigsimError | None:
    out: list[ImuSample] = []
    error = ZigsimJsonDecoder().feed(one, T, out)
    assert (error is None) == bool(out)
    return error


def test_every_sensor_of_one_message_is_in_its_frame_in_si() -> None:
    sensors = {"accel": {"x": 0.1, "y": 0.2, "z": 0.3}, "gyro": {"x": 1, "y": -2, "z": 3.5}}
    (frame,) = fed(message(gravity=FLAT_IOS, quaternion={"x": 0, "y": 0, "z": 0.6, "w": 0.8}, **sensors))
    assert frame.accel_mps2 == pytest.approx((-0.1 * G0_MPS2, -0.2 * G0_MPS2, -0.3 * G0_MPS2))
    assert frame.gravity_mps2 == pytest.approx((0.0, 0.0, G0_MPS2))
    assert frame.gyro_radps == (1.0, -2.0, 3.5)
    assert frame.quat_xyzw == pytest.approx((0.0, 0.0, 0.6, 0.8))
    assert (frame.pitch_rad, frame.roll_rad) == pytest.approx((0.0, 0.0))
    assert (frame.capture_ns, frame.recv_ns, frame.seq) == (T, T, 1)


def test_a_sensor_that_is_switched_off_is_missing() -> None:
    (frame,) = fed(message(gyro={"x": 1, "y": 2, "z": 3}))
    assert frame.gyro_radps == (1.0, 2.0, 3.0)
    for vec in (frame.accel_mps2, frame.gravity_mps2, frame.quat_xyzw, (frame.pitch_rad, frame.roll_rad)):
        assert all(map(math.isnan, vec))


@pytest.mark.parametrize(
    ("os", "axes", "sign"),
    [
        ("ios", Axes.AUTO, -1),
        ("Android", Axes.AUTO, 1),
        ("", Axes.AUTO, -1),
        ("ios", Axes.STANDARD, 1),
        ("android", Axes.IOS, -1),
    ],
)
def test_the_system_in_the_message_says_the_sign_unless_a_person_did(os: str, axes: Axes, sign: int) -> None:
    (frame,) = fed(message(os, accel={"x": 1, "y": 0, "z": 0}), axes=axes)
    assert frame.accel_mps2[0] == pytest.approx(sign * G0_MPS2)


def test_gravity_and_quaternion_overrule_what_the_system_is_said_to_be() -> None:
    (frame,) = fed(message("ios", gravity={"x": 0, "y": 0, "z": 1}, quaternion=NO_TURN))
    assert frame.gravity_mps2 == pytest.approx((0.0, 0.0, G0_MPS2))


def test_a_phone_that_sends_metres_is_told_by_the_length_of_its_gravity() -> None:
    (frame,) = fed(message("android", gravity={"x": 0, "y": 0, "z": 9.81}, accel={"x": 2, "y": 0, "z": 0}))
    assert frame.gravity_mps2 == pytest.approx((0.0, 0.0, 9.81))
    assert frame.accel_mps2 == pytest.approx((2.0, 0.0, 0.0))


def test_the_tilt_comes_from_the_quaternion_when_gravity_is_off() -> None:
    half = math.sin(math.pi / 8)
    (frame,) = fed(message(quaternion={"x": half, "y": 0, "z": 0, "w": math.cos(math.pi / 8)}))
    assert frame.pitch_rad == pytest.approx(math.pi / 4)


@pytest.mark.parametrize(
    ("field", "sensors"),
    [
        ("accel_mps2", {"accel": {"x": 103, "y": 0, "z": 0}}),
        ("accel_mps2", {"accel": {"x": 1e300, "y": 0, "z": 0}}),
        ("accel_mps2", {"accel": {"x": "1", "y": 0, "z": 0}}),
        ("gravity_mps2", {"gravity": {"x": 0, "y": 0, "z": 0}}),
        ("gravity_mps2", {"gravity": {"x": 0, "y": 0, "z": 3}}),
        ("gyro_radps", {"gyro": {"x": 0, "y": 201, "z": 0}}),
        ("quat_xyzw", {"quaternion": {"x": 0, "y": 0, "z": 0, "w": 0}}),
        ("quat_xyzw", {"quaternion": {"x": 1e200, "y": 0, "z": 0, "w": 0}}),
        ("quat_xyzw", {"quaternion": [0, 0, 0, 1]}),
    ],
)
def test_a_number_no_phone_reports_leaves_its_sensor_missing_and_the_others_whole(field: str, sensors: Any) -> None:
    sound = {"accel": {"x": 0, "y": 1, "z": 0}, "gyro": {"x": 1, "y": 1, "z": 1}, "gravity": FLAT_IOS, "quaternion": NO_TURN}
    (frame,) = fed(message(**sound | sensors))
    fields = ("accel_mps2", "gravity_mps2", "gyro_radps", "quat_xyzw")
    missing = [name for name in fields if any(map(math.isnan, getattr(frame, name)))]
    assert missing == [field]


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (b"", ZigsimError.FORMAT),
        (b"#bundle\0", ZigsimError.FORMAT),
        (b"[1, 2]", ZigsimError.FORMAT),
        (b"[" * 8000, ZigsimError.FORMAT),
        (b'{"accel":{"x":1,"y":1,"z":1}}', ZigsimError.FORMAT),
        (b'{"sensordata":[]}', ZigsimError.FORMAT),
        (message(accel={"x": 1, "y": 1, "z": 1})[:-1], ZigsimError.FORMAT),
        (message(accel={"x": 1, "y": 1, "z": 1}) * 2, ZigsimError.FORMAT),
        (message(), ZigsimError.NO_MOTION),
        (message(touch=[{"x": 0, "y": 0}]), ZigsimError.NO_MOTION),
        (message(accel=None), ZigsimError.NUMBERS),
        (message(accel={"x": 1, "y": 1}), ZigsimError.NUMBERS),
        (message(gyro={"x": float("nan"), "y": 1, "z": 1}), ZigsimError.FORMAT),
        (b'{"sensordata":{"gyro":{"x":' + b"1" * 5000 + b',"y":1,"z":1}}}', ZigsimError.NUMBERS),
    ],
)
def test_what_is_not_taken_is_refused_with_its_reason(one: bytes, reason: ZigsimError) -> None:
    assert refused(one) is reason


@pytest.mark.parametrize("device", [b"null", b'"phone"', b'{"os":7}', b"[]"])
def test_a_device_in_another_form_does_not_matter(device: bytes) -> None:
    assert refused(b'{"device":' + device + b',"sensordata":{"gyro":{"x":1,"y":1,"z":1}}}') is None
