"""A real X client: one window whose WM_CLASS is the argument, with a child inside; prints its key and focus events.

"focus" on standard input moves the input focus to the child, as toolkits do, so that a reader of WM_CLASS must walk up.
"""

import select
import sys

from Xlib import X, display


def main(wm_class: str) -> None:
    connection = display.Display()
    screen = connection.screen()
    window = screen.root.create_window(0, 0, 200, 100, 0, screen.root_depth)
    window.set_wm_class(wm_class, wm_class.capitalize())
    child = window.create_window(0, 0, 100, 50, 0, screen.root_depth)
    child.change_attributes(event_mask=X.KeyPressMask | X.KeyReleaseMask | X.FocusChangeMask | X.ExposureMask)
    window.map()
    child.map()
    connection.sync()
    say("ready")
    while True:
        if not connection.pending_events():
            ready, _, _ = select.select([connection, sys.stdin], [], [])
            if sys.stdin in ready:
                if not sys.stdin.readline():
                    return
                child.set_input_focus(X.RevertToParent, X.CurrentTime)
                connection.sync()
        while connection.pending_events():
            report(connection, connection.next_event())


def report(connection: display.Display, event: object) -> None:
    names = {X.KeyPress: "press", X.KeyRelease: "release", X.FocusIn: "focus in", X.FocusOut: "focus out"}
    if event.type not in names:
        return
    key = ""
    if event.type in (X.KeyPress, X.KeyRelease):
        key = " " + (connection.lookup_string(connection.keycode_to_keysym(event.detail, 0)) or str(event.detail))
    say(names[event.type] + key)


def say(what: str) -> None:
    sys.stdout.write(what + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
