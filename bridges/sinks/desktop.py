"""What the key driver must know of the desktop: who has the focus, which keys are down. Imports little: the writer loads it."""

import importlib
import sys
from collections.abc import Iterable
from pathlib import PureWindowsPath
from typing import Any


class Desktop:
    """Says whether one of the allowed programs (`targets`; upper and lower case are alike) is in front."""

    def __init__(self, targets: Iterable[str]) -> None:
        self._targets = {target.lower() for target in targets}

    def is_allowed(self) -> bool:
        return any(name.lower() in self._targets for name in self.names())

    def names(self) -> tuple[str, ...]:
        """The names of the program in front; empty when nobody can tell."""
        raise NotImplementedError

    def is_down(self, keysym: int) -> bool:
        """The key is down, or nobody can tell: letting go of a key once more does no harm."""
        return True


class X11Desktop(Desktop):
    """The WM_CLASS (both parts) of the window with the input focus, or of the nearest window around it that has one.

    It asks for the input focus itself, so it works without a window manager.
    """

    def __init__(self, targets: Iterable[str]) -> None:
        super().__init__(targets)
        from Xlib import display, error

        self._display = display.Display()
        self._gone = (error.BadWindow, error.BadDrawable)

    def names(self) -> tuple[str, ...]:
        window: Any = self._display.get_input_focus().focus
        try:
            while not isinstance(window, int):  # None, PointerRoot, and the parent of a root are numbers
                names = window.get_wm_class()
                if names:
                    return tuple(names)
                window = window.query_tree().parent
        except self._gone:
            return ()  # the window went away while we asked
        return ()

    def is_down(self, keysym: int) -> bool:
        """X delivers the release of a key that is not down too, to whoever has the focus."""
        code = self._display.keysym_to_keycode(keysym)
        return bool(self._display.query_keymap()[code // 8] >> code % 8 & 1)


class MacDesktop(Desktop):
    """The name of the application that owns the frontmost normal window."""

    def __init__(self, targets: Iterable[str]) -> None:
        super().__init__(targets)
        self._quartz: Any = importlib.import_module("Quartz")  # pyobjc, which pynput brings on macOS

    def names(self) -> tuple[str, ...]:
        """The window list, not NSWorkspace: that one is only brought up to date by a run loop."""
        quartz = self._quartz
        which = quartz.kCGWindowListOptionOnScreenOnly | quartz.kCGWindowListExcludeDesktopElements
        for window in quartz.CGWindowListCopyWindowInfo(which, quartz.kCGNullWindowID) or ():
            if window.get("kCGWindowLayer") == 0:
                return (str(window.get("kCGWindowOwnerName", "")),)
        return ()


class WindowsDesktop(Desktop):
    """The file name of the program that owns the foreground window."""

    QUERY_LIMITED_INFORMATION = 0x1000
    PATH_CHARACTERS = 1024

    def __init__(self, targets: Iterable[str]) -> None:
        super().__init__(targets)
        import ctypes

        self._ctypes: Any = ctypes

    def names(self) -> tuple[str, ...]:
        ctypes = self._ctypes
        user, kernel = ctypes.windll.user32, ctypes.windll.kernel32
        process_id = ctypes.c_ulong()
        user.GetWindowThreadProcessId(ctypes.c_void_p(user.GetForegroundWindow()), ctypes.byref(process_id))
        kernel.OpenProcess.restype = ctypes.c_void_p
        process = kernel.OpenProcess(self.QUERY_LIMITED_INFORMATION, False, process_id)
        if not process:
            return ()
        path = ctypes.create_unicode_buffer(self.PATH_CHARACTERS)
        length = ctypes.c_ulong(self.PATH_CHARACTERS)
        found = kernel.QueryFullProcessImageNameW(ctypes.c_void_p(process), 0, path, ctypes.byref(length))
        kernel.CloseHandle(ctypes.c_void_p(process))
        return (PureWindowsPath(path.value).name,) if found else ()


PLATFORMS: dict[str, type[Desktop]] = {"linux": X11Desktop, "darwin": MacDesktop, "win32": WindowsDesktop}


def open_desktop(targets: Iterable[str], platform: str = sys.platform) -> Desktop:
    """The one for this platform (X11 where there is no other)."""
    return PLATFORMS.get(platform, X11Desktop)(targets)
