"""The promotion table: what is refused, and that every problem is named with its file and row."""

from pathlib import Path

import pytest

from safety.promotion import BASELINE, EVIDENCES, Basis, Promotion, PromotionError, parse_promotions, promotion_problems

DIGEST = "0f" * 32
BASE = '[[promotion]]\ngesture = "left.raise"\ncommand = "deck1.play_pause"\nbasis = "baseline"\nhash = "a1"\n'
ROW = '[[promotion]]\ngesture = "left.wave"\ncommand = "deck1.sync"\nbasis = "evidence"\nhash = "a1"\n[promotion.evidence]\n'
EIGHT = "".join(f'{name} = {{ path = "e/{name}.json", sha256 = "{DIGEST}" }}\n' for name in EVIDENCES)


def problems(text):
    with pytest.raises(PromotionError) as error:
        parse_promotions(text, "p.toml")
    return str(error.value).split("\n")


def test_a_baseline_row():
    row = Promotion("left.raise", "deck1.play_pause", Basis.BASELINE, "a1")
    assert parse_promotions(BASE, "p.toml") == {"left.raise": row}


def test_a_row_with_its_eight_evidences():
    row = parse_promotions(ROW + EIGHT, "p.toml")["left.wave"]
    assert row.basis is Basis.EVIDENCE
    assert row.evidence == tuple((name, f"e/{name}.json", DIGEST) for name in EVIDENCES)


def test_an_empty_file_promotes_nothing():
    assert parse_promotions("", "p.toml") == {}


def test_the_eight_evidences_are_eight_names():
    assert len(set(EVIDENCES)) == 8


def test_the_baseline_exception_is_two_gestures_and_no_more():
    assert BASELINE == {"left.raise": "deck1.play_pause", "right.raise": "deck2.play_pause"}


@pytest.mark.parametrize("missing", EVIDENCES)
def test_seven_evidences_are_not_enough(missing):
    text = ROW + "".join(line + "\n" for line in EIGHT.splitlines() if not line.startswith(missing))
    assert problems(text) == [f"p.toml: promotion 1: evidence {missing} is missing"]


def test_evidence_without_any_table_names_all_eight():
    found = problems(ROW.replace("[promotion.evidence]\n", ""))
    assert found == [f"p.toml: promotion 1: evidence {name} is missing" for name in EVIDENCES]


@pytest.mark.parametrize("digest", ["", "0f" * 31, "0f" * 33, "0F" * 32, "0g" * 32, "0f" * 31 + "0 "])
def test_an_evidence_is_named_by_its_hash(digest):
    found = problems(ROW + EIGHT.replace(DIGEST, digest, 1))
    assert found == ["p.toml: promotion 1: evidence data_archived has no SHA-256 in lower-case hex"]


def test_an_evidence_has_a_path():
    found = problems(ROW + EIGHT.replace("e/report_written.json", ""))
    assert found == ["p.toml: promotion 1: evidence report_written has no path"]


def test_a_ninth_evidence_is_refused():
    found = problems(ROW + EIGHT + f'hearsay = {{ path = "h", sha256 = "{DIGEST}" }}\n')
    assert found == ["p.toml: promotion 1: evidence hearsay is none of the eight"]


@pytest.mark.parametrize(
    "item", ['"e.json"', "{}", '{ path = "e" }', '{ path = "e", sha256 = 1 }', '{ path = "e", sha256 = "", x = "" }']
)
def test_an_evidence_is_a_path_and_a_hash(item):
    found = problems(ROW + f"data_archived = {item}\n")
    assert found == ["p.toml: promotion 1: evidence data_archived: write { path, sha256 }"]


@pytest.mark.parametrize(
    ("gesture", "command"),
    [("left.wave", "deck1.play_pause"), ("left.raise", "deck2.play_pause"), ("left.raise", "deck1.sync"), ("", "")],
)
def test_no_other_gesture_or_command_has_the_baseline_exception(gesture, command):
    assert promotion_problems(Promotion(gesture, command, Basis.BASELINE, "a1")) == (
        f"{gesture} -> {command} has no baseline exception",
    )


@pytest.mark.parametrize("key", ["gesture", "command", "basis", "hash"])
def test_a_missing_key_is_named(key):
    text = "".join(line + "\n" for line in BASE.splitlines() if not line.startswith(key))
    assert f"p.toml: promotion 1: {key}: missing" in problems(text)


@pytest.mark.parametrize("key", ["gesture", "command", "basis", "hash"])
def test_a_key_of_the_wrong_type_is_named(key):
    text = "".join((f"{key} = 7\n" if line.startswith(key) else line + "\n") for line in BASE.splitlines())
    assert f"p.toml: promotion 1: {key}: not a string" in problems(text)


def test_an_unknown_basis_is_named():
    assert problems(BASE.replace("baseline", "hope")) == ["p.toml: promotion 1: basis: 'hope' is neither baseline nor evidence"]


def test_unknown_keys_are_named_in_a_row_and_beside_it():
    found = problems("other = 1\n" + BASE + "why = 'x'\n")
    assert found == ["p.toml: other: unknown key", "p.toml: promotion 1: why: unknown key"]


def test_two_rows_for_one_gesture_are_refused():
    assert problems(BASE + BASE) == ["p.toml: promotion 2: left.raise is promoted twice"]


def test_all_problems_are_listed_each_with_its_row():
    found = problems(BASE.replace("deck1", "deck2") + ROW + EIGHT + BASE.replace("hash", "hush"))
    assert found == [
        "p.toml: promotion 1: left.raise -> deck2.play_pause has no baseline exception",
        "p.toml: promotion 3: hush: unknown key",
        "p.toml: promotion 3: hash: missing",
    ]


@pytest.mark.parametrize("text", ["promotion = 1\n", "[promotion]\ngesture = 'left.raise'\n"])
def test_rows_come_as_a_list(text):
    assert problems(text) == ["p.toml: promotion: write it as [[promotion]]"]


def test_a_row_is_a_table():
    assert problems("promotion = [1]\n") == ["p.toml: promotion 1: is no table"]


def test_evidence_is_a_table():
    assert problems(BASE + "evidence = 1\n") == ["p.toml: promotion 1: evidence: is no table"]


def test_broken_toml_names_the_file():
    assert problems("[[promotion]\n")[0].startswith("p.toml: ")


def test_the_committed_table_is_sound_and_holds_the_baseline_only():
    file = Path(__file__).parents[2] / "config" / "promotions.toml"
    table = parse_promotions(file.read_text(encoding="utf-8"), file.name)
    assert {name: row.command for name, row in table.items()} == BASELINE
    assert {row.basis for row in table.values()} == {Basis.BASELINE}
