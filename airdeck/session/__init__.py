"""The session archive: folders that survive anything."""
