"""What a screening says: exact bounds, groups apart, postures by geometry, one JSON, one page, exit codes."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from airdeck.cli import app
from airdeck.gestures.library import Kind, library_of
from airdeck.selfplay import poisson, screen_html, screen_report
from airdeck.selfplay.motion import Clip
from airdeck.selfplay.placement import turned
from airdeck.selfplay.screen import ClipResult, Found, Verdict
from airdeck.selfplay.screen_labels import Group, held_postures, longest_s, style_of, truly_raised
from bridges.sources.performer import RAISED, REST
from dynamics.body import ArmPose, BodyPose, joints_of
from dynamics.skeleton import Joint
from tests.selfplay.moving import bvh_text, performed, write_pack
from tests.support.virtual_deck import LIBRARY

RAISES = library_of(tuple(g for g in LIBRARY.gestures if g.id.endswith(".raise")))

# One-sided 95 % upper limits of a Poisson mean, as published: half the chi-square quantile with 2 (n + 1) degrees of freedom.
PUBLISHED = {0: 2.9957, 1: 4.7439, 2: 6.2958, 3: 7.7537, 5: 10.5130, 10: 16.9622, 20: 29.0620, 50: 63.2871, 100: 118.0787}


@pytest.mark.parametrize("count", PUBLISHED)
def test_the_bound_is_the_published_one(count: int) -> None:
    assert poisson.upper(count) == pytest.approx(PUBLISHED[count], rel=2e-4)


def test_the_bound_of_many_events_stays_finite_and_near_the_normal_one() -> None:
    assert poisson.upper(5000) == pytest.approx(5000 + 1.645 * 5000**0.5, rel=0.001)


def test_nothing_screened_has_no_bound() -> None:
    assert poisson.upper_per_hour(0, 0.0) is None
    assert poisson.upper_per_hour(0, 1.5) == pytest.approx(2.9957 / 1.5, rel=1e-4)


def clip(label: str = "", name: str = "made", seconds: float = 3600.0, joints: np.ndarray | None = None) -> Clip:
    at = np.array([joints_of(REST)] * 2) if joints is None else joints
    return Clip("made.npz", name, label, seconds, np.arange(len(at)) / 30.0, at)


def result(*events: Found, of: Clip | None = None, group: Group = Group.ORDINARY) -> ClipResult:
    return ClipResult(of or clip(), group, list(events), steps=100, seen=100, armed=100)


def left(verdict: Verdict, posture: str = "", t_s: float = 1.0) -> Found:
    return Found(t_s, "left.raise", 1, verdict, (), (0.0,), posture)


def test_a_cooldown_saves_no_trigger_and_a_refusal_does() -> None:
    report = screen_report.make([result(*(left(verdict) for verdict in Verdict))], RAISES, 1, (0.0,))
    assert (report["recogniser_events"], report["discrete_triggers"]) == (4, 3)
    assert (report["commands"], report["held_back"], report["no_command"], report["refused"]) == (1, 1, 1, 1)
    assert report["gestures"]["left.raise"] == {"triggers": 3, "per_hour": 3.0, "recogniser_events": 4, "commands": 1}
    assert report["gestures"]["right.raise"]["triggers"] == 0
    assert report["bound95_per_hour"] == pytest.approx(7.7537, abs=1e-3)


def test_waves_raises_and_held_postures_are_not_among_ordinary_movement() -> None:
    report = screen_report.make(
        [
            result(left(Verdict.PERMITTED, posture="one arm up")),
            result(left(Verdict.PERMITTED), of=clip("wave-left-hand"), group=Group.WAVES),
            result(left(Verdict.PERMITTED), of=clip("raise-up-left-hand"), group=Group.RAISES),
        ],
        RAISES, 1, (0.0,),
    )  # fmt: skip
    assert (report["hours"], report["total_hours"]) == (1.0, 3.0)
    assert (report["discrete_triggers"], report["in_held_postures"]) == (0, 1)
    assert report["groups"]["one_hand_waves"]["commands_per_hour"] == 1.0
    assert report["waves"][0]["label"] == "wave-left-hand"
    assert [len(c["events"]) for c in report["clips"]] == [1, 1, 1]


def test_a_continuous_gesture_is_no_trigger() -> None:
    slider = replace(RAISES.gestures[0], id="left.filter", kind=Kind.CONTINUOUS)
    report = screen_report.make(
        [result(Found(1.0, "left.filter", 1, Verdict.PERMITTED))], library_of((*RAISES.gestures, slider)), 1, (0.0,)
    )
    assert (report["discrete_triggers"], report["recogniser_events"], report["continuous"]) == (0, 0, 1)


def test_an_event_says_when_what_where_and_its_verdict() -> None:
    found = Found(1.23456, "right.raise", 2, Verdict.REFUSED, ("k8.second_person",), (0.0, 25.0))
    report = screen_report.make([result(found)], RAISES, 1, (0.0,))
    assert report["clips"][0]["events"] == [
        {"t_s": 1.2346, "gesture": "right.raise", "deck": 2, "verdict": "refused", "reasons": ["k8.second_person"],
         "yaws_deg": [0.0, 25.0], "held_posture": ""}
    ]  # fmt: skip
    assert {"file", "clip", "label", "duration_s", "events"} <= report["clips"][0].keys()


RAISE_MOVE = performed(("rest", "left.raise"))


def test_a_raise_counts_as_one_where_the_hand_stays_over_the_head_long_enough() -> None:
    brief = performed(("rest", "left.brief_raise"))
    both = performed(("rest", "both_up"))
    assert truly_raised(clip(joints=RAISE_MOVE), "left")
    assert not truly_raised(clip(joints=RAISE_MOVE), "right")
    assert not truly_raised(clip(joints=brief), "left")
    assert not truly_raised(clip(joints=both), "left")


def test_a_hand_at_the_chin_is_over_the_head_joint_of_a_skeleton_whose_head_begins_at_the_neck() -> None:
    joints = np.array([joints_of(BodyPose(left=ArmPose(1.9, 0.2, 0.6, np.pi / 2)))] * 60)
    joints[:, Joint.HEAD] = joints[:, Joint.NECK] + (0.0, 0.08, 0.0)
    wrist = joints[0, Joint.L_WRIST, 1] - joints[0, Joint.NECK, 1]
    assert 0.08 < wrist < 0.4
    joints[:, Joint.L_WRIST, 1] = joints[:, Joint.NECK, 1] + 0.12
    assert truly_raised(clip(joints=joints), "left", joint_only=True)
    assert not truly_raised(clip(joints=joints), "left")


def test_raises_are_counted_by_style_side_and_deck() -> None:
    hit, wrong = left(Verdict.PERMITTED, t_s=2.0), Found(2.0, "right.raise", 2, Verdict.PERMITTED, (), (0.0,))
    rest = performed(("rest",))
    row, *others = screen_report.raises(
        [
            result(hit, of=clip("raise-up-left-hand", "d2_raise_normal_001", joints=RAISE_MOVE), group=Group.RAISES),
            result(wrong, of=clip("raise-up-left-hand", "d2_raise_normal_002", joints=RAISE_MOVE), group=Group.RAISES),
            result(hit, of=clip("raise-up-left-hand", "d2_raise_normal_003", joints=rest), group=Group.RAISES),
        ]
    )
    assert not others
    assert (row["style"], row["side"], row["clips"], row["held"], row["found"]) == ("normal", "left", 3, 2, 1)
    assert (row["recall"], row["wrong_deck"], row["unreached"], row["fired_unreached"]) == (0.5, 1, 1, 1)


def test_the_style_is_read_from_the_name() -> None:
    assert style_of(clip(name="d2_raise-up-both-hands_exhausted_012")) == "exhausted"
    assert style_of(clip(name="abnormal_walk")) == ""


POSES: dict[str, tuple[BodyPose, set[tuple[str, str]]]] = {
    "rest": (REST, set()),
    "left up": (replace(REST, left=RAISED), {("one arm up", "left")}),
    "right up": (replace(REST, right=RAISED), {("one arm up", "right")}),
    "both up": (replace(REST, left=RAISED, right=RAISED), {("both arms up", "both")}),
    "tee": (replace(REST, left=ArmPose(1.57, 0.0, 0.05), right=ArmPose(1.57, 0.0, 0.05)), {("arms spread", "both")}),
    "fader": (replace(REST, left=ArmPose(0.9, 1.2, 1.2)), set()),
}


@pytest.mark.parametrize("name", POSES)
def test_a_posture_of_ours_is_known_by_its_geometry(name: str) -> None:
    pose, expected = POSES[name]
    joints = np.array([joints_of(pose)] * 40)
    found = held_postures(np.arange(40) / 30.0, joints)
    assert {(h.posture.name, h.side) for h in found} == expected


@pytest.mark.parametrize("turned_deg", [0.0, 90.0, 180.0])
def test_a_posture_is_the_same_whatever_way_the_trunk_faces(turned_deg: float) -> None:
    """Arms that hang are not crossed because the performer turned round."""
    for name in ("rest", "left up", "tee"):
        joints = turned(np.array([joints_of(POSES[name][0])] * 40), np.radians(turned_deg))
        found = held_postures(np.arange(40) / 30.0, joints)
        assert {(h.posture.name, h.side) for h in found} == POSES[name][1]


def test_a_hand_that_waves_holds_no_posture_and_one_that_stops_does() -> None:
    t_s = np.arange(90) / 30.0
    joints = np.array([joints_of(replace(REST, left=RAISED))] * 90)
    waving = joints.copy()
    waving[:, Joint.L_WRIST, 0] += 0.2 * np.sin(2.0 * np.pi * 1.5 * t_s)
    assert held_postures(t_s, waving) == []
    (held,) = held_postures(t_s, joints)
    assert held.explains("left.raise", 0.5)
    assert not held.explains("right.raise", 0.5)
    assert not held.explains("left.circle", 0.5)
    assert not held.explains("left.raise", held.end_s + 2.0)


def test_the_longest_stretch_is_measured_from_its_first_frame_to_its_last() -> None:
    mask = np.array([1, 1, 0, 1, 1, 1, 0, 1], dtype=bool)
    assert longest_s(mask, np.arange(8) / 10.0) == pytest.approx(0.2)
    assert longest_s(np.zeros(8, dtype=bool), np.arange(8) / 10.0) == 0.0


class _Reader(HTMLParser):
    """Keeps what the page loads, and whether every element is closed."""

    VOID = frozenset({"meta", "br", "line", "path"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.loads += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "onclick", "onload")]
        if tag not in self.VOID and not self.get_starttag_text().endswith("/>"):  # type: ignore[union-attr]
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    """A raise in a BVH, and a labelled raise, a wave and a walk without gestures in a pack."""
    (tmp_path / "up.bvh").write_text(bvh_text(side="left"))
    rest = performed(("rest",))
    rows = {
        "d2_raise_normal_1": ("raise-up-left-hand", RAISE_MOVE),
        "<b>walk</b>": ("walk", rest),
        "wave_normal_1": ("wave-left-hand", performed(("rest", "left.wave"))),
    }
    return [str(tmp_path / "up.bvh"), str(write_pack(tmp_path / "pack.npz", rows))]


def run(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, ["screen", *words])
    return done.exit_code, done.stdout, done.stderr


def test_the_command_prints_one_object_and_writes_page_and_json(files: list[str], tmp_path: Path) -> None:
    code, out, _ = run(*files, "--tier", "1", "--json", "--out", str(tmp_path / "out"))
    report = json.loads(out)
    assert code == 0
    assert json.loads((tmp_path / "out" / "screen.json").read_text()) == report
    assert report["groups"]["labelled_raises"]["clips"] == report["groups"]["one_hand_waves"]["clips"] == 1
    assert [row["recall"] for row in report["raises"]] == [1.0]
    page = (tmp_path / "out" / "screen.html").read_text()
    reader = _Reader()
    reader.feed(page)
    assert (reader.open, reader.loads) == ([], [])
    assert "script" not in reader.tags
    assert reader.tags.count("svg") == sum(len(c["events"]) for c in report["clips"]) > 0
    assert not re.search(r"https?://", page)


def test_the_same_seed_gives_the_same_bytes(files: list[str], tmp_path: Path) -> None:
    for folder in ("a", "b"):
        run(*files, "--tier", "1", "--out", str(tmp_path / folder))
    for name in ("screen.json", "screen.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_a_name_from_a_file_is_text_on_the_page() -> None:
    named = result(left(Verdict.PERMITTED), of=clip(name="<script>x</script>"))
    page = screen_html.page(screen_report.make([named], RAISES, 1, (0.0,)), [named])
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_the_table_names_each_clip_that_fired_with_its_time(files: list[str]) -> None:
    code, out, err = run(*files, "--tier", "1")
    assert code == 0
    assert "in postures truly held 1" in out
    assert "raises normal left" in out
    assert "times real time" in err
    assert "unit cm" in err


def test_more_per_hour_than_asked_for_is_a_no(files: list[str]) -> None:
    """No rate is below none: what finds nothing passes with 0 and fails with less."""
    assert run(files[1], "--tier", "1", "--max-per-hour", "0")[0] == 0
    assert run(files[1], "--tier", "1", "--max-per-hour", "-1")[0] == 1


@pytest.mark.parametrize(
    ("words", "why"),
    [(("gone.bvh",), "does not exist"), ((".",), "without manifest.json")],
)
def test_bad_input_is_wrong_use(words: tuple[str, ...], why: str) -> None:
    code, out, err = run(*words, "--json")
    assert code == 2
    assert why in err + out


def test_a_report_of_nothing_ordinary_has_no_rate(tmp_path: Path) -> None:
    joints = performed(("rest",))
    pack = write_pack(tmp_path / "made.npz", {"wave_normal_1": ("wave-left-hand", joints)})
    report = json.loads(run(str(pack), "--tier", "1", "--json")[1])
    assert (report["hours"], report["per_hour"], report["bound95_per_hour"]) == (0.0, 0.0, None)


def test_a_strip_leaves_out_what_is_not_known() -> None:
    joints = RAISE_MOVE.copy()
    joints[10:20, Joint.L_WRIST] = np.nan
    svg = screen_html.strip(np.arange(len(joints)) / 30.0, joints, 1.0)
    assert "nan" not in svg
    assert svg.count("<path") == 3
