"""Prints the names of the MIDI output ports as a JSON list: `python -m bridges.sinks.midi_ports [api]`."""

import json
import os
import sys

import mido

from .driver import DriverError
from .midi_driver import APIS, CLIENT_NAME, open_output

MIDO_NAMES = {"alsa": "LINUX_ALSA", "jack": "UNIX_JACK", "coremidi": "MACOSX_CORE", "winmm": "WINDOWS_MM"}


def output_names(api: str) -> list[str]:
    """The ports, by way of the first interface that works. Raises DriverError."""
    client = open_output(api, f"{CLIENT_NAME} lists ports")
    current = client.get_current_api()
    client.delete()
    used = next(name for name, number in APIS.items() if number == current)
    backend = mido.Backend(f"mido.backends.rtmidi/{MIDO_NAMES[used]}")
    return list(dict.fromkeys(backend.get_output_names()))


def main(api: str) -> int:
    """The list, or the reason why there is none, on standard output."""
    try:
        sys.stdout.write(json.dumps(output_names(api)))
    except DriverError as error:
        sys.stdout.write(str(error))
        return 1
    return 0


if __name__ == "__main__":
    code = main(sys.argv[1] if len(sys.argv) > 1 else "")
    sys.stdout.flush()
    os._exit(code)
