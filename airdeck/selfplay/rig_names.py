"""How skeletons of other programs name their joints: one row per joint of ours, common names in the order of trust.

A name is split into its side (left, right, or none) and the rest, without prefixes ("mixamorig:"), digits of a chain
("neck_1") and separators. Where a rig has both, what starts the upper arm is "arm" and what is "shoulder" is the collar bone.
"""

import re

from dynamics.skeleton import JOINTS, Joint

BONES: dict[Joint, tuple[str, ...]] = {
    Joint.HEAD: ("head",),
    Joint.NECK: ("neck", "lowerneck", "upperneck", "cervical"),
    Joint.L_SHOULDER: ("upperarm", "uparm", "arm", "humerus", "shldr", "shoulder"),
    Joint.L_ELBOW: ("lowerarm", "lowarm", "forearm", "radius", "elbow"),
    Joint.L_WRIST: ("wrist", "hand"),
    Joint.L_HIP: ("upperleg", "upleg", "thigh", "femur", "hip"),
    Joint.L_KNEE: ("lowerleg", "lowleg", "leg", "shin", "calf", "tibia", "knee"),
    Joint.L_ANKLE: ("ankle", "foot"),
}
"""Left rows stand for right ones too."""
SIDES = {"left": "l", "right": "r", "l": "l", "r": "r"}
NOISE = frozenset({"j", "jnt", "bip", "c", "def", "sk"})
"""Words that say what kind of thing it is."""
_PREFIX = re.compile(r"^(?:.*[:|])?(?:bip0*1[ _]|mixamorig[0-9]*[_]?)?", re.IGNORECASE)
_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")
_OTHERS = tuple(sorted({name for names in BONES.values() for name in names}, key=len, reverse=True))


class UnknownRigError(ValueError):
    """Joints that no name stands for; the message lists them and the names there are."""


def split(name: str) -> tuple[str, str]:
    """(side "l", "r" or "", the rest in lower case) of a joint's name."""
    words = [word.lower() for word in _WORDS.findall(_PREFIX.sub("", name.strip(), count=1))]
    side = next((SIDES[word] for word in words if word in SIDES), "")
    rest = "".join(word for word in words if word not in SIDES and not word.isdigit() and word not in NOISE)
    if side:
        return side, rest
    for full, letter in SIDES.items():  # "lhumerus", "rShldr" written small, "leftarm"
        if rest.startswith(full) and rest.removeprefix(full) in _OTHERS:
            return letter, rest.removeprefix(full)
    return "", rest


def find(names: list[str]) -> dict[Joint, int]:
    """Joint of ours -> number of the rig's. The first of a chain stands for it. The neck may be missing.

    Raises UnknownRigError.
    """
    known: dict[tuple[str, str], int] = {}
    for number, name in enumerate(names):
        known.setdefault(split(name), number)
    found: dict[Joint, int] = {}
    for joint in Joint:
        side = "" if joint <= Joint.NECK else "lr"[joint % 2]
        row = joint if joint <= Joint.NECK else Joint(joint - joint % 2)
        named = [known[side, bone] for bone in BONES[row] if (side, bone) in known]
        if named:
            found[joint] = named[0]
    lost = [Joint(joint).name.lower() for joint in range(JOINTS) if joint not in found and joint != Joint.NECK]
    if lost:
        raise UnknownRigError(f"no joint is named like {', '.join(lost)}; there are {', '.join(names)}")
    return found
