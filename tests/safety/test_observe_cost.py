"""Looking at health runs on every step: it keeps nothing while the state stands."""

import gc
import tracemalloc

import pytest

from safety.types import ArmState

MS = 1_000_000


@pytest.mark.parametrize("state", ArmState)
def test_looking_at_health_keeps_no_objects(world, state):
    if state is ArmState.SUSPENDED:
        world.health.lagging = True
        world.observe()
        world.health.streams.clear()
    elif state is not ArmState.ARMED:
        world.gate.act("stop" if state is ArmState.STOPPED else "disarm", world.now_ns)
    look, health, now_ns = world.gate.observe, world.health, world.now_ns
    for step in range(100):
        look(health, now_ns + step)
    gc.collect()
    objects = len(gc.get_objects())
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for step in range(100, 10_000):
        look(health, now_ns + step)
    kept = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert world.gate.state is state
    assert kept < 1_000
    assert len(gc.get_objects()) - objects < 10
