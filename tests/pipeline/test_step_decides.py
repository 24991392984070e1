"""The step from a frame to a permit: what is asked of the gate, for which sinks, in which order, in which profile."""

import pytest

from airdeck.assembly import read_promotions
from airdeck.events import Act, EventKind
from dynamics.frames import SourceKind
from safety.gate import K11Gate
from safety.types import Profile, Reason, Sink, SinkClass, SinkHealth
from tests.pipeline.scenes import LEFT, RIGHT
from tests.support.virtual_deck import START_NS, Deck, in_time, of_kind, performed, worn

MIDI = Sink("midi", SinkClass.MIDI, rehearsal=True)
UNNAMED = Sink("unnamed", SinkClass.MIDI)
KEPT = Sink("kept", SinkClass.RECORDING)
SHOWN = Sink("shown", SinkClass.DRY_RUN)
TWO_RAISES = ("left.raise", "rest", "right.raise")


def live_gate(selfplay_current: bool = True) -> K11Gate:
    return K11Gate(Profile.LIVE, promotions=read_promotions(), selfplay_current=selfplay_current)


def test_each_raise_is_one_gesture_one_decision_and_one_permit_of_its_own_deck() -> None:
    deck = Deck().play(performed(*TWO_RAISES))
    assert deck.completed == ["left.raise", "right.raise"]
    assert [verdict.proposal.command for verdict in deck.verdicts] == [LEFT, RIGHT]
    assert deck.commands == [LEFT, RIGHT]


def test_every_decision_is_recorded_before_its_permit_goes_anywhere() -> None:
    deck = Deck(sinks=(MIDI, KEPT)).play(performed(*TWO_RAISES))
    expected = [(what, number) for number in (1, 2, 3, 4) for what in ("recorded", "sent")]
    assert deck.order == expected


def test_a_refused_decision_is_recorded_too() -> None:
    deck = Deck(arm=False).play(performed("left.raise"))
    assert deck.order == [("recorded", 1)]


def test_two_sinks_each_get_a_verdict_and_a_permit_of_their_own() -> None:
    deck = Deck(sinks=(MIDI, KEPT)).play(performed("left.raise"))
    assert [(v.seq, v.sink, v.permitted) for v in deck.verdicts] == [(1, "midi", True), (2, "kept", True)]
    assert [(sink, permit.sink, permit.sink_class, permit.decision_seq) for sink, permit, _ in deck.sent] == [
        ("midi", "midi", SinkClass.MIDI, 1),
        ("kept", "kept", SinkClass.RECORDING, 2),
    ]


def test_a_sink_that_was_never_connected_is_refused_and_the_other_gets_its_permit() -> None:
    deck = Deck(sinks=(KEPT, MIDI), arm=False)
    deck.step(START_NS, EventKind.SINK, name="midi", sink_health=SinkHealth(connected=False))
    deck.act(Act.ARM, START_NS)
    deck.play(performed("left.raise"))
    assert [(v.sink, v.reasons) for v in deck.verdicts] == [("kept", ()), ("midi", (Reason.SINK_NOT_CONNECTED,))]
    assert [sink for sink, _, _ in deck.sent] == ["kept"]


def test_a_proposal_carries_the_step_the_gesture_its_hash_and_the_numbers_it_rests_on() -> None:
    deck = Deck().play(performed("left.raise"))
    [event] = [event for event in deck.events if event.phase == "completed"]
    proposal, gesture = deck.verdicts[0].proposal, deck.pipeline.library.by_id["left.raise"]
    assert (proposal.seq, proposal.t_ns, proposal.gesture) == (event.seq, event.capture_ns, "left.raise")
    assert proposal.gesture_hash == gesture.content_hash
    assert proposal.evidence == event.evidence
    assert dict(proposal.evidence)["wrist_y"] > 0.55
    assert proposal.source_kinds == ("synthetic",)


@pytest.mark.parametrize(
    ("profile", "reasons"),
    [
        (Profile.OBSERVE, [(Reason.MODE_NO_PERMIT, Reason.COMMAND_NOT_ALLOWED)] * 4),
        (Profile.DRY_RUN, [(Reason.MODE_NO_PERMIT,), (Reason.MODE_NO_PERMIT,), (), ()]),
        (Profile.REHEARSE, [(), (Reason.MODE_NO_PERMIT,), (), ()]),
    ],
)
def test_an_armed_profile_permits_to_its_own_sinks_only(profile: Profile, reasons: list[tuple[Reason, ...]]) -> None:
    """Observe to none, dry-run to the harmless ones, rehearse to these and to those that were named for it."""
    deck = Deck(profile=profile, sinks=(MIDI, UNNAMED, KEPT, SHOWN)).play(performed("left.raise"))
    assert [verdict.reasons for verdict in deck.verdicts] == reasons


@pytest.mark.parametrize("profile", [Profile.OBSERVE, Profile.DRY_RUN, Profile.REHEARSE])
def test_a_disarmed_deck_sees_the_gesture_says_not_armed_and_sends_nothing(profile: Profile) -> None:
    deck = Deck(profile=profile, sinks=(KEPT,), arm=False).play(performed("left.raise"))
    assert deck.completed == ["left.raise"]
    assert Reason.NOT_ARMED in deck.verdicts[0].reasons
    assert deck.sent == []


def test_in_live_a_raise_before_a_camera_reaches_rekordbox() -> None:
    deck = Deck(gate=live_gate(), sinks=(UNNAMED,)).play(of_kind(SourceKind.CAMERA, performed(*TWO_RAISES)))
    assert deck.commands == [LEFT, RIGHT]


@pytest.mark.parametrize("kind", [SourceKind.FILE, SourceKind.SYNTHETIC, SourceKind.REPLAY])
def test_in_live_what_is_no_live_source_is_refused_for_that_alone(kind: SourceKind) -> None:
    deck = Deck(gate=live_gate(), sinks=(UNNAMED,)).play(of_kind(kind, performed("left.raise")))
    assert [verdict.reasons for verdict in deck.verdicts] == [(Reason.SOURCE_NOT_LIVE,)]
    assert deck.sent == []


def test_in_live_a_recording_beside_the_camera_spoils_the_evidence() -> None:
    """The camera leads and is live; mocopi, which boosts it, comes out of a file."""
    frames = of_kind(SourceKind.CAMERA, performed("left.raise"))
    recorded = of_kind(SourceKind.FILE, worn("left.raise"))
    deck = Deck(gate=live_gate(), sinks=(UNNAMED,)).play(in_time(frames, recorded))
    assert [(v.proposal.source_kinds, v.reasons) for v in deck.verdicts] == [
        (("camera", "file"), (Reason.SOURCE_NOT_LIVE,)),
    ]


def test_in_live_a_raise_without_a_current_selfplay_is_refused() -> None:
    deck = Deck(gate=live_gate(selfplay_current=False), sinks=(UNNAMED,))
    deck.play(of_kind(SourceKind.CAMERA, performed("left.raise")))
    assert [verdict.reasons for verdict in deck.verdicts] == [(Reason.SELFPLAY_MISSING,)]


def test_mocopi_that_agrees_with_the_camera_makes_it_surer() -> None:
    alone = Deck().play(performed("left.raise"))
    both = Deck().play(in_time(performed("left.raise"), worn("left.raise")))
    assert both.verdicts[0].proposal.confidence > alone.verdicts[0].proposal.confidence


def test_mocopi_that_sees_the_arm_down_vetoes_the_camera() -> None:
    deck = Deck().play(in_time(performed("left.raise"), worn("rest", "rest")))
    assert [verdict.reasons for verdict in deck.verdicts] == [(Reason.SENSOR_VETO,)]
