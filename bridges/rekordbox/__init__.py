"""Commands as notes, CCs and keys; the MIDI map; deck state."""
