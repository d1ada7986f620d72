"""A clinic's own licensed wording fits its instrument, or is refused in a sentence."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.instruments import licensed
from ketaflow.instruments.library import UnknownInstrument, Verdict, instrument, lend
from ketaflow.instruments.licensed import DoesNotFit, adopt, read, with_text
from ketaflow.instruments.scoring import score
from ketaflow.refusals import BadFile, Refused


@pytest.fixture(autouse=True)
def nothing_lent():
    yield
    lend({})


def wording(**changes):
    """Words nobody owns, for an instrument whose own words are protected."""
    table = {
        "instrument": "peg",
        "version": instrument("peg").version,
        "licence": "Licensed to a made-up clinic.",
        "stem": "Last week:",
        "item": [{"key": str(number), "text": f"Made-up {number}"} for number in (1, 2, 3)],
    }
    return table | changes


def toml(table):
    rows = table.pop("item")
    head = "".join(f"{key} = {value!r}\n" for key, value in table.items()).replace("'", '"')
    return head + "".join(
        f'[[item]]\nkey = "{row["key"]}"\ntext = "{row["text"]}"\n' for row in rows
    )


def test_a_clinics_wording_is_asked_and_scored_as_the_library_says(tmp_path):
    (tmp_path / "peg.toml").write_text(toml(wording()))
    assert adopt(tmp_path) == ()
    peg = instrument("peg")
    assert (peg.verdict, peg.needs_paper) == (Verdict.LICENSED, False)
    assert (peg.items[0].text, peg.stem) == ("Made-up 1", "Last week:")
    assert peg.notice == "Licensed to a made-up clinic."
    assert str(score("peg", [1, 2, 2]).total) == "1.67"


def test_without_a_folder_nothing_is_lent(tmp_path):
    assert adopt(tmp_path / "nowhere") == ()
    assert instrument("peg").verdict is Verdict.SCORE_ONLY


def test_what_is_taken_away_is_no_longer_shown(tmp_path):
    (tmp_path / "peg.toml").write_text(toml(wording()))
    adopt(tmp_path)
    (tmp_path / "peg.toml").unlink()
    adopt(tmp_path)
    assert instrument("peg").items[0].text == ""


def test_a_file_that_does_not_fit_is_named_and_the_others_are_taken(tmp_path):
    (tmp_path / "a.toml").write_text("instrument = ")
    (tmp_path / "b.toml").write_text(toml(wording(version="2020-01-01")))
    (tmp_path / "c.toml").write_text(toml(wording()))
    (tmp_path / "d.toml").write_text(toml(wording()))
    refusals = adopt(tmp_path)
    assert [refusal[:6] for refusal in refusals] == ["a.toml", "b.toml", "d.toml"]
    assert "second file" in refusals[2]
    assert instrument("peg").verdict is Verdict.LICENSED


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"instrument": "phq-9"}, "takes no wording"),
        ({"instrument": "kset"}, "takes no wording"),
        ({"version": "2020-01-01"}, "2020-01-01"),
        ({"licence": " "}, "licence"),
        ({"licence": 7}, "licence"),
        ({"stem": ""}, "stem"),
        ({"total": 3}, "'total'"),
        ({"item": "one"}, r"\[\[item\]\]"),
        ({"item": ["one"]}, r"\[\[item\]\]"),
        ({"item": []}, "none"),
        ({"item": [{"key": "1", "text": "A"}]}, "1, 2, 3 in this order"),
        ({"item": [{"key": key, "text": "A"} for key in "132"]}, "1, 3, 2"),
        ({"item": [{"key": key} for key in "123"]}, "lacks its text"),
        ({"item": [{"key": key, "text": "x" * 1001} for key in "123"]}, "1 to 1000"),
        ({"item": [{"key": key, "text": "A", "high": 4} for key in "123"]}, "'high'"),
        ({"labels": ["no", "yes"]}, "do not fit"),
        ({"labels": "no"}, "not a list"),
        ({"labels": [""] * 11}, "label of item 1"),
    ],
)
def test_wording_that_does_not_fit_is_refused_in_a_sentence(changes, because):
    with pytest.raises(DoesNotFit, match=because):
        with_text(wording(**changes))


def test_a_file_without_a_licence_line_is_refused():
    table = wording()
    del table["licence"]
    with pytest.raises(DoesNotFit, match="lacks its licence"):
        with_text(table)


def test_wording_for_nothing_known_is_refused():
    with pytest.raises(UnknownInstrument):
        with_text(wording(instrument="peg-99"))


def test_a_file_that_is_too_large_or_not_there_is_refused(tmp_path, monkeypatch):
    with pytest.raises(BadFile, match="cannot be read"):
        read(tmp_path / "none.toml")
    monkeypatch.setattr(licensed, "MOST_BYTES", 10)
    (tmp_path / "large.toml").write_text(toml(wording()))
    with pytest.raises(BadFile, match="larger"):
        read(tmp_path / "large.toml")


@given(st.binary(max_size=300))
def test_any_bytes_at_all_are_wording_or_a_refusal(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("wording") / "any.toml"
    path.write_bytes(content)
    with pytest.raises(Refused):
        read(path)


def test_the_example_of_the_document_is_toml():
    from pathlib import Path

    page = Path(__file__).parent.parent.parent / "docs/licensed-wording.md"
    example = page.read_text().split("```toml\n")[1].split("```")[0]
    assert set(tomllib.loads(example)) == licensed.KEYS
