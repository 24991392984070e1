"""Packets recognised by their layout."""

from bridges.wire.layout import MAX_LAYOUTS, Layout, LayoutCache

PACKET = b"head....tail"


def test_only_the_holes_may_differ():
    layout = Layout(PACKET, [(4, 8)])
    assert layout.matches(b"head1234tail")
    assert not layout.matches(b"heaD1234tail")
    assert not layout.matches(b"head1234taiL")


def test_a_hole_may_be_at_either_end():
    layout = Layout(PACKET, [(0, 4), (8, 12)])
    assert layout.matches(b"1234....5678")
    assert not layout.matches(b"1234...x5678")


def test_two_layouts_of_one_length_are_told_apart():
    cache = LayoutCache()
    cache.add(b"aa..", [(2, 4)], "a")
    cache.add(b"bb..", [(2, 4)], "b")
    assert (cache.find(b"bb12"), cache.find(b"aa12"), cache.find(b"cc12")) == ("b", "a", None)


def test_a_layout_is_worth_it_from_its_second_packet_on():
    cache = LayoutCache()
    assert [cache.worth_adding(PACKET) for _ in range(3)] == [False, True, True]


def test_four_layouts_of_one_length_are_enough():
    cache = LayoutCache()
    for n in range(4):
        cache.add(bytes([n, 0]), [], n)
    cache.worth_adding(b"xx")
    assert not cache.worth_adding(b"xx")


def test_when_full_it_begins_anew():
    cache = LayoutCache()
    for n in range(MAX_LAYOUTS + 1):
        cache.add(bytes(n + 1), [], n)
    assert cache.find(bytes(1)) is None
    assert cache.find(bytes(MAX_LAYOUTS + 1)) == MAX_LAYOUTS
