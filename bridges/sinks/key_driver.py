"""The key driver of the writer process: pynput, and only while an allowed window has the focus."""

from collections.abc import Mapping, Sequence
from typing import Any

from .desktop import open_desktop
from .driver import Driver, DriverError, Row

NO_DISPLAY = "keys cannot be sent here: {} (is there a display, and on macOS the Accessibility permission?)"


class KeyDriver(Driver):
    """options: `targets`, the programs that keys may go to."""

    def __init__(self, options: Mapping[str, Any], rows: Sequence[Row]) -> None:
        try:
            from pynput import keyboard

            self._controller = keyboard.Controller()
            self._desktop = open_desktop(options["targets"])
        except Exception as error:  # each platform's library has its own
            raise DriverError(NO_DISPLAY.format(str(error).strip() or type(error).__name__)) from error
        self._keys = [[named_key(keyboard, name) for name in row["form"].split("+")] for row in rows]
        self._let_go()

    def target_ok(self) -> bool:
        return self._desktop.is_allowed()

    def _let_go(self) -> None:
        """Of what an earlier writer may have died holding: in the allowed program, and elsewhere what is really down."""
        allowed = self._desktop.is_allowed()
        for key in (key for keys in self._keys for key in reversed(keys)):
            if allowed or self._desktop.is_down(keysym(key)):
                self._controller.release(key)

    def press(self, index: int, value: float) -> bool:
        if not self._desktop.is_allowed():
            return False
        for key in self._keys[index]:
            self._controller.press(key)
        return True

    def release(self, index: int) -> None:
        """Key up in any case: wherever the focus went, the key is down for the whole display."""
        for key in reversed(self._keys[index]):
            self._controller.release(key)


def named_key(keyboard: Any, name: str) -> Any:
    """A character, or a name such as "shift" or "left". Raises DriverError."""
    if len(name) == 1:
        return keyboard.KeyCode.from_char(name)
    try:
        return keyboard.Key[name]
    except KeyError:
        raise DriverError(f"there is no key called {name!r}") from None


def keysym(key: Any) -> int:
    """X's number of a key: that of the character (Latin 1), or the one pynput knows for a name. Elsewhere without meaning."""
    code = getattr(key, "value", key)
    return ord(code.char) if code.char else int(code.vk or 0)
