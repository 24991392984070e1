"""Synthetic performers through the whole pipeline and gate."""
