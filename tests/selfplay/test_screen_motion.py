"""Recorded movement before the virtual camera: found on the right deck from every side, and counted once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from airdeck.exits import UsageError
from airdeck.gestures.library import Gesture, Library, library_of
from airdeck.selfplay import motion, placement, recorded, screen_files
from airdeck.selfplay.motion import Clip
from airdeck.selfplay.screen import Found, Screen, Verdict, merged, open_tables
from airdeck.selfplay.screen_labels import Group
from bridges.sources.performer import Body, Performance
from dynamics.skeleton import Joint
from safety.commands import COMMANDS, DeckRule
from safety.types import Profile
from tests.selfplay.moving import bvh_text, performed, write_pack
from tests.support.virtual_deck import LIBRARY

RAISES = library_of(tuple(g for g in LIBRARY.gestures if g.id.endswith(".raise")))


@pytest.fixture(scope="module")
def rig() -> Screen:
    return Screen(RAISES)


@pytest.fixture
def bvh_clip(tmp_path: Path) -> Callable[..., Clip]:
    def make(**how: object) -> Clip:
        path = tmp_path / "made.bvh"
        path.write_text(bvh_text(**how))  # type: ignore[arg-type]
        return motion.read_bvh(path)

    return make


@pytest.mark.parametrize(("side", "deck"), [("left", 1), ("right", 2)])
@pytest.mark.parametrize("turn_deg", [0.0, 130.0])
def test_a_raise_is_found_once_on_its_deck_from_every_side(
    rig: Screen, bvh_clip: Callable[..., Clip], side: str, deck: int, turn_deg: float
) -> None:
    """Whatever way the recording faces; seen from three sides it is one event."""
    result = rig.clip(bvh_clip(side=side, turn_deg=turn_deg))
    assert [(e.gesture, e.deck, e.verdict, sorted(e.yaws_deg)) for e in result.events] == [
        (f"{side}.raise", deck, Verdict.PERMITTED, [-25.0, 0.0, 25.0])
    ]
    assert 2.2 < result.events[0].t_s < 2.8


def test_arms_that_hang_lead_to_nothing(rig: Screen, bvh_clip: Callable[..., Clip]) -> None:
    result = rig.clip(bvh_clip(seconds=4.0))
    assert result.events == []
    assert (result.seen, result.armed) == (result.steps, result.steps)
    assert result.steps == 3 * len(result.clip.joints)


def test_a_raise_that_is_truly_held_is_named_a_posture_of_ours(rig: Screen, bvh_clip: Callable[..., Clip]) -> None:
    result = rig.clip(bvh_clip(side="right"))
    assert [(h.posture.name, h.side) for h in result.held] == [("one arm up", "right")]
    assert [e.posture for e in result.events] == ["one arm up"]


def test_a_hand_that_is_up_from_the_start_is_not_ours_to_count(rig: Screen) -> None:
    """The lead-in holds the first picture; what began in it is no event of the clip."""
    joints = performed(("left.raise",))
    up = joints[len(joints) // 2]
    clip = motion.clip_of_joints(np.repeat(up[None], 60, axis=0), 30.0, Clip("made", "held"))
    assert rig.clip(clip).events == []


def test_the_same_seed_gives_the_same_events_and_another_another_noise(bvh_clip: Callable[..., Clip]) -> None:
    clip = bvh_clip(side="left")
    first, second, other = (Screen(RAISES, seed).clip(clip).events for seed in (1, 1, 2))
    assert first == second
    assert [e.gesture for e in other] == [e.gesture for e in first]


def test_a_gesture_without_a_deck_in_the_way_is_counted_though_nobody_promoted_it(bvh_clip: Callable[..., Clip]) -> None:
    """A library of rows that the promotion table does not know goes through all the same."""
    library = Library(tuple(replace(g, content_hash="unknown") for g in RAISES.gestures), "made", dict(RAISES.by_id))
    assert [e.verdict for e in Screen(library).clip(bvh_clip(side="left")).events] == [Verdict.PERMITTED]


def left_raise(**how: object) -> Gesture:
    return replace(RAISES.by_id["left.raise"], **how)  # type: ignore[arg-type]


def test_what_began_in_the_lead_in_and_ends_in_the_clip_is_not_counted() -> None:
    """A row that asks for no arm that was down, and holds for longer than the lead-in lasts from its begin to the clip."""
    row = left_raise(hold_ms=2000, window_ms=9000)
    row = replace(row, conditions=tuple(c for c in row.conditions if c.at != "start"))
    rig = Screen(library_of((row,)), yaws_deg=(0.0,))
    joints = performed(("left.raise",))
    up = motion.clip_of_joints(np.repeat(joints[len(joints) // 2][None], 90, axis=0), 30.0, Clip("made", "held"))
    assert rig.clip(up).events == []
    down_first = np.concatenate([joints[:15], np.repeat(joints[len(joints) // 2][None], 90, axis=0)])
    assert [e.gesture for e in rig.clip(motion.clip_of_joints(down_first, 30.0, Clip("made", "raised"))).events] == [
        "left.raise"
    ]


def test_two_gestures_at_once_are_one_command_and_one_held_back_by_a_cooldown() -> None:
    twins = library_of((left_raise(), left_raise(id="left.twin")))
    clip = motion.clip_of_joints(performed(("left.raise", "rest")), 30.0, Clip("made", "twins"))
    events = Screen(twins, yaws_deg=(0.0,)).clip(clip).events
    assert {e.gesture: e.verdict for e in events} == {"left.raise": Verdict.PERMITTED, "left.twin": Verdict.COOLDOWN}
    assert all(reason.startswith("k10.") for e in events for reason in e.reasons)


def test_a_safety_posture_is_counted_and_disarms_nothing() -> None:
    library = library_of((left_raise(command="", act="disarm"),))
    result = Screen(library, yaws_deg=(0.0,)).clip(
        motion.clip_of_joints(performed(("left.raise", "rest")), 30.0, Clip("made", "crossed"))
    )
    assert [e.verdict for e in result.events] == [Verdict.NO_COMMAND]
    assert (result.disarmed, result.armed) == (0, result.steps)


def test_every_command_of_the_library_is_allowed_and_no_deck_is_in_the_way() -> None:
    careful = {name: replace(row, deck_rule=DeckRule.CONFIRM) for name, row in COMMANDS.items()}
    commands, limits = open_tables(RAISES, careful, {})
    assert {row.deck_rule for row in commands.values()} == {DeckRule.NONE}
    assert all(Profile.REHEARSE in limits[gesture.command].profiles for gesture in RAISES.gestures)


@pytest.mark.parametrize("silent", [False, True])
def test_a_performer_gone_for_long_disarms_the_gate_which_is_counted_and_armed_again(rig: Screen, silent: bool) -> None:
    """Nobody in the picture for 13 s, or no picture at all; the raise after that counts again."""
    frames = list(Performance(("rest", "rest", "rest", "left.raise"), Body()).frames(30.0, 1, start_ns=0))
    gone_ns = 13 * 10**9
    nobody = [replace(frames[0], capture_ns=i * 10**9 // 30, image=frames[0].image[:0]) for i in range(13 * 30)]
    back = [replace(f, capture_ns=f.capture_ns + gone_ns) for f in frames]
    arrivals = [("camera", replace(f, recv_ns=f.capture_ns)) for f in ([frames[0]] if silent else nobody) + back]
    result = rig.clip(recorded.clip_of_frames(Clip("made", "gone"), arrivals))
    assert result.disarmed == 1
    assert [(e.gesture, e.verdict) for e in result.events] == [("left.raise", Verdict.PERMITTED)]


def test_events_of_one_gesture_in_several_yaws_are_one_with_the_worst_verdict() -> None:
    hits = [
        Found(1.0, "left.raise", 1, Verdict.REFUSED, ("k8.second_person",), (0.0,)),
        Found(1.2, "left.raise", 1, Verdict.COOLDOWN, ("k10.burst",), (-25.0,)),
        Found(1.1, "right.raise", 2, Verdict.PERMITTED, (), (0.0,)),
        Found(1.4, "left.raise", 1, Verdict.PERMITTED, (), (0.0,)),
        Found(9.0, "left.raise", 1, Verdict.PERMITTED, (), (25.0,)),
    ]
    assert [(e.t_s, e.gesture, e.verdict, e.yaws_deg) for e in merged(hits)] == [
        (1.0, "left.raise", Verdict.COOLDOWN, (0.0, -25.0)),
        (1.1, "right.raise", Verdict.PERMITTED, (0.0,)),
        (1.4, "left.raise", Verdict.PERMITTED, (0.0,)),
        (9.0, "left.raise", Verdict.PERMITTED, (25.0,)),
    ]


def test_a_pack_gives_its_clips_with_labels_times_and_what_is_missing(tmp_path: Path) -> None:
    joints = performed(("rest",))
    lost = joints.copy()
    lost[:, Joint.HEAD] = np.nan
    rows = {"a": ("walk", joints), "b": ("wave-left-hand", joints)}
    first, second = screen_files.clips(write_pack(tmp_path / "made.npz", rows))
    assert (first.name, first.label, second.label) == ("a", "walk", "wave-left-hand")
    assert first.duration_s == pytest.approx((len(joints) - 1) / 30.0)
    np.testing.assert_allclose(first.joints, joints, atol=0.001)


def test_a_clip_of_another_rate_is_seen_at_30_frames_a_second() -> None:
    """A straight movement stays one: at t seconds it is t metres along."""
    for fps in (24.0, 29.97, 50.0, 60.0, 120.0):
        along = np.zeros((int(fps * 2), 14, 3))
        along[:, :, 0] = (np.arange(len(along)) / fps)[:, None]
        clip = motion.clip_of_joints(along, fps, Clip("made", "straight"))
        np.testing.assert_allclose(clip.joints[:, 0, 0], clip.t_s, atol=0.003)
        assert clip.duration_s == pytest.approx(2.0, abs=0.07)


@pytest.mark.parametrize("turned_deg", [0.0, 77.0, 180.0, -135.0])
def test_a_performer_is_turned_to_the_camera_and_stands_on_the_floor(turned_deg: float) -> None:
    joints = performed(("rest", "left.raise"))
    a = np.radians(turned_deg)
    turn = np.array([[np.cos(a), 0, -np.sin(a)], [0, 1, 0], [np.sin(a), 0, np.cos(a)]])
    placed = placement.faced(joints @ turn + (5.0, 2.0, -7.0))
    np.testing.assert_allclose(placement.facing_rad(placed), 0.0, atol=1e-6)
    assert np.median(placed[:, Joint.L_SHOULDER, 0]) > np.median(placed[:, Joint.R_SHOULDER, 0])
    np.testing.assert_allclose(placed[:, Joint.L_ANKLE, 1].min(), placement.ANKLE_M, atol=0.02)


def test_the_camera_stands_back_for_a_performer_who_walks_and_sees_the_raised_hand() -> None:
    joints = performed(("left.raise",))
    walked = joints.copy()
    walked[:, :, 0] += np.linspace(-2.0, 2.0, len(joints))[:, None]
    near, far = placement.camera_for(joints), placement.camera_for(walked)
    assert near.distance_m == placement.CAMERA.distance_m
    assert near.distance_m < far.distance_m <= placement.FARTHEST_M
    seen = near.project(joints[:, Joint.L_WRIST])
    assert ((seen >= 0.0) & (seen <= 1.0)).all()


def test_a_bind_pose_before_the_performer_appears_is_dropped() -> None:
    joints = performed(("rest",))
    bind = joints[:1] + np.array([0.0, 0.6, 0.0])
    np.testing.assert_array_equal(placement.without_bind_pose(np.concatenate([bind, joints])), joints)
    np.testing.assert_array_equal(placement.without_bind_pose(joints), joints)


def test_a_head_joint_at_the_top_of_the_neck_is_lifted_to_the_middle_of_the_head() -> None:
    joints = performed(("rest",))
    low = joints.copy()
    low[:, Joint.HEAD] = 0.7 * joints[:, Joint.NECK] + 0.3 * joints[:, Joint.HEAD]
    np.testing.assert_allclose(placement.with_whole_head(low)[:, Joint.HEAD], joints[:, Joint.HEAD], atol=0.03)
    np.testing.assert_array_equal(placement.with_whole_head(joints * 1.0), joints)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("made.npz", b"PK\3\4 not a zip", "no pack that can be read"),
        ("made.npz", b"", "no pack that can be read"),
        ("made.txt", b"hello", "nothing that can be screened"),
        ("made.jsonl", b"{}\n", r"made\.jsonl:1: no pose"),
        ("made.jsonl", b"\n\n[1, 2]\n", r"made\.jsonl:3: no pose"),
        ("made.jsonl", b"", "no pose in it"),
    ],
)
def test_what_cannot_be_read_is_told_by_name(tmp_path: Path, name: str, content: bytes, why: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UsageError, match=why):
        list(screen_files.clips(path))


def test_a_pack_that_lacks_a_key_or_a_joint_says_which(tmp_path: Path) -> None:
    path = write_pack(tmp_path / "made.npz", {"a": ("", performed(("rest",)))})
    with np.load(path) as pack:
        kept = {key: pack[key] for key in pack.files}
    np.savez(tmp_path / "no_fps.npz", **{key: value for key, value in kept.items() if key != "fps"})
    np.savez(tmp_path / "no_wrist.npz", **{**kept, "joints": np.char.replace(kept["joints"], "l_wrist", "l_paw")})
    with pytest.raises(UsageError, match="fps is missing"):
        list(screen_files.clips(tmp_path / "no_fps.npz"))
    with pytest.raises(UsageError, match="l_wrist is missing"):
        list(screen_files.clips(tmp_path / "no_wrist.npz"))


def test_a_missing_file_and_a_folder_that_is_no_session_are_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        list(screen_files.clips(tmp_path / "gone.bvh"))
    with pytest.raises(UsageError, match=r"without manifest\.json"):
        list(screen_files.clips(tmp_path))


def test_labels_put_a_clip_into_its_group(rig: Screen) -> None:
    joints = performed(("rest",))
    groups = [
        rig.clip(motion.clip_of_joints(joints, 30.0, Clip("made", "a", label))).group
        for label in ("", "walk", "wave-right-hand", "wave-both-hands", "raise-up-left-hand")
    ]
    assert groups == [Group.ORDINARY, Group.ORDINARY, Group.WAVES, Group.ORDINARY, Group.RAISES]
