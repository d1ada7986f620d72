"""Change a referral at random: a chart comes out, or a refusal, and nothing else."""

import copy
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ketaflow.fhir.bundle import read_bundle
from ketaflow.people.chart import ReceivedChart, as_payload
from ketaflow.refusals import BadFile

DATA = Path(__file__).parents[1] / "data" / "fhir"
SMALL = (DATA / "small.json").read_bytes()


def packed(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def sane(data: bytes) -> None:
    """A chart whose every text can be stored, or a refusal in one printable line."""
    chart = or_refusal(data)
    if isinstance(chart, BadFile):
        assert str(chart).isprintable()
        return
    stored = json.dumps(as_payload(chart), ensure_ascii=False).encode()
    assert b"\\u0000" not in stored
    assert not set("<>") & set(chart.person.family + chart.person.given)


def or_refusal(data: bytes) -> ReceivedChart | BadFile:
    try:
        return read_bundle(data)
    except BadFile as refused:
        return refused


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_at_all_give_a_chart_or_a_refusal(data: bytes) -> None:
    sane(data)
    sane(b"\x1f\x8b\x08" + data)
    sane(packed(data))


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.integers(0, len(SMALL) - 1), st.binary(max_size=8), st.integers(0, 8))
def test_a_referral_with_some_bytes_changed_gives_a_chart_or_a_refusal(
    at: int, put: bytes, lost: int
) -> None:
    sane(SMALL[:at] + put + SMALL[at + lost :])


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every container of a tree with each of its keys."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one))
        for key in keys:
            yield one, key
            if isinstance(one[key], dict | list):
                waiting.append(one[key])


HOSTILE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", [], {}, [None], [{}], [[]], {"reference": 5}, '{"a":[', "2023-02-30",
                     "\0", "\ud800", "<script>", "x" * 500, {"coding": [{}]}, {"value": {}}]),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=300)
@given(st.data(), st.lists(HOSTILE, min_size=1, max_size=3))
def test_a_referral_with_some_values_changed_gives_a_chart_or_a_refusal(
    data: st.DataObject, values: list[Any]
) -> None:
    tree = copy.deepcopy(json.loads(SMALL))
    for value in values:
        container, key = data.draw(st.sampled_from(list(places(tree))))
        container[key] = value
    sane(json.dumps(tree).encode())
