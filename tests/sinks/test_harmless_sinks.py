"""What every sink refuses, and the two sinks that reach nothing."""

import dataclasses

import pytest

from bridges.sinks.base import SendStatus
from bridges.sinks.dry_run import DryRunSink
from bridges.sinks.recording import RecordingSink
from safety.types import Permit, SinkClass

GOOD = Permit(7, "deck2.play_pause", 1.0, "recorder", SinkClass.RECORDING, 0, 1000)


@pytest.fixture
async def recorder():
    sink = RecordingSink("recorder", keep=3)
    sink.reports = []
    await sink.open(sink.reports.append)
    yield sink
    await sink.close()


async def test_a_permit_for_this_sink_is_taken(recorder):
    recorder.send(GOOD, 500)
    assert list(recorder.permits) == [GOOD]
    assert [(sent.decision_seq, sent.status) for sent in recorder.reports] == [(7, SendStatus.SENT)]


@pytest.mark.parametrize(("now_ns", "taken"), [(999, 1), (1000, 1), (1001, 0)])
async def test_a_permit_is_good_until_its_last_nanosecond(recorder, now_ns, taken):
    recorder.send(GOOD, now_ns)
    assert len(recorder.permits) == taken
    assert recorder.reports[0].status is (SendStatus.SENT if taken else SendStatus.EXPIRED)


@pytest.mark.parametrize(
    "foreign",
    [
        dataclasses.replace(GOOD, sink="another"),
        dataclasses.replace(GOOD, sink_class=SinkClass.MIDI),
        dataclasses.asdict(GOOD),
        None,
        type("Permit", (Permit,), {})(*dataclasses.astuple(GOOD)),
    ],
)
async def test_what_is_no_permit_for_this_sink_is_refused(recorder, foreign):
    recorder.send(foreign, 500)
    assert not recorder.permits
    assert [sent.status for sent in recorder.reports] == [SendStatus.REFUSED]


async def test_the_recorder_keeps_the_newest(recorder):
    for seq in range(5):
        recorder.send(dataclasses.replace(GOOD, decision_seq=seq), seq)
    assert [permit.decision_seq for permit in recorder.permits] == [2, 3, 4]
    assert list(recorder.times_ns) == [2, 3, 4]


async def test_a_sink_is_connected_only_while_it_is_open():
    sink = RecordingSink("recorder")
    before = sink.health().connected
    await sink.open(lambda sent: None)
    during = sink.health().connected
    await sink.close()
    assert (before, during, sink.health().connected) == (False, True, False)


@pytest.mark.parametrize(("value", "shown"), [(1.0, "91 0b 7f or key n"), (0.0, "91 0b 00 or key n")])
async def test_the_dry_run_shows_what_would_be_sent(mapping, value, shown):
    reports = []
    sink = DryRunSink("dry-run", mapping)
    await sink.open(reports.append)
    sink.send(Permit(1, "deck2.play_pause", value, "dry-run", SinkClass.DRY_RUN, 0, 1000), 500)
    assert [(sent.status, sent.what) for sent in reports] == [(SendStatus.SHOWN, shown)]


async def test_the_dry_run_refuses_a_command_without_a_form(mapping):
    reports = []
    sink = DryRunSink("dry-run", mapping)
    await sink.open(reports.append)
    sink.send(Permit(1, "deck9.explode", 1.0, "dry-run", SinkClass.DRY_RUN, 0, 1000), 500)
    assert [sent.status for sent in reports] == [SendStatus.REFUSED]
