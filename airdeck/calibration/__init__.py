"""Calibration: neutral pose, mirror check and reach by postures, kept per performer, taken by the next run."""
