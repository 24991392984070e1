"""The gesture library: rows, compiled rules, proposals."""
