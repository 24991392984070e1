"""BVH files: what is read is where the joints are; what is damaged is said with file and line."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from airdeck.exits import UsageError
from airdeck.selfplay import bvh, motion, rig_names
from airdeck.selfplay.rig_names import UnknownRigError
from dynamics.skeleton import Joint
from tests.selfplay.moving import bvh_text

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
SMALL = """HIERARCHY
ROOT hips
{
OFFSET 0 0 0
CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
JOINT arm
{
OFFSET 2 0 0
CHANNELS 3 Zrotation Xrotation Yrotation
JOINT hand
{
OFFSET 1 0 0
CHANNELS 3 Zrotation Xrotation Yrotation
End Site
{
OFFSET 1 0 0
}
}
}
}
MOTION
Frames: 2
Frame Time: 0.05
0 1 0 0 0 0 0 0 0 0 0 0
0 1 0 0 0 90 90 0 0 0 0 0
"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def make(text: str) -> Path:
        path = tmp_path / "made.bvh"
        path.write_text(text)
        return path

    return make


def test_rotations_turn_what_hangs_below(write: Callable[[str], Path]) -> None:
    """The body turned a quarter about y: the arm along x points backwards; its own quarter about z lifts the hand."""
    read = bvh.read(write(SMALL))
    assert read.fps == 20.0
    at_rest, turned = bvh.positions(read, [1, 2])
    np.testing.assert_allclose(at_rest, [[2, 1, 0], [3, 1, 0]], atol=1e-12)
    np.testing.assert_allclose(turned, [[0, 1, -2], [0, 2, -2]], atol=1e-12)


def test_a_rotation_is_made_in_the_order_of_its_channels(write: Callable[[str], Path]) -> None:
    """A quarter about z and then about x is another place than the other way round."""
    text = SMALL.replace("CHANNELS 3 Zrotation Xrotation Yrotation\nJOINT", "CHANNELS 3 Xrotation Zrotation Yrotation\nJOINT")
    rows = "0 1 0 0 0 0 90 90 0 0 0 0"
    z_first, x_first = (
        bvh.positions(bvh.read(write(t.replace("0 1 0 0 0 90 90 0 0 0 0 0", rows))), [2])[1, 0] for t in (SMALL, text)
    )
    np.testing.assert_allclose(z_first, [2, 2, 0], atol=1e-12)
    np.testing.assert_allclose(x_first, [2, 1, 1], atol=1e-12)


@pytest.mark.parametrize(
    ("old", "new", "line", "why"),
    [
        ("HIERARCHY", "HIERARCHIE", 1, "begins with HIERARCHY"),
        ("OFFSET 2 0 0", "OFFSET 2 0", 8, "3 numbers are expected, there are 2"),
        ("OFFSET 2 0 0", "OFFSET 2 zero 0", 8, "'zero' is no number"),
        ("OFFSET 2 0 0", "OFFSET 2 nan 0", 8, "not finite"),
        ("OFFSET 2 0 0", "SCALE 2 0 0", 8, "'SCALE' does not belong here"),
        ("CHANNELS 3 Zrotation Xrotation Yrotation\nJOINT", "CHANNELS 3 Zrotation Xrotation\nJOINT", 9, "do not agree"),
        ("CHANNELS 6 Xposition", "CHANNELS 6 Xscale", 5, "no channel 'Xscale'"),
        ("JOINT arm\n{", "JOINT arm\n(", 7, "{ is expected"),
        ("JOINT arm", "JOINT", 6, "without a name"),
        ("MOTION", "NOTION", 21, "MOTION is expected"),
        ("Frames: 2", "Frames: two", 22, "'two' is no number"),
        ("Frames: 2", "Frames: 3", 26, "the file ends where frame 3 of 3 should stand"),
        ("Frames: 2", "Frames: 1", 25, "more than the 1 frames"),
        ("Frames: 2", "Frames: 99999999", 23, "more than 60000000 numbers"),
        ("Frame Time: 0.05", "Frame Time: 0", 23, "a frame time of 0 s"),
        ("0 1 0 0 0 90 90 0 0 0 0 0", "0 1 0 0 0 90 90 0 0 0 0", 25, "12 numbers are expected, there are 11"),
    ],
)
def test_damage_is_told_with_file_and_line(write: Callable[[str], Path], old: str, new: str, line: int, why: str) -> None:
    path = write(SMALL.replace(old, new, 1))
    with pytest.raises(bvh.BvhError) as told:
        bvh.read(path)
    assert str(told.value).startswith(f"{path}:{line}: ")
    assert why in str(told.value)


def test_a_binary_file_is_no_bvh(tmp_path: Path) -> None:
    path = tmp_path / "made.bvh"
    path.write_bytes(np.random.default_rng(1).bytes(300_000))
    with pytest.raises(bvh.BvhError):
        bvh.read(path)


@pytest.mark.parametrize(("unit", "name"), [(1.0, "m"), (100.0, "cm"), (1000.0, "mm"), (1 / 0.0254, "inch")])
def test_the_unit_is_guessed_by_the_body_and_said(write: Callable[[str], Path], unit: float, name: str) -> None:
    clip = motion.read_bvh(write(bvh_text(seconds=0.5, unit=unit)))
    assert clip.note == f"unit {name}"
    assert 1.2 < np.median(clip.joints[:, Joint.HEAD, 1]) < 1.7


def test_a_body_of_no_unit_is_made_a_grown_person(write: Callable[[str], Path]) -> None:
    clip = motion.read_bvh(write(bvh_text(seconds=0.5, unit=7.0)))
    assert "so that the body is 1.45 m long" in clip.note
    assert 1.2 < np.median(clip.joints[:, Joint.HEAD, 1]) < 1.7


def test_a_bvh_with_z_up_is_set_upright(write: Callable[[str], Path]) -> None:
    """The root turned about x by a quarter: what was up is now along z."""
    lines = bvh_text(seconds=0.2).splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("Frame Time")) + 1
    for i in range(first, len(lines)):
        words = lines[i].split()
        words[4] = "90"
        lines[i] = " ".join(words)
    clip = motion.read_bvh(write("\n".join(lines)))
    assert "z up" in clip.note
    assert (clip.joints[:, Joint.HEAD, 1] > clip.joints[:, Joint.L_ANKLE, 1] + 1.0).all()


def test_a_rig_without_arms_is_refused_by_the_names_that_lack(write: Callable[[str], Path]) -> None:
    with pytest.raises(UsageError, match=r"made\.bvh: no joint is named like head, l_shoulder, .*; there are hips, arm, hand"):
        motion.read_bvh(write(SMALL))


RIGS = {
    "mixamo": "Hips Spine Spine1 Neck Head LeftShoulder LeftArm LeftForeArm LeftHand RightShoulder RightArm RightForeArm "
    "RightHand LeftUpLeg LeftLeg LeftFoot LeftToeBase RightUpLeg RightLeg RightFoot",
    "bvh of old": "Hips Chest Neck Head LeftCollar LeftShoulder LeftElbow LeftWrist RightCollar RightShoulder RightElbow "
    "RightWrist LeftHip LeftKnee LeftAnkle RightHip RightKnee RightAnkle",
    "cmu": "root lhipjoint lfemur ltibia lfoot ltoes rhipjoint rfemur rtibia rfoot lowerback thorax lowerneck upperneck head "
    "lclavicle lhumerus lradius lwrist lhand rclavicle rhumerus rradius rwrist rhand",
    "bandai": "Hips Spine Chest Neck Head Shoulder_L UpperArm_L LowerArm_L Hand_L Shoulder_R UpperArm_R LowerArm_R Hand_R "
    "UpperLeg_L LowerLeg_L Foot_L Toes_L UpperLeg_R LowerLeg_R Foot_R",
    "biped": "Bip01 Bip01_Spine Bip01_Neck Bip01_Head Bip01_L_Clavicle Bip01_L_UpperArm Bip01_L_Forearm Bip01_L_Hand "
    "Bip01_R_UpperArm Bip01_R_Forearm Bip01_R_Hand Bip01_L_Thigh Bip01_L_Calf Bip01_L_Foot "
    "Bip01_R_Thigh Bip01_R_Calf Bip01_R_Foot",
    "poser": "hip abdomen chest neck head lCollar lShldr lForeArm lHand rCollar rShldr rForeArm rHand lThigh lShin lFoot "
    "rThigh rShin rFoot",
    "smpl": "Pelvis L_Hip R_Hip Spine1 L_Knee R_Knee L_Ankle R_Ankle L_Foot R_Foot Neck L_Collar R_Collar Head L_Shoulder "
    "R_Shoulder L_Elbow R_Elbow L_Wrist R_Wrist L_Hand R_Hand",
    "vrm": "J_Bip_C_Hips J_Bip_C_Neck J_Bip_C_Head J_Bip_L_Shoulder J_Bip_L_UpperArm J_Bip_L_LowerArm J_Bip_L_Hand "
    "J_Bip_R_UpperArm J_Bip_R_LowerArm J_Bip_R_Hand J_Bip_L_UpperLeg J_Bip_L_LowerLeg J_Bip_L_Foot J_Bip_R_UpperLeg "
    "J_Bip_R_LowerLeg J_Bip_R_Foot",
}
SHOULDERS = {"mixamo": "LeftArm", "bvh of old": "LeftShoulder", "cmu": "lhumerus", "bandai": "UpperArm_L",
             "biped": "Bip01_L_UpperArm", "poser": "lShldr", "smpl": "L_Shoulder", "vrm": "J_Bip_L_UpperArm"}  # fmt: skip
ANKLES = {"mixamo": "RightFoot", "bvh of old": "RightAnkle", "cmu": "rfoot", "bandai": "Foot_R", "biped": "Bip01_R_Foot",
          "poser": "rFoot", "smpl": "R_Ankle", "vrm": "J_Bip_R_Foot"}  # fmt: skip


@pytest.mark.parametrize("rig", RIGS)
@pytest.mark.parametrize("prefix", ["", "mixamorig:", "Take 001:"])
def test_the_joints_of_a_known_rig_are_found_by_name(rig: str, prefix: str) -> None:
    names = [prefix + name for name in RIGS[rig].split()]
    found = rig_names.find(names)
    assert set(found) == set(Joint)
    assert names[found[Joint.L_SHOULDER]] == prefix + SHOULDERS[rig]
    assert names[found[Joint.R_ANKLE]] == prefix + ANKLES[rig]


def test_a_rig_may_lack_only_the_neck() -> None:
    names = [name for name in RIGS["mixamo"].split() if name != "Neck"]
    assert Joint.NECK not in rig_names.find(names)
    with pytest.raises(UnknownRigError, match="l_wrist"):
        rig_names.find([name for name in names if name != "LeftHand"])


@pytest.mark.shared
def test_the_real_mocopi_bvh_has_its_joints_where_they_were_published() -> None:
    """Against the same recording as positions, computed by others; its bind pose is not part of the movement."""
    raw, pack = SHARED / "mocopi" / "mcp_persor_jump.bvh", SHARED / "motion" / "mocopi.npz"
    if not (raw.is_file() and pack.is_file()):
        pytest.skip("the recordings of ../shared are not here")
    ours, theirs = motion.read_bvh(raw), next(motion.read_pack(pack))
    assert ours.note == "unit cm"
    assert ours.duration_s == pytest.approx(13.33, abs=0.05)
    assert np.abs(ours.joints - theirs.joints).max() < 0.001
