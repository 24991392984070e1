"""One quick self-play of the library as it is, for all who need a report that counts."""

from typing import Any

import pytest

from airdeck.selfplay import report
from airdeck.selfplay.run import quick_run
from tests.support.virtual_deck import LIBRARY


@pytest.fixture(scope="session")
def passed() -> dict[str, Any]:
    """What `airdeck selfplay --quick` reports. Copy it before changing it."""
    outcome = quick_run(LIBRARY, report.QUICK_SEED, report.QUICK_PERFORMERS)
    return report.make_report(outcome, LIBRARY, report.QUICK_SEED, report.QUICK_PERFORMERS)
