"""`airdeck calibrate`: neutral pose, mirror check and reach by postures; under a minute, no keyboard needed."""

import asyncio
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dynamics.frames import SourceKind

from .cli_output import Json, say, show_json
from .exits import MissingError, RefusedError, UsageError

if TYPE_CHECKING:
    from .registry import Spec
    from .settings import Settings

DEMO_MOVES = "rest,rest,right.raise,tee,both_up,rest"
"""What the demo performer does to be calibrated."""


def calibrate(
    *,
    performer: Annotated[str | None, typer.Option(help="Whose; [performer] name of the settings.", show_default=False)] = None,
    source: Annotated[
        str | None, typer.Option(help="camera[:NUMBER, NAME or FILE], synthetic; the camera.", show_default=False)
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", help="A settings file, read after your own.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Neutral pose, reach and mirror check, by postures: stand before the camera and do what the screen says.

    Under a minute, no keyboard needed. The next `airdeck run` of this performer uses it. Exit 1 when a step was not reached.

    \b
    Examples:
      airdeck calibrate
      airdeck calibrate --performer anna --source camera:1
      airdeck calibrate --source synthetic
    """
    from . import settings

    found = settings.load(config, {"performer": {"name": performer}} if performer is not None else None)
    used_by_run = performer is None or settings.load(config).performer.name == performer
    answer = _calibrate(found, _spec(found, source), as_json, used_by_run)
    if as_json or not sys.stdout.isatty():
        show_json(answer)
    else:
        say(answer["text"])


def _spec(found: "Settings", text: str | None) -> "Spec":
    """What to look through. Raises UsageError for what shows no performer, MissingError when there is no camera."""
    from bridges.sources.capture_devices import is_video_file, list_cameras

    from . import registry
    from .plan import CAMERA, DEMO, camera_kind

    if text is None and not found.sections[CAMERA].device and not list_cameras():
        raise MissingError("there is no camera to calibrate: plug one in, or name a recording: --source camera:FILE.mp4")
    text = text or CAMERA
    plain = text.partition(":")[0] not in registry.SOURCES and is_video_file(text)
    try:
        spec = registry.source(f"{CAMERA}:{text}" if plain else text)
    except registry.RegistryError as error:
        raise UsageError(str(error)) from error
    if camera_kind(found, (spec,)) is None:
        raise UsageError(f"{spec} shows no performer to look at: calibrate with a camera")
    return registry.Spec(spec.row, DEMO_MOVES) if spec.row.name == DEMO and not spec.arg else spec


def _calibrate(found: "Settings", spec: "Spec", as_json: bool, used_by_run: bool) -> dict[str, Any]:
    """Perform it and keep it; the answer as JSON. Raises RefusedError when a step was not reached."""
    from .calibration import keep
    from .calibration.perform import perform
    from .calibration.result import measure
    from .calibration.show import Lines, Screen
    from .calibration.use import choose
    from .drivers import make_source
    from .plan import camera_kind

    name, kind = found.performer.name, camera_kind(found, (spec,)) or SourceKind.CAMERA
    before = choose(name, kind, found.performer.mirror)
    source = make_source(spec, _hurried(found))
    screen: Lines | Screen = Lines() if as_json or not sys.stderr.isatty() else Screen()
    with screen:
        guide = asyncio.run(perform(source, screen.show))
    if guide.failed:
        raise RefusedError(f"not calibrated, and nothing was changed. {guide.failed}")
    return keep.keep(name, str(spec), kind, measure(guide), before=before, used_by_run=used_by_run)


def _hurried(found: "Settings") -> "Settings":
    """A recording is looked at as fast as it goes: its pictures have times of their own."""
    from .plan import CAMERA

    camera = dataclasses.replace(found.sections[CAMERA], unthrottled=True)
    return dataclasses.replace(found, sections={**found.sections, CAMERA: camera})
