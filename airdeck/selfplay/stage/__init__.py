"""Synthetic performers: who they are, how they move, and what a camera, mocopi and a watch make of it."""
