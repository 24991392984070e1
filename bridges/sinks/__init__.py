"""Outputs that accept a Permit and nothing else."""
