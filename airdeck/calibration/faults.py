"""Why a posture is not (yet) taken: a closed set, and what a person two metres away is told."""

from enum import StrEnum


class Fault(StrEnum):
    """One reason to wait, or to repeat a step."""

    NO_PICTURES = "no_pictures"
    NOBODY = "nobody"
    SECOND_PERSON = "second_person"
    HEAD_HIDDEN = "head_hidden"
    TURNED_AWAY = "turned_away"
    LEANING = "leaning"
    CAMERA_TILTED = "camera_tilted"
    SIZE_UNKNOWN = "size_unknown"
    ARMS_HIDDEN = "arms_hidden"
    HAND_OUTSIDE = "hand_outside"
    ARMS_NOT_DOWN = "arms_not_down"
    NO_HAND_UP = "no_hand_up"
    BOTH_HANDS_UP = "both_hands_up"
    OTHER_ARM = "other_arm"
    SIDES_CHANGE = "sides_change"
    ARMS_NOT_OUT = "arms_not_out"
    ARMS_BENT = "arms_bent"
    ARMS_NOT_UP = "arms_not_up"
    MOVING = "moving"


WORDS: dict[Fault, str] = {
    Fault.NO_PICTURES: "no pictures arrive: is it dark, or the camera covered?",
    Fault.NOBODY: "nobody is seen: stand before the camera, shoulders and head in the picture",
    Fault.SECOND_PERSON: "somebody else is in the picture: ask them to step out of it",
    Fault.HEAD_HIDDEN: "the head is not seen: step back, or tilt the camera up",
    Fault.TURNED_AWAY: "turn towards the camera",
    Fault.LEANING: "stand straight, shoulders level",
    Fault.CAMERA_TILTED: "the camera hangs askew by more than 30 degrees: set it upright",
    Fault.SIZE_UNKNOWN: "head, shoulders and elbows have to be in the picture: step back",
    Fault.ARMS_HIDDEN: "the elbows are not seen: step back",
    Fault.HAND_OUTSIDE: "a hand leaves the picture: step back, or tilt the camera up",
    Fault.ARMS_NOT_DOWN: "let both arms hang",
    Fault.NO_HAND_UP: "no hand is up: raise your right hand over your head",
    Fault.BOTH_HANDS_UP: "both hands are up: the right hand only",
    Fault.OTHER_ARM: "let the other arm hang",
    Fault.SIDES_CHANGE: "left and right change places in what is seen: more light, or step away from the wall",
    Fault.ARMS_NOT_OUT: "both arms straight out to the sides, at shoulder height",
    Fault.ARMS_BENT: "stretch both arms",
    Fault.ARMS_NOT_UP: "both arms straight up",
    Fault.MOVING: "hold still",
}
