"""`airdeck` whose presses last a minute, so that a test can kill a process while a note is surely down."""

from dataclasses import replace

from safety.commands import COMMANDS

COMMANDS.update({name: replace(row, press_ms=60_000) for name, row in COMMANDS.items()})

if __name__ == "__main__":
    from airdeck.__main__ import main

    main()
