"""OSC of watch and phone apps: every address of the table means what it says, in our unit and sign."""

import math
import random
import re
from typing import Any

import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from bridges.wire.body_units import G0_MPS2, Axes
from bridges.wire.osc import OscError
from bridges.wire.osc_apps import ADDRESSES, HEART_HELD_NS, JOIN_NS, LEADER_NS, MAX_BYTES, OscAppError, OscAppsDecoder, row_of
from dynamics.frames import ImuSample, WatchSample

T = 7_000_000_000
MS = 1_000_000
UUID = "/A1B2C3D4-0000-4444-8888-ABCDEF012345"


def message(address: str, *args: Any) -> Any:
    builder = OscMessageBuilder(address)
    for arg in args:
        builder.add_arg(arg)
    return builder.build()


def bundle(*messages: Any) -> bytes:
    builder = OscBundleBuilder(IMMEDIATELY)
    for one in messages:
        builder.add_content(one)
    return builder.build().dgram


def fed(*packets: bytes, decoder: OscAppsDecoder | None = None, start_ns: int = T, step_ns: int = MS) -> list[Any]:
    decoder, out = decoder or OscAppsDecoder(), []
    for number, packet in enumerate(packets):
        decoder.feed(packet, start_ns + number * step_ns, out)
    return out


def one(address: str, *args: Any) -> Any:
    (frame,) = fed(message(address, *args).dgram)
    return frame


@pytest.mark.parametrize(
    ("address", "args", "field", "expected"),
    [
        ("/gyrosc/accel", (0.1, 0.2, 0.3), "accel_mps2", (-0.1 * G0_MPS2, -0.2 * G0_MPS2, -0.3 * G0_MPS2)),
        ("/gyrosc/grav", (0.0, 0.0, -1.0), "gravity_mps2", (0.0, 0.0, G0_MPS2)),
        ("/gyrosc/rrate", (0.1, 0.2, 0.3), "gyro_radps", (0.1, 0.2, 0.3)),
        ("/linearacceleration", (1.0, 2.0, 3.0), "accel_mps2", (1.0, 2.0, 3.0)),
        ("/gravity", (0.0, 9.81, 0.0), "gravity_mps2", (0.0, 9.81, 0.0)),
        ("/gyroscope", (1.0, 2.0, 3.0), "gyro_radps", (1.0, 2.0, 3.0)),
        ("/rotationvector", (0.0, 0.0, 0.6, 0.8), "quat_xyzw", (0.0, 0.0, 0.6, 0.8)),
        ("/rotationvector", (0.0, 0.0, 0.6), "quat_xyzw", (0.0, 0.0, 0.6, 0.8)),
        (f"{UUID}/accel", (1.0, 0.0, 0.0), "accel_mps2", (-G0_MPS2, 0.0, 0.0)),
        (f"{UUID}/gravity", (0.0, 0.0, -1.0), "gravity_mps2", (0.0, 0.0, G0_MPS2)),
        (f"{UUID}/gyro", (1.0, 2.0, 3.0), "gyro_radps", (1.0, 2.0, 3.0)),
        (f"{UUID}/quaternion", (0.0, 0.0, 0.6, 0.8), "quat_xyzw", (0.0, 0.0, 0.6, 0.8)),
        ("/ZIGSIM/gyro", (1.0, 2.0, 3.0), "gyro_radps", (1.0, 2.0, 3.0)),
        (f"/ZIGSIM{UUID}/gyro", (1.0, 2.0, 3.0), "gyro_radps", (1.0, 2.0, 3.0)),
    ],
)
def test_an_address_of_a_phone_means_one_field_in_si(address: str, args: Any, field: str, expected: Any) -> None:
    frame = one(address, *args)
    assert isinstance(frame, ImuSample)
    assert getattr(frame, field) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(
    ("address", "arg", "bpm"),
    [
        ("/heartrate", 72, 72.0),
        ("/heartrate", 71.5, 71.5),
        ("/avatar/parameters/HR", 88, 88.0),
        ("/avatar/parameters/hr_percent", 0.45, 90.0),
        ("/bpm", 101, 101.0),
        ("/tdlidar/motion/watch/heartrate", 64.0, 64.0),
    ],
)
def test_a_heart_rate_of_any_app_is_in_beats_a_minute(address: str, arg: float, bpm: float) -> None:
    frame = one(address, arg)
    assert isinstance(frame, WatchSample)
    assert frame.heart_rate_bpm == pytest.approx(bpm)
    assert (frame.capture_ns, frame.recv_ns) == (T, T)


@pytest.mark.parametrize("address", ADDRESSES)
def test_every_address_of_the_table_is_taken(address: str) -> None:
    axis = ADDRESSES[address].axis
    stem = address[:-1] if axis >= 0 else address
    packets = [message(stem + name, 0.5).dgram for name in "xyz"] if axis >= 0 else [message(address, *_some(address)).dgram]
    decoder = OscAppsDecoder()
    assert [decoder.feed(packet, T, []) for packet in packets[-1:]] != [OscAppError.UNKNOWN]
    assert len(fed(*packets)) == (0 if address.endswith("hr_connected") else 1)


def _some(address: str) -> tuple[Any, ...]:
    if address.endswith("hr_connected"):
        return (True,)
    return (70,) if "hr" in address.lower() or "heart" in address or address == "/bpm" else (0.1, 0.2, 0.3)


@pytest.mark.parametrize("bpm", [0, -5, 20, 300])
def test_no_pulse_is_missing_never_slow(bpm: int) -> None:
    assert math.isnan(one("/heartrate", bpm).heart_rate_bpm)


def test_a_lost_sensor_ends_the_heart_rate() -> None:
    frames = fed(message("/heartrate", 70).dgram, message("/avatar/parameters/hr_connected", False).dgram)
    assert frames[0].heart_rate_bpm == 70
    assert math.isnan(frames[1].heart_rate_bpm)


def test_a_heart_rate_is_forgotten_after_its_time() -> None:
    motion = [message(f"/tdlidar/motion/watch/accel/{axis}", 0.1).dgram for axis in "xyz"]
    decoder = OscAppsDecoder()
    fed(message("/heartrate", 70).dgram, decoder=decoder)
    (fresh,) = fed(*motion, decoder=decoder, start_ns=T + 100 * MS)
    (late,) = fed(*motion, decoder=decoder, start_ns=T + HEART_HELD_NS + MS)
    assert fresh.heart_rate_bpm == 70
    assert math.isnan(late.heart_rate_bpm)


def test_a_bundle_of_all_sensors_is_one_frame() -> None:
    packet = bundle(
        message("/gyrosc/grav", 0.0, 0.0, -1.0),
        message("/gyrosc/accel", 0.1, 0.0, 0.0),
        message("/gyrosc/rrate", 1.0, 2.0, 3.0),
    )
    (frame,) = fed(packet)
    assert frame.gravity_mps2 == pytest.approx((0.0, 0.0, G0_MPS2))
    assert frame.gyro_radps == pytest.approx((1.0, 2.0, 3.0))
    assert frame.accel_mps2[0] == pytest.approx(-0.1 * G0_MPS2)


def test_single_messages_give_one_frame_a_round_led_by_the_acceleration() -> None:
    decoder = OscAppsDecoder()
    parts = [
        message("/gyrosc/accel", 0.1, 0.0, 0.0).dgram,
        message("/gyrosc/rrate", 1.0, 2.0, 3.0).dgram,
        message("/gyrosc/grav", 0.0, 0.0, -1.0).dgram,
    ]
    frames = fed(*parts * 10, decoder=decoder, step_ns=5 * MS)
    assert len(frames) == 10
    assert frames[-1].gyro_radps == pytest.approx((1.0, 2.0, 3.0))


def test_another_sensor_leads_when_the_first_falls_silent() -> None:
    decoder = OscAppsDecoder()
    fed(message("/gyrosc/accel", 0.1, 0.0, 0.0).dgram, decoder=decoder)
    gyro = message("/gyrosc/rrate", 1.0, 2.0, 3.0).dgram
    assert fed(gyro, decoder=decoder, start_ns=T + LEADER_NS) == []
    (frame,) = fed(gyro, decoder=decoder, start_ns=T + LEADER_NS + 1)
    assert math.isnan(frame.accel_mps2[0])


def test_an_old_reading_is_not_joined() -> None:
    decoder = OscAppsDecoder()
    fed(message("/gyrosc/rrate", 1.0, 2.0, 3.0).dgram, decoder=decoder)
    (frame,) = fed(message("/gyrosc/accel", 0.1, 0.0, 0.0).dgram, decoder=decoder, start_ns=T + JOIN_NS + 1)
    assert math.isnan(frame.gyro_radps[0])


def test_components_that_come_one_by_one_make_one_vector() -> None:
    frames = fed(
        *(message(f"/tdlidar/motion/gravity/{axis}", value).dgram for axis, value in zip("xyz", (0.0, 0.6, -0.8), strict=True))
    )
    assert len(frames) == 1
    assert frames[0].gravity_mps2 == pytest.approx((0.0, -0.6 * G0_MPS2, 0.8 * G0_MPS2), rel=1e-6)


def test_a_lost_component_costs_a_vector_and_mixes_nothing() -> None:
    sent = [
        ("x", 1.0),
        ("y", 1.0),
        ("y", 2.0),
        ("z", 2.0),
        ("x", 3.0),
        ("y", 3.0),
        ("z", 3.0),
        ("x", 4.0),
        ("y", 4.0),
        ("z", 4.0),
    ]
    frames = fed(*(message(f"/tdlidar/motion/rotation/{axis}", value).dgram for axis, value in sent))
    assert (4.0, 4.0, 4.0) in [frame.gyro_radps for frame in frames]
    assert all(len(set(frame.gyro_radps)) == 1 for frame in frames)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_zig_sim_of_ios_and_of_android_end_as_one(sign: float) -> None:
    packet = bundle(
        message(f"{UUID}/quaternion", 0.0, 0.0, 0.6, 0.8),
        message(f"{UUID}/gravity", 0.0, 0.0, sign),
        message(f"{UUID}/accel", 0.5 * sign, 0.0, 0.0),
    )
    (frame,) = fed(packet)
    assert frame.gravity_mps2 == pytest.approx((0.0, 0.0, G0_MPS2))
    assert frame.accel_mps2 == pytest.approx((0.5 * G0_MPS2, 0.0, 0.0))


def test_a_sign_that_was_set_for_zig_sim_is_not_guessed() -> None:
    packet = message(f"{UUID}/gravity", 0.0, 0.0, -1.0).dgram
    (frame,) = fed(packet, decoder=OscAppsDecoder(axes=Axes.STANDARD))
    assert frame.gravity_mps2[2] == pytest.approx(-G0_MPS2)


def test_pitch_and_roll_of_gyrosc_are_used_where_nothing_better_is() -> None:
    frame = one("/gyrosc/gyro", 0.3, -0.2, 1.0)
    assert (frame.pitch_rad, frame.roll_rad) == pytest.approx((0.3, -0.2))


def test_the_watch_says_which_wrist_it_was_set_to() -> None:
    (frame,) = fed(message("/heartrate", 70).dgram, decoder=OscAppsDecoder(side="right"))
    assert frame.side == "right"


@pytest.mark.parametrize(
    "address",
    [
        "/accelerometer",
        "/accel",
        "/x/y/accel",
        f"{UUID}/accel/x",
        f"/{'a' * 65}/accel",
        "/a b/accel",
        "/*/accel",
        "/gyrosc/quat",
        "/gyrosc/gravity",
        "/tdlidar/gyro",
        "/avatar/accel",
        f"{UUID}/touch0",
        "/heartrate/",
        "/HEARTRATE",
        "//accel",
    ],
)
def test_no_other_address_is_matched(address: str) -> None:
    assert row_of(address) is None
    assert OscAppsDecoder().feed(message(address, 1.0, 2.0, 3.0).dgram, T, []) is OscAppError.UNKNOWN


@pytest.mark.parametrize(
    "args", [(), (1.0, 2.0), (1.0, 2.0, "x"), (1.0, float("nan"), 2.0), (1.0, float("inf"), 2.0), (True, 1.0, 1.0)]
)
def test_arguments_that_are_no_vector_are_refused(args: Any) -> None:
    out: list[Any] = []
    assert OscAppsDecoder().feed(message("/gravity", *args).dgram, T, out) is OscAppError.ARGUMENTS
    assert out == []


def test_a_number_out_of_all_bounds_is_missing() -> None:
    frame = one("/gyroscope", 900.0, 0.0, 0.0)
    assert all(math.isnan(part) for part in frame.gyro_radps)


def test_what_is_not_osc_is_refused_by_its_fault() -> None:
    assert OscAppsDecoder().feed(b"abc", T, []) is OscError.SIZE


def test_mutated_datagrams_raise_nothing_and_give_finite_numbers_or_none() -> None:
    generator = random.Random(3)
    originals = [
        bundle(message(f"{UUID}/quaternion", 0.0, 0.0, 0.6, 0.8), message(f"{UUID}/gravity", 0.0, 0.0, 1.0)),
        message("/gyrosc/accel", 0.1, 0.2, 0.3).dgram,
        message("/heartrate", 70).dgram,
        message("/tdlidar/motion/accel/z", 0.1).dgram,
        message("/avatar/parameters/hr_connected", True).dgram,
    ]
    decoder, out = OscAppsDecoder(), []
    for number in range(20_000):
        data = bytearray(generator.choice(originals))
        for _ in range(generator.randint(0, 4)):
            data[generator.randrange(len(data))] = generator.randrange(256)
        decoder.feed(bytes(data[:MAX_BYTES]), T + number * MS, out)
    assert len(out) > 1_000
    for frame in out:
        assert all(math.isnan(part) or abs(part) < 1e5 for part in (*frame.accel_mps2, *frame.gyro_radps, *frame.gravity_mps2))


def test_no_pattern_character_is_special_in_an_address() -> None:
    assert all(row_of(re.sub(r"[a-z]", "?", address)) is None for address in ADDRESSES)
