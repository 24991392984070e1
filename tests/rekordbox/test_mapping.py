"""config/rekordbox.toml: every command has its form, and a wrong table is refused with all its problems."""

import tomllib
from pathlib import Path

import pytest

from bridges.rekordbox.mapping import MappingError, load_mapping, read_mapping
from safety.commands import COMMANDS, CommandClass, CommandRow, DeckRule

FILE = Path(__file__).parents[2] / "config" / "rekordbox.toml"


@pytest.fixture
def document():
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def test_every_command_has_a_midi_form():
    assert set(load_mapping(FILE).midi) == set(COMMANDS)


@pytest.mark.parametrize(
    ("command", "press", "release"),
    [("deck1.play_pause", "90 0b 7f", "90 0b 00"), ("deck2.play_pause", "91 0b 7f", "91 0b 00")],
)
def test_a_press_is_note_on_127_and_a_release_note_on_0(command, press, release):
    form = load_mapping(FILE).midi[command]
    assert (form.message(1.0).hex(" "), form.message(0.0).hex(" ")) == (press, release)


def test_play_is_z_on_deck_1_and_n_on_deck_2():
    keys = load_mapping(FILE).keys
    assert [keys[f"deck{deck}.play_pause"].keys for deck in (1, 2)] == [("z",), ("n",)]


def test_a_value_beyond_its_range_stays_a_data_byte():
    form = load_mapping(FILE).midi["deck1.play_pause"]
    assert [form.message(value)[2] for value in (-1.0, 0.5, 2.0)] == [0, 64, 127]


def test_a_control_change_code_serves_a_continuous_command(document):
    commands = COMMANDS | {"crossfader": CommandRow("crossfader", 0, CommandClass.CONTINUOUS, DeckRule.NONE)}
    row = {"name": "crossfader", "function": "CrossFader", "type": "KnobSlider", "codes": {"all": "B61F"}}
    document["command"].append(row)
    assert read_mapping(document, commands).midi["crossfader"].message(0.5).hex() == "b61f40"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d["command"][0]["codes"].update(deck1="800B"), "'800B' is not a note"),
        (lambda d: d["command"][0]["codes"].update(deck1="900b"), "'900b' is not a note"),
        (lambda d: d["command"][0]["codes"].update(deck1="B00B"), "does not fit a command of class press"),
        (lambda d: d["command"][0]["codes"].update(deck2="900B"), "'900B' stands for 2 commands"),
        (lambda d: d["command"][0]["keys"].update(deck2="z"), "'z' stands for 2 commands"),
        (lambda d: d["command"][0]["codes"].pop("deck2"), "no row for the command deck2.play_pause"),
        (lambda d: d["command"][0]["codes"].update(deck9="990B"), "there is no command 'deck9.play_pause'"),
        (lambda d: d["command"][0].update(colour="red"), "colour: not known here"),
        (lambda d: d["command"][0].update(codes="900B"), "codes: must be a table"),
        (lambda d: d["command"][0].update(type="Pad"), "type: 'Pad' is none of"),
        (lambda d: d.update(osc={}), "osc: not known here"),
        (lambda d: d["midi"].update(port="a,b"), "midi.port: 'a,b'"),
        (lambda d: d["keys"].update(targets=3), "keys.targets: must be a table"),
        (lambda d: d["keys"]["targets"].update(linux="rekordbox"), "keys.targets.linux: must be a list"),
        (lambda d: d["keys"]["targets"].update(beos=["x"]), "keys.targets.beos: not known here"),
        (lambda d: d.update(command={}), "command: must be written as [[command]]"),
    ],
)
def test_a_wrong_table_is_refused_and_named(document, change, said):
    change(document)
    with pytest.raises(MappingError) as error:
        read_mapping(document)
    assert said in str(error.value)
    assert all(line.startswith("rekordbox.toml: ") for line in str(error.value).splitlines())


def test_all_problems_are_listed_at_once(document):
    document["midi"]["port"] = ""
    document["command"][0]["codes"] = {"deck1": "800B"}
    with pytest.raises(MappingError) as error:
        read_mapping(document)
    assert len(str(error.value).splitlines()) == 4


def test_a_file_that_is_not_toml_is_named(tmp_path):
    broken = tmp_path / "broken.toml"
    broken.write_text("command = [", encoding="utf-8")
    with pytest.raises(MappingError, match=r"broken\.toml"):
        load_mapping(broken)
