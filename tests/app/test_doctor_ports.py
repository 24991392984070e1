"""The doctor looks at the ports that this user's settings name, and says who has them."""

import socket
from pathlib import Path

import pytest

from airdeck import doctor, settings


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def test_every_source_that_listens_is_looked_at_on_its_own_kind_of_port() -> None:
    found = set(doctor.source_ports())
    assert found >= {
        ("udp", 12351, "mocopi"), ("udp", 39539, "vmc"), ("udp", 9705, "pose-json"), ("udp", 9702, "lumm"),
        ("udp", 9000, "osc"), ("tcp", 8000, "sensor-logger"),
    }  # fmt: skip


@pytest.mark.parametrize(("kind", "section"), [("udp", "osc"), ("tcp", "sensor_logger")])
def test_a_port_of_the_settings_that_another_program_has_is_named_with_its_source(kind: str, section: str) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM if kind == "udp" else socket.SOCK_STREAM) as other:
        other.bind(("127.0.0.1", 0))
        if kind == "tcp":
            other.listen()
        port = other.getsockname()[1]
        settings.user_file().parent.mkdir(parents=True)
        settings.user_file().write_text(f"[{section}]\nport = {port}\n")
        [finding] = doctor.CHECKS["ports"]()
    assert finding.level is doctor.Level.WARN
    assert f"{kind} {port} ({section.replace('_', '-')})" in finding.text
