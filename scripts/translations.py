"""The words of the patient's pages: gather them, keep the catalogue, and compile it.

Usage: scripts/translations.py update|compile. `update` puts every message of the pages into the
catalogue of each language, without words where there were none; `compile` makes what Django reads.
No GNU gettext is needed.
"""

import ast
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

PORTAL = Path(__file__).resolve().parent.parent / "src" / "ketaflow" / "portal"
LANGUAGES = ("es",)
CALLS = {"_": 1, "later": 1, "gettext": 1, "gettext_lazy": 1, "ngettext": 2}
HEADERS = re.compile(
    rb'^"(Project-Id|Report-Msgid|POT-|PO-|Last-|Language-Team|Generated-|Content-Transfer)[^\n]*\n',
    re.MULTILINE,
)
HEAD = """# The patient's pages in another language.
# Not yet checked by a clinician who speaks it: each page says so."""
Message = str | tuple[str, str]


def gathered() -> dict[Message, str]:
    """Every message of the portal, and a file that says it."""
    found: dict[Message, str] = {}
    for path in sorted((PORTAL / "patient").rglob("*.py")) + sorted(PORTAL.glob("[rt]*/*.py")):
        for message in in_python(path.read_text(encoding="utf-8")):
            found.setdefault(message, f"{path.parent.name}/{path.name}")
    for path in sorted((PORTAL / "templates" / "portal").glob("*.html")):
        for message in in_template(path.read_text(encoding="utf-8")):
            found.setdefault(message, f"{path.parent.name}/{path.name}")
    return found | {label: "side_effects.toml" for label in _effects()}


def _effects() -> list[str]:
    from ketaflow.session.events import side_effects

    return [one.label for one in side_effects().values() if one.key != "other"]


def in_python(text: str) -> Iterator[Message]:
    """The messages that Python code asks for."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            many = CALLS.get(node.func.id, 0)
            said = [ast.literal_eval(one) for one in node.args[:many] if _is_text(one)]
            if many and len(said) == many:
                yield said[0] if many == 1 else (said[0], said[1])


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def in_template(text: str) -> Iterator[Message]:
    """The messages that a template asks for, read by Django's own reader of templates."""
    from django.conf import settings
    from django.utils.translation.template import templatize

    if not settings.configured:
        settings.configure(USE_I18N=True)
    code = templatize(text)
    for call in re.finditer(r"(?<![\w])(gettext|ngettext|_)\(", code):
        yield from in_python(_call(code[call.start() :]))


def _call(code: str) -> str:
    """The call that `code` begins with; what follows is no Python."""
    for end in (found.end() for found in re.finditer(r"\)", code)):
        try:
            ast.parse(code[:end])
        except SyntaxError:
            continue
        return code[:end]
    raise SystemExit(f"Not readable: {code[:60]}")


DAY_ONE = datetime(2026, 1, 1, tzinfo=UTC)


def catalogue(language: str) -> Catalog:
    """The catalogue of a language as it stands."""
    path = where(language)
    if not path.exists():
        return Catalog(locale=language, project="Ketaflow", charset="utf-8")
    with path.open("rb") as held:
        found = read_po(held, locale=language)
    # Else the day on which it is compiled would be in what is compiled.
    found.creation_date = found.revision_date = DAY_ONE
    return found


def where(language: str) -> Path:
    """The file of a language's catalogue."""
    return PORTAL / "locale" / language / "LC_MESSAGES" / "django.po"


def update(language: str) -> None:
    """Keep what is said and was said; add what is new; drop what nobody says any more."""
    old = catalogue(language)
    new = Catalog(locale=language, charset="utf-8", fuzzy=False, header_comment=HEAD)
    for message, place in gathered().items():
        flags = ["python-format"] if re.search(r"%\(\w+\)", "".join(message)) else []
        known = old.get(message if isinstance(message, str) else message[0])
        new.add(message, known.string if known else None, [(place, None)], flags)
    path = where(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(kept(new))


def kept(words: Catalog) -> bytes:
    """The catalogue as a file without day and name: the same words make the same file."""
    out = BytesIO()
    write_po(out, words, width=100, sort_output=True)
    return HEADERS.sub(b"", out.getvalue())


def compile_all() -> None:
    """Make what Django reads."""
    for language in LANGUAGES:
        with where(language).with_suffix(".mo").open("wb") as out:
            write_mo(out, catalogue(language))


if __name__ == "__main__":
    if sys.argv[1:] == ["update"]:
        for one in LANGUAGES:
            update(one)
    elif sys.argv[1:] == ["compile"]:
        compile_all()
    else:
        sys.exit(__doc__)
