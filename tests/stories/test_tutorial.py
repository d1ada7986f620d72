"""The tutorial, from a dose to a trial: every block is run and prints what the page says."""

import contextlib
import io
import re
import shlex
from pathlib import Path

from click.testing import CliRunner

from ketaflow.cli.main import group

PAGE = Path(__file__).parents[2] / "docs" / "tutorial" / "from-a-dose-to-a-trial.md"
BLOCK = re.compile(r"```(sh|python|toml|text)\n(.*?)```", re.DOTALL)


def blocks():
    """Each block with the output that the page shows after it, if any."""
    found = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    for place, (kind, body) in enumerate(found):
        after = found[place + 1] if place + 1 < len(found) else ("", "")
        if kind != "text":
            yield kind, body, after[1] if after[0] == "text" else None


def run_python(body, names):
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(compile(body, str(PAGE), "exec"), names)
    return said.getvalue()


def run_commands(body):
    for line in body.splitlines():
        outcome = CliRunner().invoke(group, shlex.split(line)[1:])
        assert outcome.exit_code == 0, f"{line}: {outcome.output} {outcome.exception!r}"


def test_the_tutorial_does_what_it_says(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names, kinds = {"__name__": "tutorial"}, []
    for kind, body, wanted in blocks():
        kinds.append(kind)
        if kind == "toml":
            Path("trial.toml").write_text(body, encoding="utf-8")
        elif kind == "sh":
            run_commands(body)
        else:
            said = run_python(body, names)
            assert wanted is None or said.split() == wanted.split(), said
    assert (kinds.count("python"), kinds.count("sh"), kinds.count("toml")) == (4, 4, 1)
    assert Path("session.png").read_bytes()[:4] == Path("trial.png").read_bytes()[:4] == b"\x89PNG"
