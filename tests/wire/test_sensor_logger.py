"""Sensor Logger bodies: any spelling, unit, sign and order gives the same frames, and no body does harm."""

import csv
import json
import math
import random
from pathlib import Path
from typing import Any

import pytest

from bridges.wire.body_units import G0_MPS2, Axes
from bridges.wire.sensor_device import SLICE, Batch
from bridges.wire.sensor_logger import MAX_READINGS, SensorError, SensorLoggerDecoder, fold
from dynamics.frames import ImuSample, WatchSample

T0 = 1_746_650_740_041_851_601
"""A 19-digit time whose last digits no float keeps."""
MS = 1_000_000
S = 1_000_000_000
RECV = 50 * S
SENSORS = Path(__file__).resolve().parents[3] / "shared" / "data" / "sensors"


def reading(name: str, time_ns: object = T0, **values: object) -> dict[str, Any]:
    return {"name": name, "time": time_ns, "values": values}


def body(*payload: dict[str, Any], message: object = 1, session: str = "s", device: str = "d") -> bytes:
    return json.dumps({"messageId": message, "sessionId": session, "deviceId": device, "payload": payload}).encode()


def decoded(
    *payload: dict[str, Any], decoder: SensorLoggerDecoder | None = None, message: int = 1, recv_ns: int = RECV
) -> Batch:
    batch = (decoder or SensorLoggerDecoder()).decode(body(*payload, message=message), recv_ns)
    assert isinstance(batch, Batch)
    return batch


def wrist(time_ns: int = T0, unit: float = 1.0, sign: float = 1.0, quat: tuple[float, ...] = (0, 0, 0, 1)) -> dict[str, Any]:
    """A watch lying on its back and speeding up to the right; `unit` is the length of its gravity."""
    numbers = {
        "accelerationX": 0.5,
        "accelerationY": 0.0,
        "accelerationZ": 0.0,
        "gravityX": 0.0,
        "gravityY": 0.0,
        "gravityZ": 1.0,
    }
    scaled = {key: sign * unit * value for key, value in numbers.items()}
    turn = {"rotationRateX": 0.1, "rotationRateY": 0.2, "rotationRateZ": 0.3}
    return reading(
        "wrist motion",
        time_ns,
        **scaled,
        **turn,
        **dict(zip(("quaternionX", "quaternionY", "quaternionZ", "quaternionW"), quat, strict=True)),
    )


def phone(
    time_ns: int = T0, sign: float = 1.0, gravity: tuple[float, float, float] = (0.0, 0.0, G0_MPS2)
) -> list[dict[str, Any]]:
    return [
        reading("accelerometer", time_ns, x=sign * 1.0, y=sign * 2.0, z=sign * 3.0),
        reading("gravity", time_ns, x=sign * gravity[0], y=sign * gravity[1], z=sign * gravity[2]),
        reading("gyroscope", time_ns, x=0.1, y=0.2, z=0.3),
        reading("orientation", time_ns, qx=0.0, qy=0.0, qz=0.0, qw=1.0, roll=0.0, pitch=0.0, yaw=0.0),
    ]


def test_four_sensors_of_one_moment_are_one_frame() -> None:
    (frame,) = decoded(*phone()).frames
    assert isinstance(frame, ImuSample)
    assert frame.accel_mps2 == (1.0, 2.0, 3.0)
    assert frame.gravity_mps2 == (0.0, 0.0, G0_MPS2)
    assert frame.gyro_radps == (0.1, 0.2, 0.3)
    assert frame.quat_xyzw == (0.0, 0.0, 0.0, 1.0)


def test_a_sensor_a_little_off_in_time_still_belongs_and_a_far_one_does_not() -> None:
    (frame,) = decoded(
        reading("accelerometer", T0, x=1, y=2, z=3),
        reading("gyroscope", T0 + 40 * MS, x=1, y=1, z=1),
        reading("gravity", T0 - 60 * MS, x=0, y=0, z=9.81),
    ).frames
    assert isinstance(frame, ImuSample)
    assert frame.gyro_radps == (1.0, 1.0, 1.0)
    assert math.isnan(frame.gravity_mps2[0])


def test_a_reading_is_joined_across_two_bodies() -> None:
    decoder = SensorLoggerDecoder()
    decoded(reading("accelerometer", T0, x=1, y=2, z=3), reading("gyroscope", T0 + 5 * MS, x=7, y=7, z=7), decoder=decoder)
    (frame,) = decoded(reading("accelerometer", T0 + 10 * MS, x=1, y=2, z=3), decoder=decoder, message=2).frames
    assert isinstance(frame, ImuSample)
    assert frame.gyro_radps == (7.0, 7.0, 7.0)


def test_an_earlier_gyroscope_keeps_its_own_times_without_an_accelerometer() -> None:
    frames = decoded(*(reading("gyroscope", T0 + n * 10 * MS, x=n, y=0, z=0) for n in range(3))).frames
    assert [frame.gyro_radps[0] for frame in frames] == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("name", ["wrist motion", "wristMotion", "WristMotion", "WRIST_MOTION", "wrist-motion"])
def test_a_name_in_any_spelling_is_known(name: str) -> None:
    assert len(decoded({**wrist(), "name": name}).frames) == 1


@pytest.mark.parametrize("name", ["accelerometeruncalibrated", "camera", "location", "headphone", "", "totalacceleration"])
def test_other_sensors_are_skipped(name: str) -> None:
    batch = decoded(reading(name, x=1, y=2, z=3))
    assert (batch.frames, batch.skipped) == ([], 1)


def test_a_camera_picture_is_not_looked_at() -> None:
    batch = decoded(reading("camera", image="A" * 1_000_000), wrist())
    assert (len(batch.frames), batch.skipped) == (1, 1)


def test_numbers_may_be_strings() -> None:
    as_text = wrist()
    as_text["values"] = {key: str(value) for key, value in as_text["values"].items()}
    as_text["time"] = str(T0)
    assert decoded(as_text).frames == decoded(wrist()).frames


def test_a_19_digit_time_is_kept_to_the_nanosecond() -> None:
    frames = decoded(*(reading("gyroscope", T0 + n, x=1, y=1, z=1) for n in range(4))).frames
    assert [frames[n].capture_ns - frames[0].capture_ns for n in range(4)] == [0, 1, 2, 3]


def test_the_newest_reading_of_the_quickest_body_was_captured_as_it_arrived() -> None:
    frames = decoded(*(reading("gyroscope", T0 + n * 10 * MS, x=1, y=1, z=1) for n in range(100))).frames
    assert frames[-1].capture_ns == RECV
    assert frames[0].capture_ns == RECV - 990 * MS


def test_a_delayed_body_keeps_its_own_times() -> None:
    decoder = SensorLoggerDecoder()
    decoded(wrist(T0), decoder=decoder)
    (frame,) = decoded(wrist(T0 + S), decoder=decoder, message=2, recv_ns=RECV + S + 300 * MS).frames
    assert abs(frame.capture_ns - (RECV + S)) <= MS  # the minimum leaks upwards a little, to follow drift


@pytest.mark.parametrize("unit", [1.0, G0_MPS2])
def test_watch_motion_in_g_or_in_mps2_is_told_by_its_gravity(unit: float) -> None:
    (frame,) = decoded(wrist(unit=unit)).frames
    assert frame.gravity_mps2 == pytest.approx((0.0, 0.0, G0_MPS2))
    assert frame.accel_mps2 == pytest.approx((0.5 * G0_MPS2, 0.0, 0.0))


def test_one_odd_row_does_not_change_the_unit_and_has_no_gravity() -> None:
    rows = [wrist(T0 + n * 10 * MS, unit=G0_MPS2 if n == 5 else 1.0) for n in range(10)]
    frames = decoded(*rows).frames
    assert [math.isnan(frame.gravity_mps2[2]) for frame in frames] == [n == 5 for n in range(10)]
    assert frames[5].accel_mps2[0] == pytest.approx(0.5 * G0_MPS2 * G0_MPS2)


def test_a_unit_that_really_changed_is_followed() -> None:
    rows = [wrist(T0 + n * 10 * MS, unit=1.0 if n < 5 else G0_MPS2) for n in range(20)]
    assert decoded(*rows).frames[-1].gravity_mps2[2] == pytest.approx(G0_MPS2)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_sign_of_ios_and_of_android_end_as_one(sign: float) -> None:
    (frame,) = decoded(*phone(sign=sign)).frames
    assert frame.gravity_mps2 == pytest.approx((0.0, 0.0, G0_MPS2))
    assert frame.accel_mps2 == pytest.approx((1.0, 2.0, 3.0))


def test_the_sign_is_told_in_any_attitude_of_the_watch() -> None:
    generator = random.Random(4)
    for _ in range(50):
        quat = [generator.gauss(0, 1) for _ in range(4)]
        norm = math.sqrt(sum(part * part for part in quat))
        x, y, z, w = (part / norm for part in quat)
        up = (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y))
        row = wrist(quat=(x, y, z, w))
        row["values"] |= {"gravityX": -up[0], "gravityY": -up[1], "gravityZ": -up[2]}
        (frame,) = decoded(row).frames
        assert frame.gravity_mps2 == pytest.approx([G0_MPS2 * part for part in up], abs=1e-6)


def test_a_field_of_android_tells_the_sign_where_no_quaternion_does() -> None:
    rows = [reading("accelerometer", x=1, y=0, z=0), reading("gravity", x=0, y=0, z=9.81)]
    (ios,) = decoded(*rows).frames
    (android,) = decoded(*({**row, "accuracy": 3} for row in rows)).frames
    assert (ios.gravity_mps2[2], android.gravity_mps2[2]) == (-9.81, 9.81)


def test_a_sign_that_was_set_is_not_guessed() -> None:
    (frame,) = decoded(*phone(sign=-1.0), decoder=SensorLoggerDecoder(axes=Axes.STANDARD)).frames
    assert frame.gravity_mps2[2] == -G0_MPS2


@pytest.mark.parametrize(
    ("gravity", "pitch", "roll"),
    [
        ((0.0, 0.0, 9.8), 0.0, 0.0),
        ((0.0, 9.8, 0.0), math.pi / 2, 0.0),
        ((-9.8, 0.0, 0.0), 0.0, math.pi / 2),
        ((0.0, -4.9, 9.8 * math.sqrt(3) / 2), -math.pi / 6, 0.0),
    ],
)
def test_pitch_and_roll_come_from_gravity(gravity: tuple[float, float, float], pitch: float, roll: float) -> None:
    row = reading("gravity", x=gravity[0], y=gravity[1], z=gravity[2])
    (frame,) = decoded(row, decoder=SensorLoggerDecoder(axes=Axes.STANDARD)).frames
    assert isinstance(frame, ImuSample)
    assert (frame.pitch_rad, frame.roll_rad) == pytest.approx((pitch, roll))


def test_pitch_and_roll_come_from_the_quaternion_where_gravity_is_missing() -> None:
    half = math.pi / 12
    (frame,) = decoded(reading("orientation", qx=math.sin(half), qy=0, qz=0, qw=math.cos(half))).frames
    assert isinstance(frame, ImuSample)
    assert (frame.pitch_rad, frame.roll_rad) == pytest.approx((math.pi / 6, 0.0))


def test_a_heart_rate_rides_on_the_wrist_motion_that_follows() -> None:
    frames = decoded(reading("heart rate", T0, bpm=72), wrist(T0 + 10 * MS), wrist(T0 + 16 * S)).frames
    assert [frame.heart_rate_bpm for frame in frames][:1] == [72.0]
    assert len(frames) == 2
    assert math.isnan(frames[1].heart_rate_bpm)  # 16 s old


def test_a_heart_rate_alone_is_a_frame() -> None:
    (frame,) = decoded(reading("HeartRate", bpm="68")).frames
    assert isinstance(frame, WatchSample)
    assert frame.heart_rate_bpm == 68.0
    assert math.isnan(frame.accel_mps2[0])


def test_a_heart_rate_never_hides_the_motion_beside_it() -> None:
    frames = decoded(*(wrist(T0 + n * 10 * MS) for n in range(5)), reading("heart rate", T0 + 45 * MS, bpm=70)).frames
    assert len(frames) == 5
    assert not any(math.isnan(frame.accel_mps2[0]) for frame in frames)


@pytest.mark.parametrize("bpm", [0, -1, 1e30, "none", None, 10, True])
def test_no_pulse_is_missing_never_slow(bpm: object) -> None:
    (frame,) = decoded(reading("heart rate", bpm=bpm)).frames
    assert math.isnan(frame.heart_rate_bpm)


def test_rows_of_one_body_come_out_in_order_of_time() -> None:
    rows = [wrist(T0 + n * 10 * MS) for n in (3, 0, 2, 1)]
    times = [frame.capture_ns for frame in decoded(*rows).frames]
    assert times == sorted(times)


def test_a_body_that_was_overtaken_takes_nothing_back() -> None:
    decoder = SensorLoggerDecoder()
    decoded(wrist(T0), decoder=decoder, message=1)
    decoded(wrist(T0 + 2 * S), decoder=decoder, message=3, recv_ns=RECV + 2 * S)
    batch = decoded(wrist(T0 + S), decoder=decoder, message=2, recv_ns=RECV + 2 * S + MS)
    assert (batch.frames, batch.late) == ([], 1)


def test_a_body_that_was_overtaken_does_not_move_the_clock() -> None:
    decoder = SensorLoggerDecoder()
    decoded(wrist(T0), decoder=decoder, message=1)
    decoded(wrist(T0 + 4 * S), decoder=decoder, message=3, recv_ns=RECV + 4 * S)
    decoded(wrist(T0 + S), decoder=decoder, message=2, recv_ns=RECV + 5 * S)
    (frame,) = decoded(wrist(T0 + 6 * S), decoder=decoder, message=4, recv_ns=RECV + 6 * S + 500 * MS).frames
    assert abs(frame.capture_ns - (RECV + 6 * S)) < 5 * MS


def test_a_body_sent_twice_counts_once() -> None:
    decoder = SensorLoggerDecoder()
    decoded(wrist(), decoder=decoder)
    batch = decoded(wrist(), decoder=decoder)
    assert (batch.frames, batch.late) == ([], 1)


def test_a_clock_that_was_set_back_starts_afresh() -> None:
    decoder = SensorLoggerDecoder()
    decoded(wrist(T0), decoder=decoder, message=1)
    (frame,) = decoded(wrist(T0 - 3600 * S), decoder=decoder, message=2, recv_ns=RECV + S).frames
    assert frame.capture_ns == RECV + S


def test_a_new_recording_starts_afresh() -> None:
    decoder = SensorLoggerDecoder()
    decoder.decode(body(wrist(T0), session="one", message=90), RECV)
    batch = decoder.decode(body(wrist(T0 - S), session="two", message=1), RECV + S)
    assert isinstance(batch, Batch)
    assert len(batch.frames) == 1


def test_a_first_row_days_old_is_left_out() -> None:
    stale = wrist(T0 - 86_400 * S)
    stale["values"] = dict.fromkeys(stale["values"], 0.0)
    batch = decoded(stale, wrist(T0))
    assert (len(batch.frames), batch.stale) == (1, 1)


def test_a_row_of_zeros_has_no_gravity_and_no_attitude() -> None:
    row = wrist()
    row["values"] = dict.fromkeys(row["values"], 0.0)
    (frame,) = decoded(row).frames
    assert math.isnan(frame.gravity_mps2[2])
    assert math.isnan(frame.quat_xyzw[3])


@pytest.mark.parametrize("value", [1e30, -1e30, "1e999", "nan", None, [1], {"a": 1}, True, "9" * 3_000])
def test_a_number_out_of_all_bounds_is_missing(value: object) -> None:
    row = wrist()
    row["values"]["accelerationX"] = value
    (frame,) = decoded(row).frames
    assert all(math.isnan(part) for part in frame.accel_mps2)


@pytest.mark.parametrize(
    "row",
    [
        {"name": "gravity", "time": 1.5, "values": {}},
        {"name": "gravity", "time": -5, "values": {}},
        {"name": "gravity", "time": 1 << 63, "values": {}},
        {"name": "gravity", "time": "soon", "values": {}},
        {"name": "gravity", "time": T0, "values": [1, 2, 3]},
        {"name": 5, "time": T0, "values": {}},
        {"name": "gravity"},
        {"name": "gravity", "time": T0, "values": {str(n): n for n in range(2_000)}},
        [],
        None,
    ],
)
def test_a_reading_in_another_form_costs_only_itself(row: Any) -> None:
    batch = decoded(row, wrist())
    assert (len(batch.frames), batch.bad) == (1, 1)


@pytest.mark.parametrize("text", ["{}", "[]", "5", '"hello"', "null", '{"test": true}', '{"payload": 5}', '{"payload": {}}'])
def test_a_test_message_of_any_form_is_taken(text: str) -> None:
    batch = SensorLoggerDecoder().decode(text.encode(), RECV)
    assert isinstance(batch, Batch)
    assert batch.is_test
    assert batch.frames == []


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"payload=1", b"[" * 100_000, b'{"payload":' + b"[" * 100_000])
def test_what_is_not_json_is_refused(data: bytes) -> None:
    assert SensorLoggerDecoder().decode(data, RECV) is SensorError.NOT_JSON


def test_a_body_of_countless_values_is_refused_before_it_is_decoded() -> None:
    assert SensorLoggerDecoder().decode(b'{"payload":[' + b"1," * 200_000 + b"1]}", RECV) is SensorError.TOO_MANY


def test_decoding_in_steps_gives_the_same_frames_in_slices() -> None:
    rows = body(*(wrist(T0 + n * MS) for n in range(200)))
    steps, slices = SensorLoggerDecoder().decode_in_steps(rows, RECV), 0
    while True:
        try:
            next(steps)
            slices += 1
        except StopIteration as done:
            batch = done.value
            break
    assert slices == 2 * 200 // SLICE
    whole = SensorLoggerDecoder().decode(rows, RECV)
    assert isinstance(whole, Batch)
    assert batch.frames == whole.frames


def test_of_a_body_that_is_too_long_the_newest_readings_are_kept() -> None:
    rows = [reading("gyroscope", T0 + n * MS, x=n % 7, y=0, z=0) for n in range(MAX_READINGS + 10)]
    batch = decoded(*rows)
    assert (len(batch.frames), batch.cut) == (MAX_READINGS, 10)
    assert batch.frames[-1].device_s == pytest.approx((T0 + (MAX_READINGS + 9) * MS) / S)


def test_the_watch_says_which_wrist_it_was_set_to() -> None:
    (frame,) = decoded(wrist(), decoder=SensorLoggerDecoder(side="left")).frames
    assert isinstance(frame, WatchSample)
    assert frame.side == "left"


def test_any_number_of_devices_takes_bounded_room() -> None:
    decoder = SensorLoggerDecoder()
    for number in range(100):
        decoder.decode(body(wrist(), device=f"d{number}"), RECV)
    assert len(decoder._devices) == 8


def test_mutated_bodies_raise_nothing_and_give_finite_numbers_or_none() -> None:
    generator = random.Random(11)
    original = body(*phone(), wrist(), reading("heart rate", bpm=70))
    decoder = SensorLoggerDecoder()
    for _ in range(3_000):
        data = bytearray(original)
        for _ in range(generator.randint(1, 6)):
            data[generator.randrange(len(data))] = generator.randrange(256)
        batch = decoder.decode(bytes(data[: generator.randint(1, len(data))] if generator.random() < 0.3 else data), RECV)
        for frame in batch.frames if isinstance(batch, Batch) else ():
            assert all(math.isnan(part) or abs(part) < 1e5 for part in (*frame.accel_mps2, *frame.gyro_radps))


def test_folding_forgets_case_spaces_and_marks() -> None:
    assert fold("Wrist Motion_x-1") == "wristmotionx1"


@pytest.mark.shared
@pytest.mark.skipif(not SENSORS.is_dir(), reason="needs ../shared/data/sensors")
def test_a_real_watch_recording_sent_in_batches_gives_every_row_with_gravity_up() -> None:
    with (SENSORS / "ucancme__WristMotion.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    decoder, frames = SensorLoggerDecoder(), []
    for start in range(0, len(table), 100):
        rows = table[start : start + 100]
        payload = [
            reading("wristMotion", int(row["time"]), **{k: v for k, v in row.items() if "time" not in k and "elapsed" not in k})
            for row in rows
        ]
        recv_ns = RECV + int(rows[-1]["time"]) - int(table[0]["time"])
        frames += decoded(*payload, decoder=decoder, message=start, recv_ns=recv_ns).frames
    assert len(frames) == len(table) > 1_000
    for frame, row in zip(frames, table, strict=True):
        assert math.dist(frame.gravity_mps2, (0, 0, 0)) == pytest.approx(G0_MPS2, rel=1e-3)
        assert frame.gravity_mps2[0] == pytest.approx(-G0_MPS2 * float(row["gravityX"]), abs=1e-6)
        x, y, z, w = frame.quat_xyzw
        up = (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y))
        assert math.dist(frame.gravity_mps2, [G0_MPS2 * part for part in up]) < 0.02
