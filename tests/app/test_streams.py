"""The stream monitor on both sides of every boundary of its table, with times passed in."""

import gc

import pytest

from airdeck.clock import NS_PER_MS, NS_PER_S, VirtualClock
from airdeck.streams import CLOCK_GOOD_AGAIN_NS, RATE_MIN_INTERVALS, STREAMS, StreamMonitor, StreamRow
from safety.types import Health, StreamHealth

JUDGED = [row for row in STREAMS.values() if row.slow_below_hz > 0]
START_NS = 50 * NS_PER_S


def play(monitor: StreamMonitor, stream: str, interval_ns: int, frames: int, start_ns: int = START_NS) -> int:
    """Frames at an even interval; returns the stamp of the last one."""
    for index in range(frames):
        monitor.update(stream, start_ns + index * interval_ns, start_ns + index * interval_ns)
    return start_ns + (frames - 1) * interval_ns


def test_a_stream_that_was_never_heard_is_not_alive() -> None:
    monitor = StreamMonitor()
    monitor.judge(START_NS)
    assert {name for name, health in monitor.health.items() if health.alive} == set()
    assert set(monitor.health) == set(STREAMS)


@pytest.mark.parametrize("row", STREAMS.values(), ids=lambda row: row.name)
@pytest.mark.parametrize(("past_ns", "alive"), [(-2, True), (-1, True), (0, True), (1, False), (2, False)])
def test_a_stream_is_alive_up_to_its_stale_age_and_not_beyond(row: StreamRow, past_ns: int, alive: bool) -> None:
    monitor = StreamMonitor()
    last_ns = play(monitor, row.name, NS_PER_S // 100, 10)
    monitor.judge(last_ns + row.stale_after_ms * NS_PER_MS + past_ns)
    assert monitor.alive(row.name) is alive


@pytest.mark.parametrize("row", JUDGED, ids=lambda row: row.name)
@pytest.mark.parametrize(("past_ns", "good"), [(-1000, True), (-1, True), (0, True), (1, False), (1000, False)])
def test_the_rate_is_good_down_to_the_slow_limit_and_not_below(row: StreamRow, past_ns: int, good: bool) -> None:
    monitor = StreamMonitor()
    last_ns = play(monitor, row.name, round(NS_PER_S / row.slow_below_hz) + past_ns, 40)
    monitor.judge(last_ns)
    assert monitor.health[row.name].rate_ok is good


@pytest.mark.parametrize(("fps", "good"), [(5, False), (7, False), (10, True), (15, True), (30, True), (60, True)])
def test_a_camera_of_ten_pictures_a_second_is_fast_enough_and_one_of_five_is_not(fps: int, good: bool) -> None:
    monitor = StreamMonitor()
    last_ns = play(monitor, "camera", NS_PER_S // fps, 4 * fps)
    monitor.judge(last_ns)
    assert monitor.health["camera"].rate_ok is good
    assert monitor.rate_hz("camera") == pytest.approx(fps, rel=0.01)


@pytest.mark.parametrize("intervals", [0, 1, 2, 3, 4])
def test_a_rate_is_believed_only_after_some_intervals(intervals: int) -> None:
    monitor = StreamMonitor()
    last_ns = play(monitor, "camera", NS_PER_S // 30, intervals + 1)
    monitor.judge(last_ns)
    assert monitor.health["camera"].rate_ok is (intervals >= RATE_MIN_INTERVALS)
    assert (monitor.rate_hz("camera") > 0) is (intervals >= RATE_MIN_INTERVALS)


def test_a_rate_starts_afresh_after_a_gap_and_is_good_again_within_a_second() -> None:
    monitor = StreamMonitor()
    last_ns = play(monitor, "camera", NS_PER_S // 30, 60)
    back_ns = last_ns + 5 * NS_PER_S
    monitor.update("camera", back_ns, back_ns)
    monitor.judge(back_ns)
    assert (monitor.alive("camera"), monitor.health["camera"].rate_ok) == (True, False)
    last_ns = play(monitor, "camera", NS_PER_S // 30, 20, back_ns + NS_PER_S // 30)
    monitor.judge(last_ns)
    assert monitor.health["camera"].rate_ok


def test_a_stream_that_turns_slow_is_told_within_two_seconds() -> None:
    monitor = StreamMonitor()
    last_ns = play(monitor, "camera", NS_PER_S // 30, 90)
    last_ns = play(monitor, "camera", NS_PER_S // 5, 10, last_ns + NS_PER_S // 5)
    monitor.judge(last_ns)
    assert (monitor.alive("camera"), monitor.health["camera"].rate_ok) == (True, False)


@pytest.mark.parametrize("row", STREAMS.values(), ids=lambda row: row.name)
@pytest.mark.parametrize(("past_ns", "sound"), [(-2, True), (-1, True), (0, True), (1, False), (2, False)])
def test_a_step_back_within_the_reorder_allowance_is_a_late_packet(row: StreamRow, past_ns: int, sound: bool) -> None:
    monitor = StreamMonitor()
    last_ns = play(monitor, row.name, NS_PER_S // 100, 500)
    recv_ns = last_ns + NS_PER_MS
    monitor.update(row.name, last_ns - row.reorder_ms * NS_PER_MS - past_ns, recv_ns)
    monitor.judge(recv_ns)
    assert monitor.health[row.name].clock_ok is sound


@pytest.mark.parametrize(("past_ns", "sound"), [(-2, False), (-1, False), (0, True), (1, True)])
def test_a_clock_that_went_back_is_unsound_for_one_second(past_ns: int, sound: bool) -> None:
    monitor = StreamMonitor()
    last_ns = play(monitor, "camera", NS_PER_S // 30, 30)
    recv_ns = last_ns + NS_PER_S // 30
    monitor.update("camera", last_ns - NS_PER_S, recv_ns)
    monitor.judge(recv_ns + CLOCK_GOOD_AGAIN_NS + past_ns)
    assert monitor.health["camera"].clock_ok is sound


def test_a_late_packet_does_not_make_its_stream_look_older_or_slower() -> None:
    monitor = StreamMonitor()
    last_ns = play(monitor, "mocopi", NS_PER_S // 60, 60)
    rate_hz = monitor.rate_hz("mocopi")
    monitor.update("mocopi", last_ns - 50 * NS_PER_MS, last_ns + NS_PER_MS)
    monitor.judge(last_ns + NS_PER_MS)
    assert monitor.health["mocopi"].age_ns == NS_PER_MS
    assert monitor.rate_hz("mocopi") == rate_hz


def test_a_stamp_from_the_future_keeps_nothing_alive() -> None:
    monitor = StreamMonitor()
    monitor.update("camera", START_NS + 3600 * NS_PER_S, START_NS)
    monitor.judge(START_NS + 400 * NS_PER_MS)
    assert not monitor.alive("camera")


def test_a_repeated_stamp_ages() -> None:
    monitor = StreamMonitor()
    last_ns = play(monitor, "camera", NS_PER_S // 30, 30)
    for step in range(30):
        monitor.update("camera", last_ns, last_ns + step * NS_PER_S // 30)
    monitor.judge(last_ns + NS_PER_S)
    assert not monitor.alive("camera")


def test_an_unknown_stream_is_told_and_changes_nothing() -> None:
    monitor = StreamMonitor()
    assert monitor.update("lidar", START_NS, START_NS) is False
    assert set(monitor.health) == set(STREAMS)


def test_the_gate_reads_the_monitors_own_records() -> None:
    health = Health()
    monitor = StreamMonitor(health=health.streams)
    before = health.streams["camera"]
    last_ns = play(monitor, "camera", NS_PER_S // 30, 30)
    monitor.judge(last_ns)
    assert health.streams["camera"] is before
    assert before == StreamHealth(alive=True, rate_ok=True, clock_ok=True, age_ns=0)


def test_update_and_judge_leave_no_object_behind() -> None:
    monitor = StreamMonitor()
    clock = VirtualClock(START_NS)
    play(monitor, "camera", NS_PER_S // 30, 30)
    gc.collect()
    gc.disable()
    try:
        before = gc.get_count()[0]
        for _ in range(10_000):
            now_ns = clock.advance(NS_PER_S // 30)
            monitor.update("camera", now_ns, now_ns)
            monitor.judge(now_ns)
        assert gc.get_count()[0] - before < 50
    finally:
        gc.enable()


def test_status_names_the_streams_that_were_heard() -> None:
    monitor = StreamMonitor()
    last_ns = play(monitor, "camera", NS_PER_S // 30, 31)
    monitor.judge(last_ns)
    assert monitor.status(last_ns + 5 * NS_PER_MS) == {
        "camera": {
            "alive": True, "rate_ok": True, "clock_ok": True, "rate_hz": 30.0, "age_ms": 5.0, "frames": 31, "driving": True,
        }
    }  # fmt: skip


def test_a_virtual_clock_never_goes_back() -> None:
    clock = VirtualClock(10)
    assert (clock(), clock.advance(5), clock()) == (10, 15, 15)
    with pytest.raises(ValueError, match="never goes back"):
        clock.advance_to(14)
