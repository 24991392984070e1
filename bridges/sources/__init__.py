"""Devices and sockets that deliver frames."""
