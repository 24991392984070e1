"""The older systems' vectors are read by name, read-only, and always with their producer."""

import numpy as np
import pytest

from dynamics.historic import VIEWS, historic_view

NUMBERS = np.arange(128, dtype=np.float32)


@pytest.mark.parametrize("producer", VIEWS)
def test_a_layout_covers_all_128_numbers_once(producer):
    covered = sorted(i for part in VIEWS[producer].values() for i in range(part.start, part.stop))
    assert covered == list(range(128))


@pytest.mark.parametrize(
    ("producer", "part", "first", "count"),
    [
        ("flatten_latent", "velocity", 32, 32), ("flatten_latent", "norm", 64, 1), ("flatten_latent", "coherence", 75, 1),
        ("swift_overlay", "velocity", 32, 31), ("swift_overlay", "pose_statistics", 63, 6),
        ("swift_overlay", "modality_mask", 75, 1),
    ],
)  # fmt: skip
def test_a_part_is_found_where_that_producer_put_it(producer, part, first, count):
    assert historic_view(NUMBERS, producer)[part].tolist() == list(range(first, first + count))


def test_a_view_keeps_its_producer_and_cannot_be_written():
    view = historic_view(NUMBERS, "swift_overlay")
    assert view.producer == "swift_overlay"
    with pytest.raises(ValueError, match="read-only"):
        view["z"][0] = 1.0


def test_the_numbers_are_copied():
    numbers = NUMBERS.copy()
    view = historic_view(numbers, "flatten_latent")
    numbers[:] = 0
    assert view["norm"][0] == 64


def test_an_unknown_producer_a_wrong_length_and_a_missing_part_are_named():
    with pytest.raises(ValueError, match=r"unknown producer 'builder'.*flatten_latent, swift_overlay"):
        historic_view(NUMBERS, "builder")
    with pytest.raises(ValueError, match=r"expected 128 numbers, got shape \(127,\)"):
        historic_view(NUMBERS[:127], "flatten_latent")
    with pytest.raises(KeyError, match="flatten_latent has no part 'modality_mask'"):
        historic_view(NUMBERS, "flatten_latent")["modality_mask"]
