"""Lets the tests of the session archive import their samples, which a recording child process needs too."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
