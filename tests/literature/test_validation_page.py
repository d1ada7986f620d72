"""docs/reference/validation.md shows what the tests judge, and its pictures are up to date."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def made():
    spec = importlib.util.spec_from_file_location("validation", ROOT / "scripts/validation.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date(made):
    stands = (made.FOLDER / "validation.md").read_text()
    assert stands == made.validation_page(), "run .venv/bin/python scripts/validation.py"


def test_every_picture_shows_what_is_computed_now(made):
    wanted = made.pictures()
    assert {path.name for path in made.PICTURES.iterdir()} == set(wanted)
    for name, panels in wanted.items():
        drawn = (made.PICTURES / name).read_text()
        said = re.search(r"<dc:description>(\w+)</dc:description>", drawn)
        assert said[1] == made.fingerprint(panels), f"{name}: run scripts/validation.py"
        assert len(drawn) < 200_000


def test_every_paper_is_on_the_page_and_every_row_is_within(made):
    page = made.validation_page()
    rows = [row for paper in made.papers() for row in paper.rows]
    assert len(made.papers()) >= 8
    assert len(rows) >= 40
    assert "| **no** |" not in page
    assert all(f"| {row.what} |" in page for row in rows)


def test_every_file_of_a_paper_offers_it(made):
    # The calibration has a page of its own, docs/reference/calibration.md.
    others = {Path(__file__).name, "test_calibration.py"}
    files = {one.name for one in (ROOT / "tests/literature").glob("test_*.py")} - others
    assert len(made.papers()) == len(files)


def test_a_row_that_misses_would_say_so(made):
    from tests.literature.comparison import Comparison

    row = Comparison("peak", "ng/mL", (100.0,), lambda: 120.0, within=0.1)
    assert not row.agrees()
    assert "published        100   computed        120    +20.0 %" in repr(row)
    assert "| **no** |" in "\n".join(made.table([row]))
