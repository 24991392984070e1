"""The K11 gate: the only maker of a Permit. Standard library only, time passed in."""
