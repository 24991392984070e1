import time

import pytest

from safety.types import Permit
from tests.sinks.helpers import COMMANDS_WITH_HOLD, mapping_with_hold
from tests.support import jack as jack_support
from tests.support import xvfb as xvfb_support


@pytest.fixture
def commands():
    return COMMANDS_WITH_HOLD


@pytest.fixture
def mapping():
    return mapping_with_hold()


@pytest.fixture
def permit():
    """Makes permits as the gate would; times are now unless said otherwise."""

    def make(sink, command="deck1.play_pause", value=1.0, seq=1, not_before_ns=0, expires_ns=None):
        if expires_ns is None:
            expires_ns = time.monotonic_ns() + 60 * 10**9
        return Permit(seq, command, value, sink.name, sink.sink_class, not_before_ns, expires_ns)

    return make


@pytest.fixture(scope="session")
def jack_session():
    if missing := jack_support.missing():
        pytest.skip(missing)
    server = jack_support.JackServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def jack(jack_session, monkeypatch):
    """The session's JACK server, for tests that leave it in order."""
    _use(jack_session, monkeypatch)
    return jack_session


@pytest.fixture
def own_jack(monkeypatch):
    """A JACK server of this test's own, to be killed or upset."""
    if missing := jack_support.missing():
        pytest.skip(missing)
    server = jack_support.JackServer()
    server.start()
    _use(server, monkeypatch)
    yield server
    server.stop()


def _use(server, monkeypatch):
    for name in ("JACK_DEFAULT_SERVER", "JACK_NO_START_SERVER"):
        monkeypatch.setenv(name, server.environment[name])


@pytest.fixture
def dump(request):
    """jack_midi_dump on whichever server the test uses."""
    server = request.getfixturevalue("own_jack" if "own_jack" in request.fixturenames else "jack")
    receiver = jack_support.Dump(server)
    yield receiver
    receiver.close()


@pytest.fixture(scope="session")
def x_session():
    if missing := xvfb_support.missing():
        pytest.skip(missing)
    server = xvfb_support.Xvfb()
    yield server
    server.stop()


@pytest.fixture
def x_server(x_session, monkeypatch):
    monkeypatch.setenv("DISPLAY", x_session.display)
    monkeypatch.delenv("XAUTHORITY", raising=False)
    return x_session
