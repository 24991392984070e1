"""The application: wiring, and what a person calls."""
