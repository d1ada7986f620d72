"""A crowd: copies of a told cohort, rows and journal alike, put straight into the tables.

Going through the actions would take days. Every copy has its own identifiers, names and numbers,
its own chair and nurse, and happened some whole weeks earlier. Two things are not like a real
record: the bytes of received documents are left out, and the copied entries keep the hashes of
the first, so this record does not verify.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from benchmarks.cohort import Seat
from ketaflow.journal import projecting
from ketaflow.journal.models import Entry, Head
from ketaflow.people.models import Patient, ReceivedDocument

BETWEEN = "\x1e"
MARKS = (
    r"(?P<dashed>(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f]))"
    r"|(?P<hex>(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f]))"
    r"|(?P<number>\b[Rr]-[0-9A-Fa-f]{10}\b)"
    r"|(?P<hospital>\bH-\d{5}\b)"
    r"|(?P<day>(?<!\d)202[4-9]-\d\d-\d\d(?!\d))"
)
DOCUMENT = re.compile(r'"document":"[^"]*"')
FIRST = [
    "Al",
    "Ber",
    "Cal",
    "Dor",
    "El",
    "Far",
    "Gar",
    "Hol",
    "Ing",
    "Jor",
    "Kel",
    "Lor",
    "Mar",
    "Nor",
    "Os",
    "Pel",
    "Quin",
    "Ros",
    "Sal",
    "Tor",
    "Ul",
    "Ver",
    "Wil",
    "Yar",
    "Zim",
]
MIDDLE = [
    "an",
    "ber",
    "cas",
    "den",
    "er",
    "fin",
    "ger",
    "hal",
    "in",
    "kov",
    "lan",
    "min",
    "nes",
    "or",
    "per",
    "ran",
    "sel",
    "tin",
    "van",
    "wel",
]
LAST = [
    "berg",
    "dale",
    "er",
    "field",
    "ford",
    "holm",
    "ini",
    "kins",
    "ley",
    "man",
    "mont",
    "ner",
    "ova",
    "quist",
    "sen",
    "ski",
    "son",
    "stein",
    "ton",
    "well",
]


@dataclass(frozen=True)
class Sheaf:
    """The rows of one table; what differs from copy to copy is in `pattern`, in order."""

    insert: str
    width: int
    cells: list[Any]
    places: list[int]
    pattern: str

    def copy(self, marks: dict[str, str]) -> list[tuple[Any, ...]]:
        """The same rows about other people."""
        cells = self.cells[:]
        said = (self.pattern % marks).split(BETWEEN)
        for place, text in zip(self.places, said, strict=True):
            cells[place] = text
        each = iter(cells)
        return list(zip(*[each] * self.width, strict=True))


@dataclass(frozen=True)
class Cohort:
    """A told cohort, ready to be copied."""

    sheaves: tuple[Sheaf, ...]
    families: tuple[str, ...]
    days: frozenset[str]

    def put(self, number: int, seat: Seat, back: timedelta) -> None:
        """Put copy `number` into the tables, in `seat`, by so many days before the first."""
        marks = {
            # Scattered, as random identifiers are, and different for each number.
            "id": f"{number * 2654435761 % 2**32:08x}",
            "copy": f"{number:05}",
            "chair": str(seat.chair),
            "chair_hex": seat.chair.hex,
            "chair_name": seat.chair_name,
            "nurse": str(seat.nurse),
            "nurse_hex": seat.nurse.hex,
            "nurse_name": seat.nurse_name,
        }
        for place, family in enumerate(self.families):
            other = surname(number * len(self.families) + place)
            marks |= {family: other, family.lower(): other.lower()}
        marks |= {day: (date.fromisoformat(day) - back).isoformat() for day in self.days}
        with connection.cursor() as cursor:
            for sheaf in self.sheaves:
                cursor.executemany(sheaf.insert, sheaf.copy(marks))


def surname(number: int) -> str:
    """One of ten thousand surnames; neighbours in number are none in the alphabet."""
    number = number * 7919 % (len(FIRST) * len(MIDDLE) * len(LAST))
    rest, last = divmod(number, len(LAST))
    first, middle = divmod(rest, len(MIDDLE))
    return FIRST[first] + MIDDLE[middle] + LAST[last]


def capture(patients: Sequence[UUID], seat: Seat) -> Cohort:
    """Read everything that the record holds of `patients`, who all sat in `seat`."""
    rows, everybody = _rows_of(patients)
    owned = {row[0] for one in rows for row in one.rows}
    found = [*rows, *(_of_streams(table, owned) for table in (Head, Entry))]
    marker = Marker(patients, seat, everybody)
    sheaves = tuple(marker.sheaf(one) for one in found if one.rows)
    return Cohort(sheaves, marker.families, frozenset(marker.days))


@dataclass(frozen=True)
class Found:
    """Rows of one table as the database keeps them."""

    table: str
    columns: list[str]
    rows: list[tuple[Any, ...]]


def _rows_of(patients: Sequence[UUID]) -> tuple[list[Found], frozenset[str]]:
    """The rows of every table that leads to a patient, and the keys of what belongs to all."""
    keys: dict[Any, list[str]] = {}
    found: list[Found] = []
    shared: set[str] = set()
    for table in [one for stage in projecting.stages() for one in stage.tables]:
        fields = table._meta.concrete_fields
        parent = next((one for one in fields if one.related_model in keys), None)
        if table is not Patient and parent is None:
            shared |= {one.hex for one in table.objects.values_list("pk", flat=True)}
            continue
        column, values = ("id", [one.hex for one in patients])
        if parent is not None:
            column, values = parent.column, keys[parent.related_model]
        one = _select(table, [field.column for field in fields], column, values)
        keys[table] = [row[0] for row in one.rows]
        found.append(one)
    return found, frozenset(shared)


def _of_streams(table: Any, owned: set[str]) -> Found:
    """The entries or heads of every stream about one of `owned`."""
    columns = [field.column for field in table._meta.concrete_fields if field.column != "id"]
    all_of_them = _select(table, columns)
    at = columns.index("stream")
    mine = [r for r in all_of_them.rows if r[at].partition("/")[2].replace("-", "") in owned]
    return Found(all_of_them.table, columns, mine)


def _select(table: Any, columns: list[str], column: str = "", values: Sequence[str] = ()) -> Found:
    name = table._meta.db_table
    where = f" WHERE {column} IN ({', '.join(['%s'] * len(values))})" if column else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {_quoted(columns)} FROM {name}{where}", list(values))
        # A moment is text in the table; the driver made it a value, and text it must be again.
        rows = [
            tuple(str(cell) if isinstance(cell, date) else cell for cell in row)
            for row in cursor.fetchall()
        ]
        return Found(name, columns, rows)


def _quoted(columns: list[str]) -> str:
    return ", ".join(connection.ops.quote_name(one) for one in columns)


class Marker:
    """Finds in every cell what a copy must say otherwise."""

    def __init__(self, patients: Sequence[UUID], seat: Seat, everybody: frozenset[str]) -> None:
        self.days: set[str] = set()
        self.everybody = everybody
        who = Patient.objects.filter(id__in=patients)
        self.families = tuple(sorted({one.family for one in who}))
        documents = ReceivedDocument.objects.filter(patient__in=who)
        self.digests = set(documents.values_list("sha256", flat=True))
        self.seat = {seat.chair.hex: "chair", seat.nurse.hex: "nurse"}
        self.names = {seat.chair_name: "chair_name", seat.nurse_name: "nurse_name"}
        self.names |= {one: one for family in self.families for one in (family, family.lower())}
        names = "|".join(map(re.escape, self.names))
        digests = "|".join(self.digests)
        self.marks = re.compile(rf"{MARKS}|(?P<digest>{digests})|\b(?P<name>{names})\b")

    def sheaf(self, found: Found) -> Sheaf:
        """The rows with their marks."""
        cells = [cell for row in found.rows for cell in row]
        patterns: list[str] = []
        places: list[int] = []
        for place, cell in enumerate(cells):
            if not isinstance(cell, str):
                continue
            cells[place] = DOCUMENT.sub('"document":""', cell)
            pattern = self.marks.sub(self._mark, cells[place].replace("%", "%%"))
            if "%(" in pattern:
                patterns.append(pattern)
                places.append(place)
        values = ", ".join(["%s"] * len(found.columns))
        insert = f"INSERT INTO {found.table} ({_quoted(found.columns)}) VALUES ({values})"
        return Sheaf(insert, len(found.columns), cells, places, BETWEEN.join(patterns))

    def _mark(self, found: re.Match[str]) -> str:
        text, kind = found.group(), found.lastgroup
        if kind in {"dashed", "hex"}:
            return self._identifier(text)
        if kind == "day":
            self.days.add(text)
            return f"%({text})s"
        return {
            "number": f"{text[:2]}%(copy)s{text[-5:]}",
            "hospital": f"{text}-%(copy)s",
            "digest": f"%(id)s{text[8:]}",
            "name": f"%({self.names.get(text)})s",
        }[kind or ""]

    def _identifier(self, text: str) -> str:
        plain = text.replace("-", "")
        if plain in self.seat:
            return f"%({self.seat[plain]}{'_hex' if plain == text else ''})s"
        return text if plain in self.everybody else f"%(id)s{text[8:]}"
