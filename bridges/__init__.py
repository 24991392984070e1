"""Edges: devices, sockets and other people's formats. A driver is imported only when it is used."""
