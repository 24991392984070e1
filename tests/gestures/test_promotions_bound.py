"""The committed promotions speak of the gestures as they are."""

import pytest

from airdeck.assembly import GESTURES_FILE, read_promotions
from airdeck.gestures.library import load_library
from airdeck.settings import config_file
from safety.promotion import BASELINE

LIBRARY = load_library(config_file(GESTURES_FILE))


@pytest.mark.parametrize("gesture", sorted(BASELINE))
def test_a_baseline_row_is_bound_to_the_gesture_s_present_content(gesture: str) -> None:
    """Whoever changes a gesture or the kernels looks at its figures again and then writes this hash into promotions.toml."""
    assert read_promotions()[gesture].hash == LIBRARY.by_id[gesture].content_hash
