"""Speed, size and robustness figures, each beside its peer. `python -m bench` prints the table."""
