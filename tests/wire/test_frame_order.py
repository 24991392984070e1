"""Late, duplicate and restarted frame numbers."""

from bridges.wire.frame_order import FrameOrder, OrderError

MS = 1_000_000


def run(*numbers, step_ns=16 * MS):
    order = FrameOrder()
    return [order.check(number, n * step_ns) for n, number in enumerate(numbers)], order


def test_rising_numbers_are_new():
    assert run(5, 6, 9)[0] == [None, None, None]


def test_the_same_number_again_is_a_duplicate():
    assert run(5, 5, 6)[0] == [None, OrderError.DUPLICATE, None]


def test_a_straggler_is_late():
    assert run(5, 7, 6, 8)[0] == [None, None, OrderError.LATE, None]


def test_two_stragglers_in_a_row_are_late():
    assert run(5, 8, 6, 7, 9)[0] == [None, None, OrderError.LATE, OrderError.LATE, None]


def test_a_counter_that_starts_again_is_accepted_at_its_third_number():
    verdicts, order = run(5000, 1, 2, 3, 4)
    assert verdicts == [None, OrderError.LATE, OrderError.LATE, None, None]
    assert order.restarts == 1


def test_after_a_silence_a_smaller_number_is_a_new_start_at_once():
    assert run(5000, 1, 2, step_ns=500 * MS)[0] == [None, None, None]


def test_after_a_silence_the_same_number_is_a_new_start():
    assert run(1, 1, step_ns=500 * MS)[0] == [None, None]


def test_the_counter_may_wrap():
    assert run(2**32 - 1, 0, 1)[0] == [None, None, None]


def test_one_forged_number_does_not_silence_the_sender():
    assert run(10, 10 + 2**30, 11, 12, 13, 14)[0][-2:] == [None, None]
