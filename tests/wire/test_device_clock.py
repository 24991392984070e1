"""A device clock mapped by minimum delay, on virtual time."""

import random

import pytest

from bridges.wire.device_clock import DeviceClock

MS = 1_000_000
S = 1_000_000_000
BOOT_NS = 77 * S
"""Our clock when the device's stood at zero."""


def feed(clock, seconds, rate=60, drift_ppm=0.0, delay=lambda: 2 * MS, start=0.0):
    """Packets of a device that drifts; returns the errors of the mapping in ns, late is positive."""
    errors = []
    for n in range(int(seconds * rate)):
        true_ns = BOOT_NS + int((start + n / rate) * S)
        device_s = (start + n / rate) * (1 + drift_ppm * 1e-6)
        errors.append(clock.capture_ns(device_s, true_ns + delay()) - true_ns)
    return errors


def test_jitter_of_the_network_is_taken_out():
    rng = random.Random(7)
    errors = feed(DeviceClock(), 20, delay=lambda: 2 * MS + int(rng.expovariate(1 / (8 * MS))))
    assert max(errors[120:]) - min(errors[120:]) < MS


def test_the_mapped_time_is_never_after_the_arrival():
    clock, rng = DeviceClock(), random.Random(8)
    for n in range(1000):
        recv_ns = BOOT_NS + n * 16 * MS + rng.randrange(30 * MS)
        assert clock.capture_ns(n * 0.016, recv_ns) <= recv_ns


@pytest.mark.parametrize("drift_ppm", [-100, 100])
def test_drift_is_followed_for_an_hour(drift_ppm):
    errors = feed(DeviceClock(), 3600, rate=10, drift_ppm=drift_ppm)
    assert max(abs(error) for error in errors) < 3 * MS


def test_a_real_stall_of_the_network_shows_as_age():
    clock = DeviceClock()
    feed(clock, 5)
    late = clock.capture_ns(5.0, BOOT_NS + 5 * S + 400 * MS)
    assert late - (BOOT_NS + 5 * S) < 3 * MS
    assert clock.restarts == 0


def test_a_clock_that_goes_back_restarts_and_is_counted():
    clock = DeviceClock()
    feed(clock, 5)
    recv_ns = BOOT_NS + 5 * S
    assert clock.capture_ns(0.0, recv_ns) == recv_ns
    assert clock.restarts == 1


def test_a_clock_that_jumps_ahead_restarts_and_is_counted():
    clock = DeviceClock()
    feed(clock, 5)
    recv_ns = BOOT_NS + 5 * S
    assert clock.capture_ns(500.0, recv_ns) == recv_ns
    assert clock.restarts == 1


def test_a_clock_that_stood_still_for_a_moment_is_found_within_seconds():
    clock = DeviceClock()
    feed(clock, 5)
    for n in range(300):
        recv_ns = BOOT_NS + 5 * S + 600 * MS + n * 16 * MS
        capture_ns = clock.capture_ns(5.0 + n * 0.016, recv_ns)
    assert recv_ns - capture_ns < 5 * MS
    assert clock.restarts == 1


@pytest.mark.parametrize("device_s", [float("nan"), float("inf"), -float("inf"), 1e30])
def test_a_time_that_is_none_gives_the_arrival(device_s):
    assert DeviceClock().capture_ns(device_s, 123) == 123


def test_stamps_inside_a_batch_are_mapped_by_its_newest():
    clock = DeviceClock()
    clock.observe(10 * S, BOOT_NS + 10 * S)
    assert clock.map(9 * S, BOOT_NS + 10 * S) == BOOT_NS + 9 * S


def test_a_clock_that_was_never_heard_maps_to_the_arrival():
    assert DeviceClock().map(5, 99) == 99
