"""What people do behind the decks that means nothing: to the beat, at the gear, to each other.

Nothing here rests in a pose of the vocabulary. What is held is held elsewhere, what passes by keeps moving.
"""

from .actor import OTHER, SIDES, Actor, Place
from .vocabulary import OPEN, WIDE, BodyMove, both

EAR: Place = (0.27, 0.30, 0.16)


def some_side(a: Actor) -> str:
    """Either hand."""
    return SIDES[int(a.rng.integers(2))]


def bob(a: Actor, side: str, u: Place, beats: float, turns_a_beat: float = 1.0) -> None:
    """Let a hand bob to the beat where it is."""
    a.swing(side, u, beats * turns_a_beat, beats * a.beat_s, ramp=0.08)


def arm_swing(a: Actor) -> None:
    """Both arms swing before the body, one against the other, bent as in a walk."""
    a.on_beat()
    a.go(a.beat_s, both((0.55, -0.70, 0.30)))
    beats = float(a.rng.integers(4, 9))
    for side, way in zip(SIDES, (1.0, -1.0), strict=True):
        bob(a, side, (-0.15 * way, 0.22 * way, 0.2 * way), beats, 0.5)
    a.hold(beats * a.beat_s)


def pump(a: Actor, hands: tuple[str, ...], beats: int) -> None:
    """Fists over the head, down a bit and up again with each beat."""
    a.on_beat()
    a.go(a.beat_s, {side: (0.42, a.far(0.85, 1.0), 0.2) for side in hands})
    depth = a.far(0.14, 0.24)
    for side in hands:
        bob(a, side, (0.03, depth, 0.05), beats)
    a.hold(beats * a.beat_s)


def pump_one(a: Actor) -> None:
    """One fist overhead, on each beat."""
    pump(a, (some_side(a),), int(a.rng.integers(2, 7)))


def pump_both(a: Actor) -> None:
    """Both fists overhead, on each beat."""
    pump(a, SIDES, int(a.rng.integers(2, 7)))


def throw_one(a: Actor) -> None:
    """An arm thrown up on every second beat: over the head from one side to the other, and drawn back to the shoulder."""
    side = some_side(a)
    for _ in range(int(a.rng.integers(3, 6))):
        a.on_beat()
        height, reach = a.rng.uniform(0.75, 0.95), a.rng.uniform(0.22, 0.40)
        a.go(0.30, {side: (0.35 + reach, height, 0.2)})
        a.swing(side, (0.0, 0.12, 0.0), 0.5, 0.42, v=(-reach, 0.0, 0.0), ramp=0.05)
        a.hold(0.42)
        a.go(0.30, {side: (0.5, a.rng.uniform(-0.35, -0.1), 0.35)})
        a.hold(0.25)


def hands_up_call(a: Actor) -> None:
    """Both hands up and down for the crowd, on every second beat."""
    for _ in range(int(a.rng.integers(2, 4))):
        a.on_beat()
        a.go(0.38, both((0.45, a.rng.uniform(0.8, 1.0), 0.2)))
        for side in SIDES:
            a.swing(side, (0.0, 0.16, 0.0), 1.0, 0.45, ramp=0.05)
        a.hold(0.45)
        a.go(0.38, both((0.55, -0.25, 0.35)))
        a.hold(0.3)


def wrist_up_dancing(a: Actor) -> None:
    """One wrist over the head, drawing loops, the other arm bent and swinging: the way people dance."""
    side, beats = some_side(a), float(a.rng.integers(2, 6))
    a.on_beat()
    a.go(1.2 * a.beat_s, {side: (0.35, 0.85, 0.2), OTHER[side]: (0.5, -0.55, 0.35)})
    loop_s = beats * a.beat_s
    a.swing(side, (a.far(0.20, 0.30), 0.0, 0.0), a.rng.uniform(0.8, 1.2) * loop_s, loop_s, v=(0.0, 0.13, 0.0), ramp=0.05)
    bob(a, OTHER[side], (0.1, 0.15, 0.0), beats)
    a.hold(beats * a.beat_s)


def clapping(a: Actor) -> None:
    """Hands meet before the body on each beat."""
    a.on_beat()
    height = a.rng.choice((-0.35, -0.15, 0.15))
    a.go(a.beat_s, both((0.22, height, 0.42)))
    beats = float(a.rng.integers(4, 9))
    for side in SIDES:
        bob(a, side, (-0.15, 0.0, 0.0), beats)
    a.hold(beats * a.beat_s)


def clap_up(a: Actor) -> None:
    """Clapping before the face, over the crowd, never over the head."""
    a.on_beat()
    a.go(a.beat_s, both((0.25, 0.35, 0.40)))
    beats = float(a.rng.integers(3, 7))
    for side in SIDES:
        bob(a, side, (-0.18, 0.0, 0.0), beats)
    a.hold(beats * a.beat_s)


def waving(a: Actor, hands: tuple[str, ...]) -> None:
    """A hand, or both, to and fro over the shoulders."""
    height = a.far(0.55, 0.95)
    a.go(a.lasts(0.4, 0.6), dict.fromkeys(hands, (0.62, height, 0.22)))
    s = float(a.rng.uniform(1.2, 2.6))
    for side in hands:
        a.swing(side, (a.far(0.16, 0.32), 0.0, 0.0), a.rng.uniform(1.6, 2.6) * s, s, v=(0.0, -0.03, 0.0), ramp=0.06)
    a.hold(s)


def wave_one(a: Actor) -> None:
    """To a friend."""
    waving(a, (some_side(a),))


def wave_both(a: Actor) -> None:
    """To many."""
    waving(a, SIDES)


def drink(a: Actor) -> None:
    """A bottle to the mouth and back."""
    side = some_side(a)
    a.go(a.lasts(0.6, 0.9), {side: (0.12, 0.20, 0.34)}, WIDE)
    a.trunk(0.3, pitch_rad=-0.08)
    a.hold(a.rng.uniform(0.6, 1.6))
    a.go(a.lasts(0.5, 0.8), {side: (0.45, -0.55, 0.42)})
    a.hold(0.5)


def phone(a: Actor) -> None:
    """Looked at before the face, thumb at work."""
    side = some_side(a)
    a.go(a.lasts(0.5, 0.8), {side: (0.16, -0.12, 0.52)})
    s = a.rng.uniform(1.5, 3.5)
    a.swing(side, (0.02, 0.01, 0.0), 1.5 * s, s)
    a.hold(s)


def phone_film(a: Actor) -> None:
    """Held up before the face to film, panning."""
    side = some_side(a)
    a.go(a.lasts(0.5, 0.8), {side: (0.15, 0.30, 0.75)})
    s = a.rng.uniform(2.0, 3.5)
    a.swing(side, (0.12, 0.02, 0.0), 0.5, s)
    a.hold(s)


def at_the_gear(a: Actor) -> None:
    """Both hands on the mixer: small moves to faders and knobs, low before the body."""
    a.go(a.lasts(0.4, 0.7), both((0.30, -0.80, 0.50)))
    for _ in range(int(a.rng.integers(3, 8))):
        side = some_side(a)
        place: Place = (a.rng.uniform(-0.05, 0.75), a.rng.uniform(-0.92, -0.68), a.rng.uniform(0.42, 0.62))
        a.go(a.lasts(0.25, 0.5), {side: place})
        if a.rng.random() < 0.5:
            a.swing(side, (0.0, 0.04, 0.0), 1.0, 0.5)
        a.hold(a.rng.uniform(0.2, 0.9))


def far_reach(a: Actor) -> None:
    """Across the table for a far knob: the trunk leans with it."""
    side = some_side(a)
    a.hand(side, (a.rng.uniform(0.6, 1.05), -0.78, 0.45), 0.5)
    a.trunk(0.5, roll_rad=(0.14 if side == "left" else -0.14), pitch_rad=0.2)
    a.hold(a.rng.uniform(0.4, 1.2))


def headphone(a: Actor) -> None:
    """A hand presses one cup for a while, nodding; or both hands put the pair on or off."""
    if a.rng.random() < 0.6:
        side = some_side(a)
        a.go(a.lasts(0.5, 0.7), {side: EAR}, WIDE)
        s = a.rng.uniform(1.0, 3.0)
        bob(a, side, (0.02, 0.03, 0.0), s / a.beat_s)
        a.hold(s)
    else:
        a.go(a.lasts(0.45, 0.7), both((0.34, 0.05, 0.30)))
        a.go(a.lasts(0.3, 0.5), both((0.30, 0.42, 0.12)), OPEN)
        a.go(a.lasts(0.3, 0.5), both((0.32, 0.0, 0.28)))


def pointing(a: Actor) -> None:
    """At somebody in the crowd, with a nod of the arm."""
    side = some_side(a)
    place: Place = (a.rng.uniform(0.2, 0.8), a.rng.uniform(-0.1, 0.4), 0.85)
    a.go(a.lasts(0.3, 0.5), {side: place})
    beats = float(a.rng.integers(1, 4))
    bob(a, side, (0.06, 0.07, 0.0), beats)
    a.hold(beats * a.beat_s)


def hugging(a: Actor) -> None:
    """Arms open, then around somebody."""
    a.go(a.lasts(0.4, 0.6), both((1.0, -0.15, 0.55)))
    a.go(a.lasts(0.4, 0.6), both((0.10, -0.25, 0.60)), WIDE)
    for side in SIDES:
        a.swing(side, (0.02, 0.06, 0.0), 2.0, 0.9)
    a.hold(0.9)
    a.go(0.4, both((0.7, -0.4, 0.5)))


def hair(a: Actor) -> None:
    """A hand through the hair, front to back."""
    side = some_side(a)
    a.go(a.lasts(0.4, 0.7), {side: (0.16, 0.58, 0.25)}, OPEN)
    a.go(a.lasts(0.4, 0.6), {side: (0.20, 0.60, -0.10)}, OPEN, line=True)
    a.go(0.3, {side: (0.3, 0.2, 0.05)}, OPEN)


def stretch(a: Actor) -> None:
    """Arms out wide like wings, rocking from one side to the other."""
    a.go(a.lasts(0.5, 0.8), both((1.52, 0.0, 0.08)))
    s = a.rng.uniform(0.9, 1.8)
    for side, way in zip(SIDES, (1.0, -1.0), strict=True):
        a.swing(side, (0.0, 0.22 * way, 0.0), 1.4 * s, s, ramp=0.08)
    a.hold(s)


def aeroplane(a: Actor) -> None:
    """Arms out, flapping slowly with the beat."""
    a.on_beat()
    a.go(a.beat_s, both((1.50, -0.05, 0.12)))
    beats = float(a.rng.integers(2, 5))
    for side in SIDES:
        bob(a, side, (0.0, 0.20, 0.0), beats)
    a.hold(beats * a.beat_s)


def hips(a: Actor) -> None:
    """Hands on the own hips, swaying."""
    a.go(0.5, both((0.36, -0.92, 0.05)), OPEN)
    a.trunk(0.4, roll_rad=0.08)
    a.trunk(0.6, roll_rad=-0.08)
    a.hold(0.5)


def groove(a: Actor) -> None:
    """No more than the beat in shoulders and forearms."""
    a.on_beat()
    a.go(a.beat_s, both((0.48, -0.55, 0.42)))
    beats = float(a.rng.integers(4, 10))
    for side in SIDES:
        bob(a, side, (0.06, 0.10, 0.05), beats)
    a.hold(beats * a.beat_s)


DANCES: dict[str, tuple[BodyMove, float]] = {
    "arm_swing": (arm_swing, 1.0), "pump_one": (pump_one, 3.0), "pump_both": (pump_both, 1.0), "throw_one": (throw_one, 7.0),
    "hands_up_call": (hands_up_call, 1.0), "wrist_up_dancing": (wrist_up_dancing, 3.0), "clapping": (clapping, 1.0),
    "clap_up": (clap_up, 0.7), "wave_one": (wave_one, 2.0), "wave_both": (wave_both, 0.7), "drink": (drink, 1.0),
    "phone": (phone, 0.7), "phone_film": (phone_film, 0.7), "at_the_gear": (at_the_gear, 2.0), "far_reach": (far_reach, 1.0),
    "headphone": (headphone, 1.0), "pointing": (pointing, 1.2), "hugging": (hugging, 0.7), "hair": (hair, 0.8),
    "stretch": (stretch, 2.8), "aeroplane": (aeroplane, 2.2), "hips": (hips, 0.5), "groove": (groove, 1.0),
}  # fmt: skip
"""Each with how often it comes, relative to the others."""
