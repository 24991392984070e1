"""Read-only named views of the older systems' 128-number layouts, so that their logs can be read.

The two published layouts contradict each other from slot 63 on (the overlay writes its pose statistics and mask over
velocity, geometry and coherence), and a third writer fills phase with zeros only. A vector read here is always tagged
with the producer that made it; nothing is converted into `airdeck.dynamics128/1`.
"""

from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

FLATTEN_LATENT = MappingProxyType(
    {
        "z": slice(0, 32), "velocity": slice(32, 64), "norm": slice(64, 65), "speed": slice(65, 66), "curvature": slice(66, 67),
        "curvature_rate": slice(67, 68), "jerk": slice(68, 69), "tempo_over_200": slice(69, 70), "phase": slice(70, 71),
        "periodicity": slice(71, 72), "grounding": slice(72, 73), "verticality": slice(73, 74), "rotation": slice(74, 75),
        "coherence": slice(75, 76), "mocopi": slice(76, 100), "pocket_pitch_roll": slice(100, 102),
        "watch_heart_rate_energy": slice(102, 104), "reserved": slice(104, 128),
    }
)  # fmt: skip
"""The Rust `flatten_latent` layout: 16 real numbers then zero padding in z and in velocity; phase is always 0."""

SWIFT_OVERLAY = MappingProxyType(
    {
        "z": slice(0, 32), "velocity": slice(32, 63), "pose_statistics": slice(63, 69), "tempo_over_200": slice(69, 70),
        "phase": slice(70, 71), "periodicity": slice(71, 72), "grounding": slice(72, 73), "verticality": slice(73, 74),
        "rotation": slice(74, 75), "modality_mask": slice(75, 76), "mocopi": slice(76, 100),
        "pocket_pitch_roll": slice(100, 102), "watch_heart_rate_energy": slice(102, 104), "reserved": slice(104, 128),
    }
)  # fmt: skip
"""The Swift overlay: six pose statistics over slots 63..68, the modality mask over coherence."""

VIEWS = MappingProxyType({"flatten_latent": FLATTEN_LATENT, "swift_overlay": SWIFT_OVERLAY})


@dataclass(frozen=True, slots=True)
class HistoricVector:
    """128 float32 numbers of an older producer, read by name."""

    producer: str
    values: np.ndarray

    def __getitem__(self, name: str) -> np.ndarray:
        """The named slice, read-only. KeyError names the layout when it has no such part."""
        layout = VIEWS[self.producer]
        if name not in layout:
            raise KeyError(f"{self.producer} has no part {name!r}; it has {', '.join(layout)}")
        return self.values[layout[name]]


def historic_view(values: "np.typing.ArrayLike", producer: str) -> HistoricVector:
    """Tag 128 numbers with the older producer that made them ("flatten_latent" or "swift_overlay").

    Raises ValueError for an unknown producer or another length.
    """
    if producer not in VIEWS:
        raise ValueError(f"unknown producer {producer!r}: expected one of {', '.join(VIEWS)}")
    array = np.array(values, dtype=np.float32)
    if array.shape != (128,):
        raise ValueError(f"{producer}: expected 128 numbers, got shape {array.shape}")
    array.setflags(write=False)
    return HistoricVector(producer, array)
