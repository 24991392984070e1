"""The systemd service: taken by systemd, safe by default."""

import shutil
import subprocess
from pathlib import Path

import pytest

SERVICE = Path(__file__).resolve().parents[2] / "systemd" / "airdeck.service"


def settings() -> dict[str, str]:
    lines = [line for line in SERVICE.read_text("utf-8").splitlines() if "=" in line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


@pytest.mark.system
def test_systemd_has_nothing_to_say_against_it(tmp_path: Path) -> None:
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    command = tmp_path / ".local" / "bin" / "airdeck"  # verify looks whether what ExecStart names is there
    command.parent.mkdir(parents=True)
    command.write_text("#!/bin/sh\n")
    command.chmod(0o755)
    environment = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"}
    verify = ["systemd-analyze", "verify", "--user", str(SERVICE)]
    done = subprocess.run(verify, capture_output=True, text=True, env=environment, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_names_no_profile_and_does_not_arm() -> None:
    assert settings()["ExecStart"] == "%h/.local/bin/airdeck run"


@pytest.mark.parametrize("hiding", ["PrivateDevices", "DeviceAllow", "DevicePolicy", "MemoryDenyWriteExecute"])
def test_it_closes_neither_the_camera_nor_the_compiler(hiding: str) -> None:
    assert hiding not in settings()


def test_no_picture_is_left_in_a_core_dump() -> None:
    assert settings()["LimitCORE"] == "0"
