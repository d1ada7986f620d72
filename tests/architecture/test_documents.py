"""What the documents say is so: commands run, files and tests exist, pages are up to date."""

import ast
import importlib.util
import re
import shlex
from functools import cache
from pathlib import Path

import pytest
from click.testing import CliRunner

from ketaflow.cli.main import group
from ketaflow.refusals import Refused

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs/reference").glob("*.md")),
    *sorted((ROOT / "decisions").glob("*.md")),
]
TEST = re.compile(r"`(tests/[\w/.]+\.py)::(\w+)`")
FILE = re.compile(r"`((?:src|scripts|tests|docs|decisions|requirements|\.ci)/[\w./-]*\w/?)`")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#[\w-]*)?\)|<img src=\"([^\"]+)\"")
COMMAND = re.compile(r"^(ketaflow .*?)(?:\s+# exit (\d+)\b.*)?$", re.MULTILINE)
NEED_A_CLINIC = ("ketaflow custody", "ketaflow fhir", "ketaflow journal")
BOASTS = ("simply", "just", "easily", "obviously", "of course")
MOST_BYTES = 150_000


def named(path):
    return str(path.relative_to(ROOT))


def rows(document):
    """The rows of the tables of SAFETY.md: hazard, control, file, test."""
    for line in (ROOT / document).read_text().splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if line.startswith("| ") and len(cells) == 4 and cells[0] != "hazard":
            yield pytest.param(*cells, id=cells[0])


@cache
def functions_of(path):
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def commands():
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return [(line, int(code or 0)) for line, code in COMMAND.findall("\n".join(blocks))]


@pytest.mark.parametrize(("hazard", "control", "file", "proof"), list(rows("SAFETY.md")))
def test_every_hazard_has_a_control_a_file_and_a_test(hazard, control, file, proof):
    assert control
    assert FILE.search(file), "names no file that keeps the control"
    assert TEST.search(proof), "names no test that proves it"


def test_the_table_of_hazards_was_found():
    assert len(list(rows("SAFETY.md"))) > 40
    assert "## Not yet controlled" in (ROOT / "SAFETY.md").read_text()


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_test_a_document_names_exists(document):
    for path, name in TEST.findall(document.read_text()):
        assert name.startswith("test_"), name
        assert name in functions_of(path), f"{path} has no {name}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_file_and_link_of_a_document_exists(document):
    said = document.read_text()
    linked = [document.parent / (one or other) for one, other in LINK.findall(said) if one or other]
    for path in [*linked, *(ROOT / one for one in FILE.findall(said))]:
        assert path.exists(), f"{path} does not exist"


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_no_document_says_how_little_trouble_it_is(document):
    said = set(re.findall(r"\w+", document.read_text().lower()))
    assert not said & set(BOASTS)


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """A folder to leave pictures in, from which the tests' data are found as from the root."""
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    monkeypatch.chdir(tmp_path)


def run(line):
    outcome = CliRunner().invoke(group, shlex.split(line)[1:])
    if isinstance(outcome.exception, Refused):
        return outcome.exception.exit_code, str(outcome.exception)
    return outcome.exit_code, outcome.output


FREE = [one for one in commands() if not one[0].startswith(NEED_A_CLINIC)]


@pytest.mark.parametrize(("line", "code"), FREE)
def test_a_command_of_the_readme_runs(line, code, elsewhere):
    found, said = run(line)
    assert found == code, said


def test_the_readme_has_commands_for_most_steps():
    assert len(FREE) >= 8


def test_a_command_of_the_readme_that_needs_a_clinic_runs_in_one(clinic_a, elsewhere):
    with_clinic = [one for one in commands() if one[0].startswith(NEED_A_CLINIC)]
    assert len(with_clinic) >= 3
    for line, code in with_clinic:
        found, said = run(line)
        assert found == code, f"{line}: {said}"


def reference():
    spec = importlib.util.spec_from_file_location("reference", ROOT / "scripts/reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["sources.md", "protocols.md", "models.md", "commands.md"])
def test_a_reference_page_is_up_to_date(page):
    made = reference()
    stands = (made.FOLDER / page).read_text()
    assert stands == made.PAGES[page](), "run .venv/bin/python scripts/reference.py"


def test_every_picture_is_shown_and_small():
    pictures = sorted((ROOT / "docs/tour").iterdir())
    readme = (ROOT / "README.md").read_text()
    assert pictures
    for picture in pictures:
        assert f"docs/tour/{picture.name}" in readme, picture.name
        assert picture.stat().st_size <= MOST_BYTES, picture.name


def test_the_map_of_the_readme_has_every_folder():
    readme = (ROOT / "README.md").read_text()
    for folder in (ROOT / "src/ketaflow").iterdir():
        if (folder / "__init__.py").exists():
            assert f"| `src/ketaflow/{folder.name}` |" in readme


def test_the_glossary_is_in_order_and_says_each_word_once():
    lines = (ROOT / "GLOSSARY.md").read_text().splitlines()
    words = [line.split("|")[1].strip().lower() for line in lines if line.startswith("| ")][1:]
    assert words == sorted(set(words))


def test_nothing_in_the_house_speaks_to_a_device():
    speak = {"socket", "serial", "asyncio", "requests", "httpx", "http.client", "urllib.request"}
    # These listen, to browsers, to monitors or to the database, and speak only when spoken to.
    listen = {"cli/serve.py", "cli/devices.py", "devices/listener.py", "devices/keeping.py"}
    listening = {ROOT / "src/ketaflow" / one for one in (*listen, "web/watch.py")}
    for path in listening - {ROOT / "src/ketaflow/web/watch.py"}:
        calls = {name for name in re.findall(r"\.(\w+)\(", path.read_text()) if "connect" in name}
        assert not calls, f"{named(path)} opens a connection"
    # This one hands text messages to a gateway of the clinic's choice, as smtplib does e-mail.
    posting = {ROOT / "src/ketaflow/cli/gateways.py"}
    for path in set((ROOT / "src/ketaflow").rglob("*.py")) - listening - posting:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not set(names) & speak, named(path)
