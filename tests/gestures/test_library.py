"""The library: what is wrong is named, all of it; left and right are mirror images; a hash binds what decides."""

from pathlib import Path
from typing import Any

import pytest

from airdeck.gestures import rows as module
from airdeck.gestures.features import FEATURES, Feature, resolve
from airdeck.gestures.library import Gesture, Library, LibraryError, load_library, parse_library
from dynamics.schema import TABLE, Slot
from tests.gestures.scenes import library, row

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "gestures.toml"
HIGH = {"feature": "wrist_y", "enter_above": 0.5, "exit_below": 0.4}


def problems(*rows: dict[str, Any], qualifiers: Any = None, **document: Any) -> list[str]:
    """What the loader says of a document."""
    whole = {"gesture": list(rows), **({} if qualifiers is None else {"qualifiers": qualifiers}), **document}
    with pytest.raises(LibraryError) as caught:
        parse_library(whole, "test.toml")
    return caught.value.problems


def when(**condition: Any) -> dict[str, Any]:
    return row(when=[condition])


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (row(id=None), "gesture 'number 1': id is missing"),
        (row(id="a b"), "gesture 'a b': id must be a name of letters, digits and _, not 'a b'"),
        (row(id=7), "gesture 7: id must be a name of letters, digits and _, not 7"),
        (row(colour="red"), "gesture 'up': unknown key 'colour'"),
        (row(kind="dance"), "gesture 'up': kind must be one of posture, movement, continuous, not 'dance'"),
        (row(risk=3), "gesture 'up': risk must be a name"),
        (row(zone="moon"), "gesture 'up': zone must be one of overhead, head, shoulder, chest, hip, side, body, not 'moon'"),
        (row(drawing=3), "gesture 'up': drawing must be a name of letters, digits and _, not 3"),
        (row(tier=0), "gesture 'up': tier must be a whole number of at least 1, not 0"),
        (row(tier="1"), "gesture 'up': tier must be a whole number of at least 1, not '1'"),
        (row(hold_ms=True), "gesture 'up': hold_ms must be a whole number of at least 0, not True"),
        (row(hold_ms=0.3), "gesture 'up': hold_ms must be a whole number of at least 0, not 0.3"),
        (row(hold_ms=-1), "gesture 'up': hold_ms must be a whole number of at least 0, not -1"),
        (row(hold_ms=601), "gesture 'up': hold_ms must be 0..600, not 601"),
        (row(release_ms=-1), "gesture 'up': release_ms must be a whole number of at least 0, not -1"),
        (row(window_ms=200), "gesture 'up': window_ms 200 is over before hold_ms 300 is"),
        (row(command="self_destruct"), "gesture 'up': no command 'deck1.self_destruct'; there are deck1.play_pause"),
        (row(when=None), "gesture 'up': when is missing"),
        (row(when=[]), "gesture 'up': when: a list of conditions is needed"),
        (row(when="wrist_y"), "gesture 'up': when: a list of conditions is needed"),
        (row(qualifiers="planted"), "gesture 'up': qualifiers must be a list of names, not 'planted'"),
        (row(qualifiers=[["brave"]]), "gesture 'up': unknown qualifier ['brave']; there are "),
        (row(qualifiers=["brave"]), "gesture 'up': unknown qualifier 'brave'; there are "),
        (when(feature="tail_y", enter_above=0.5), "gesture 'up': when[1]: unknown feature 'tail_y'; there are wrist_x"),
        (when(enter_above=0.5), "gesture 'up': when[1]: unknown feature None"),
        (when(feature="wrist_y", above=0.5), "gesture 'up': when[1]: unknown key 'above'"),
        (when(feature="wrist_y"), "gesture 'up': when[1]: no bound given"),
        (when(feature="wrist_y", enter_above="high"), "gesture 'up': when[1]: enter_above must be a finite number, not 'high'"),
        (when(feature="wrist_y", exit_below=float("nan")), "gesture 'up': when[1]: exit_below must be a finite number"),
        (when(feature="wrist_y", enter_below=float("inf")), "gesture 'up': when[1]: enter_below must be a finite number"),
        (when(feature="wrist_y", enter_above=True), "gesture 'up': when[1]: enter_above must be a finite number, not True"),
        (when(**HIGH, at="noon"), "gesture 'up': when[1]: at must be one of always, start, finish, not 'noon'"),
    ],
)  # fmt: skip
def test_each_error_names_the_file_the_row_and_the_key(broken: dict[str, Any], says: str) -> None:
    """One wrong thing in one row: the answer begins with where it stands."""
    assert any(problem.startswith(f"test.toml: {says}") for problem in problems(broken)), problems(broken)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"gestures": []}, "test.toml: unknown key 'gestures'"),
        ({"gesture": {}}, "test.toml: gesture must be a list of rows, [[gesture]], not {}"),
        ({"gesture": ["up"]}, "test.toml: gesture 'number 1': id is missing"),
        ({"gesture": []}, "test.toml: no gesture in it"),
        ({"gesture": [row()], "qualifiers": ["planted"]}, "test.toml: qualifiers must be a table of names, not ['planted']"),
        ({"gesture": [row()], "qualifiers": {"calm": [{"feature": "wrist_y"}]}},
         "test.toml: qualifiers.calm[1]: no bound given"),
    ],
)  # fmt: skip
def test_a_document_of_the_wrong_shape_is_refused(document: dict[str, Any], says: str) -> None:
    """A qualifier that is not read is a gesture that fires too easily: nothing is passed over in silence."""
    with pytest.raises(LibraryError) as caught:
        parse_library(document, "test.toml")
    assert says in caught.value.problems


def test_every_problem_of_every_row_is_listed_at_once() -> None:
    """Three rows with two wrong things each: six sentences, and the text of the error is all of them."""
    found = problems(
        row(id="a", tier=0, colour="red"),
        row(id="b", hold_ms=700, when=[{"feature": "tail", "enter_above": 1}]),
        row(id="c", command="nothing", when=[{**HIGH, "enter_below": 0.1}]),
    )
    for name, keys in {"a": ("tier", "colour"), "b": ("hold_ms", "tail"), "c": ("nothing", "can never be above")}.items():
        mine = [problem for problem in found if f"gesture '{name}'" in problem]
        assert all(any(key in problem for problem in mine) for key in keys), mine


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match=r"nowhere\.toml"):
        load_library(tmp_path / "nowhere.toml")


@pytest.mark.parametrize("content", [b"[[gesture]\n", b"\xff\xfe", b"a = 1\na = 2\n"])
def test_a_file_that_is_no_toml_is_named(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    file.write_bytes(content)
    with pytest.raises(LibraryError, match=r"broken\.toml: "):
        load_library(file)


@pytest.mark.parametrize(
    ("conditions", "says"),
    [
        ([{"feature": "wrist_y", "enter_above": 0.5, "enter_below": 0.5}], "wrist_y can never be above 0.5 and below 0.5"),
        ([{"feature": "wrist_y", "enter_above": 0.5, "exit_below": 0.51}], "wrist_y leaves inside the band it enters"),
        ([{"feature": "wrist_y", "enter_below": 0.5, "exit_above": 0.49}], "wrist_y leaves inside the band it enters"),
        ([HIGH, {"feature": "wrist_y", "enter_below": 0.2}], "its conditions on wrist_y exclude each other"),
    ],
)
def test_a_gesture_that_contradicts_itself_is_refused(conditions: list[dict[str, Any]], says: str) -> None:
    assert any(p.startswith("test.toml: gesture 'up': ") and says in p for p in problems(row(when=conditions)))


def test_a_contradiction_with_a_qualifier_is_found_too() -> None:
    found = problems(row(), qualifiers={"low": [{"feature": "wrist_y", "enter_below": 0.0}]})
    assert found == ["test.toml: gesture 'up': its conditions on wrist_y exclude each other"]


def test_two_gestures_that_one_movement_satisfies_are_refused_naming_both() -> None:
    found = problems(row(id="up"), row(id="up_slowly", hold_ms=600))
    assert any("'left.up'" in p and "'left.up_slowly'" in p and "can be met by one movement" in p for p in found)
    assert any("'right.up'" in p and "'right.up_slowly'" in p for p in found)


def test_two_gestures_of_one_name_are_refused() -> None:
    low = row(when=[{"feature": "wrist_y", "enter_below": 0.1}])
    assert "test.toml: two gestures are called 'left.up'" in problems(row(), low)


def test_two_gestures_that_exclude_each_other_stand_side_by_side() -> None:
    low = row(id="low", when=[{"feature": "wrist_y", "enter_below": 0.5}])
    assert [g.id for g in library(row(), low).gestures] == ["left.up", "right.up", "left.low", "right.low"]


def test_a_row_becomes_a_left_gesture_of_deck_1_and_a_right_one_of_deck_2() -> None:
    left, right = library(row()).gestures
    assert (left.id, left.side, left.deck, left.command) == ("left.up", "left", 1, "deck1.play_pause")
    assert (right.id, right.side, right.deck, right.command) == ("right.up", "right", 2, "deck2.play_pause")


def test_left_and_right_differ_in_side_only() -> None:
    """Same conditions, same times: what is left and right about them is said when they are compiled."""
    left, right = library(row()).gestures
    same = ("kind", "tier", "risk", "conditions", "hold_ms", "release_ms", "window_ms")
    assert [getattr(left, name) for name in same] == [getattr(right, name) for name in same]


@pytest.mark.parametrize("name", [*FEATURES, *(f"other.{n}" for n in FEATURES)])
def test_each_feature_reads_mirrored_slots_on_the_other_side(name: str) -> None:
    """The right gesture reads what the left one reads, with l and r exchanged; a slot of the trunk is the same for both."""
    swapped = {"l": "r", "r": "l"}
    _, left, _ = resolve(name, "l")
    _, right, _ = resolve(name, "r")
    assert right == tuple("_".join(swapped.get(part, part) for part in slot.split("_")) for slot in left)


def test_default_qualifiers_belong_to_every_gesture_and_named_ones_replace_them() -> None:
    calm = {"calm": [{"feature": "trunk_travel", "enter_below": 0.5}], "seen": [{"feature": "head_seen", "enter_above": 0.5}]}
    features = [c.feature for c in library(row(), qualifiers=calm).gestures[0].conditions]
    assert features == ["wrist_y", "trunk_travel", "head_seen"]
    named = library(row(qualifiers=["seen"]), qualifiers=calm).gestures[0].conditions
    assert [c.feature for c in named] == ["wrist_y", "head_seen"]


def test_tiers_choose_what_is_active() -> None:
    high = library(row(), row(id="low", tier=2, when=[{"feature": "wrist_y", "enter_below": 0.1}]))
    assert [g.id for g in high.tier(1).gestures] == ["left.up", "right.up"]
    assert [g.id for g in high.tier(2).gestures] == [g.id for g in high.gestures]
    assert set(high.tier(1).by_id) == {"left.up", "right.up"}


# ---- the content hash ----


def hashes(changed: dict[str, Any], qualifiers: dict[str, Any] | None = None) -> tuple[str, ...]:
    return tuple(g.content_hash for g in library(changed, qualifiers=qualifiers).gestures)


@pytest.mark.parametrize(
    "change",
    [
        {"hold_ms": 301},
        {"release_ms": 151},
        {"window_ms": 1001},
        {"kind": "movement"},
        {"risk": "mixer"},
        {"when": [{**HIGH, "enter_above": 0.51}]},
        {"when": [{**HIGH, "exit_below": 0.39}]},
        {"when": [{**HIGH, "enter_below": 2.0}]},
        {"when": [{**HIGH, "enter_below": 2.0, "exit_above": 3.0}]},
        {"when": [{**HIGH, "at": "start"}]},
        {"when": [{**HIGH, "feature": "elbow_y"}]},
        {"when": [HIGH, {"feature": "head_seen", "enter_above": 0.1}]},
    ],
)
def test_the_hash_covers_whatever_decides(change: dict[str, Any]) -> None:
    """Each changes both sides' hashes."""
    assert not set(hashes(row())) & set(hashes(row(**change)))


def test_the_hash_covers_the_qualifiers() -> None:
    strict, loose = ({"seen": [{"feature": "head_seen", "enter_above": level}]} for level in (0.9, 0.1))
    assert not set(hashes(row(), strict)) & set(hashes(row(), loose))


@pytest.mark.parametrize("change", [{"hint": "Up!"}, {"drawing": "arm_up"}, {"zone": "overhead"}, {"tier": 3}])
def test_the_hash_does_not_cover_words_pictures_and_tiers(change: dict[str, Any]) -> None:
    assert hashes(row()) == hashes(row(**change))


def test_every_shipped_row_says_where_it_takes_place() -> None:
    assert [g.id for g in load_library(SHIPPED).gestures if not g.zone] == []


def test_left_and_right_have_hashes_of_their_own() -> None:
    """They read different slots and ask for different commands: each is proved for itself."""
    assert len(set(hashes(row()))) == 2


def test_the_hash_covers_the_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    before = hashes(row())
    monkeypatch.setattr(module, "KERNELS_DIGEST", "other kernels")
    assert not set(before) & set(hashes(row()))


def _with_slot(name: str, **changes: Any) -> tuple[Slot, ...]:
    import dataclasses

    return tuple(dataclasses.replace(slot, **changes) if slot.name == name else slot for slot in TABLE)


def test_the_hash_covers_the_slots_that_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another range of the left wrist demotes the left gesture; the right one, and all that read other slots, stand."""
    left, right = hashes(row())
    monkeypatch.setattr(module, "TABLE", _with_slot("l_wrist_y", high=9.0))
    assert hashes(row())[0] != left
    assert hashes(row())[1] == right


def test_the_hash_covers_the_definition_of_its_features(monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = row(when=[{"feature": "arm_was_down", "enter_below": 1.0}])
    before = hashes(fresh)
    feature = FEATURES["arm_was_down"]
    changed = Feature(feature.kind, feature.slots, feature.unit, level=-0.3, note=feature.note)
    monkeypatch.setitem(FEATURES, "arm_was_down", changed)
    assert not set(before) & set(hashes(fresh))


def test_editing_one_gesture_changes_no_other_gestures_hash() -> None:
    low = row(id="low", when=[{"feature": "wrist_y", "enter_below": 0.1}])
    one, other = library(row(), low), library(row(), {**low, "hold_ms": 100})
    assert one.by_id["left.up"].content_hash == other.by_id["left.up"].content_hash
    assert one.by_id["left.low"].content_hash != other.by_id["left.low"].content_hash
    assert one.content_hash != other.content_hash


# ---- the library that is shipped ----


@pytest.fixture(scope="module")
def shipped() -> Library:
    return load_library(SHIPPED)


def test_the_shipped_library_starts_with_the_two_raises(shipped: Library) -> None:
    assert {g.id: g.command for g in shipped.tier(1).gestures} == {
        "left.raise": "deck1.play_pause",
        "right.raise": "deck2.play_pause",
    }


@pytest.mark.parametrize(
    "feature",
    [
        "trunk_travel",
        "trunk_roll",
        "trunk_pitch",
        "trunk_yaw",
        "arm_was_down",
        "other.arm_at_rest",
        "head_seen",
        "performer_lock",
    ],
)
def test_every_shipped_gesture_that_commands_has_the_default_qualifiers(feature: str, shipped: Library) -> None:
    """Planted, upright, facing, fresh, the other arm at rest, head really seen."""
    for gesture in commanding(shipped):
        assert feature in {c.feature for c in gesture.conditions}


def commanding(library: Library) -> list[Gesture]:
    return [gesture for gesture in library.gestures if gesture.command]


def test_the_other_arm_is_waited_for(shipped: Library) -> None:
    """Two arms never rise together: at least 0.15 s."""
    for gesture in commanding(shipped):
        rest = next(c for c in gesture.conditions if c.feature == "other.arm_at_rest")
        assert rest.enter_above >= 0.15


def test_only_the_two_raises_command_anything_yet(shipped: Library) -> None:
    """The rest is observed until it is proven; crossed arms disarm."""
    assert [gesture.id for gesture in commanding(shipped)] == ["left.raise", "right.raise"]
    assert {gesture.id: gesture.act for gesture in shipped.gestures if gesture.act} == {"arms_crossed": "disarm"}


def test_the_shipped_vocabulary_has_a_drawer_for_each_tier(shipped: Library) -> None:
    rows = {gesture.id.rpartition(".")[2]: gesture.tier for gesture in shipped.gestures}
    assert len(rows) >= 24
    assert set(rows.values()) == {1, 2, 3}


def test_every_shipped_row_says_how_it_is_done(shipped: Library) -> None:
    assert all(len(gesture.hint) > 10 for gesture in shipped.gestures)


def test_what_a_shipped_circle_begins_another_ends(shipped: Library) -> None:
    """Whatever loops has its way out in the same tier."""
    tiers = {gesture.id: gesture.tier for gesture in shipped.gestures}
    assert tiers["left.circle"] == tiers["left.uncircle"]
