"""Rekordbox's MIDI mapping files: ours is in the form it exports itself, and anybody's is read whole."""

from pathlib import Path

import pytest

from bridges.rekordbox.mapping import load_mapping
from bridges.rekordbox.midi_csv import LineKind, check_csv, device_name, export_csv, format_csv, input_codes, parse_csv

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data" / "rekordbox_midi"
FORMS = tuple(load_mapping(ROOT / "config" / "rekordbox.toml").midi.values())
ROW = "PlayPause,,Button,,900B,910B,,,,,,,,Fast;Priority=50;,"

KINDS = f"""@file,1,Some Device,,,,,,,,,,,,

#name,function,type,input,deck1,deck2,deck3,deck4,output,deck1,deck2,deck3,deck4,option,comment
,,,,,,,,,,,,,,
# Transport
#Cue,,Button,,900C,910C,,,,,,,,,
{ROW}
CrossFader,CrossFader,KnobSlider,B61F,,,,,,,,,,Fast,one for all decks
PAD1_HotCue,PAD1.HotCue.Call,Pad,9000,6,7,8,9,,,,,,Fast,base and offsets
MidiOutInterval,,Parameter,FFF3,,,,,,,,,,Value=2;,"""
"""Hand-made: one line of every kind, and no newline at its end."""


def test_the_export_is_one_row_a_function_with_a_code_a_deck():
    assert export_csv("AirDeck", FORMS) == f"@file,1,AirDeck\r\n{ROW}\r\n"


def test_the_export_does_not_depend_on_the_order_of_the_commands():
    assert export_csv("AirDeck", reversed(FORMS)) == export_csv("AirDeck", FORMS)


def test_the_export_leaves_every_output_column_empty():
    cells = parse_csv(export_csv("AirDeck", FORMS))[1].cells
    assert len(cells) == 15
    assert cells[8:13] == ("",) * 5


@pytest.mark.parametrize("name", ["", "a,b", "Käfer", "two\nlines"])
def test_a_port_name_that_the_file_cannot_hold_is_refused(name):
    with pytest.raises(ValueError, match="port name"):
        export_csv(name, FORMS)


def test_our_own_export_passes_the_check():
    assert check_csv(export_csv("AirDeck", FORMS), "AirDeck", FORMS) == []


def test_every_line_of_a_file_is_kept_and_named():
    kinds = [line.kind for line in parse_csv(KINDS)]
    assert kinds == [
        LineKind.FILE,
        LineKind.BLANK,
        LineKind.HEADER,
        LineKind.BLANK,
        *[LineKind.COMMENT] * 2,
        *[LineKind.ROW] * 4,
    ]


def test_a_file_is_written_back_as_it_was_read():
    assert format_csv(parse_csv(KINDS), "\n") == KINDS + "\n"
    assert format_csv(parse_csv(KINDS.replace("\n", "\r\n"))) == KINDS.replace("\n", "\r\n") + "\r\n"


def test_the_device_is_found_in_a_padded_first_line():
    assert device_name(parse_csv(KINDS)) == "Some Device"


def test_offsets_add_to_the_channel_of_the_base_code():
    pads = parse_csv(KINDS)[8]
    assert list(input_codes(pads.cells)) == ["9600", "9700", "9800", "9900"]


def test_a_good_file_has_no_problems():
    assert check_csv(KINDS) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ROW, "the first line must be @file"),
        (f"@file,1,Other\n{ROW}", "the file is for 'Other'"),
        (f"@file,1,AirDeck\n{ROW},", "16 columns instead of 15"),
        ("@file,1,AirDeck\n" + ROW.replace("Button", "Knob"), "type 'Knob' is not known"),
        ("@file,1,AirDeck\n" + ROW.replace("900B", "9X0B"), "'9X0B' is neither a code nor an offset"),
        (f"@file,1,AirDeck\n{ROW}\nCue,,Button,900B,,,,,,,,,,,", "900B already stands for PlayPause in line 2"),
        ("@file,1,AirDeck\nCue,,Button,,900B,910B,,,,,,,,,", "which is Cue here, not PlayPause"),
        ("@file,1,AirDeck\n" + ROW.replace("910B", ""), "deck2.play_pause sends 910B, which no row listens to"),
    ],
)
def test_a_wrong_file_is_said_to_be_wrong(text, said):
    assert any(said in problem.what for problem in check_csv(text, "AirDeck", FORMS))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "lines", "rows"),
    [
        ("cyd-dj__RB-MIDI_Bluetooth.csv", 84, 83),
        ("inpulse200mk2__PIONEER_DDJ-SX.midi.csv", 86, 64),
        ("inpulse200mk2__part_pads_fragment.csv", 40, 28),
        ("party-saver__Xone_K2_PartySaver.csv", 45, 44),
        ("rekordjog__AllenAndHeath_Xone_4D.csv", 66, 65),
        ("rekordjog__DJControl_Inpulse_200.csv", 80, 79),
        ("rekordjog__PIONEER_DDJ-SX_jogpatch.midi.csv", 35, 8),
    ],
)
def test_a_real_file_loses_no_row_and_has_no_problem(file, lines, rows):
    if not SHARED.is_dir():
        pytest.skip("../shared/data/rekordbox_midi is not here")
    text = (SHARED / file).read_bytes().decode("ascii")
    parsed = parse_csv(text)
    line_end = "\r\n" if "\r\n" in text else "\n"
    assert format_csv(parsed, line_end).removesuffix(line_end) == text.removesuffix(line_end)
    assert (len(parsed), sum(line.kind is LineKind.ROW for line in parsed)) == (lines, rows)
    assert check_csv(text) == []
