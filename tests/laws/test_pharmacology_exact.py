"""The compiled engine against slower ways to the same numbers, and against itself."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import solve_ivp
from scipy.stats import erlang

from ketaflow.pharmacology.exact import compiled, curves, indirect
from ketaflow.pharmacology.exact.indirect import NotResolved, NoTurnover, Turnover
from ketaflow.pharmacology.exact.system import NotANumber
from ketaflow.pharmacology.kinetics import Grid, Push
from tests.laws.compartments import Tank, pumped, tanks

few = settings(max_examples=20, deadline=None)
steps_h = st.sampled_from([1 / 60, 0.1, 1 / 6, 0.5, 2.0])


def off_by(found, expected):
    """Largest difference as a share of the largest number."""
    return np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-300)


def domino(people, seed=0):
    """Three compartments and a pump, in people who differ; the level in the first."""
    chance = np.random.default_rng(seed)
    volume = 4.41 * np.exp(0.3 * chance.standard_normal(people))
    matrices = np.zeros((people, 4, 4))
    out = np.array([0.4381, 0.5921, 0.59]) * 60 * 4.41
    matrices[:, 0, 0] = -out.sum() / volume
    for state, back in ((1, 0.2470 * 60), (2, 0.0146 * 60)):
        matrices[:, state, 0] = out[state] / volume
        matrices[:, 0, state], matrices[:, state, state] = back, -back
    matrices[:, 0, 3] = 1.0
    return Tank(matrices), [[(0, 1.0 / volume)]]


INFUSION = [Push(0.0, 3, 52.5), Push(2 / 3, 3, -52.5)]


@few
@given(st.data(), steps_h)
def test_every_state_follows_the_matrix_exponential(data, step_h):
    tank = data.draw(tanks())
    pushes = data.draw(pumped(tank))
    grid = Grid(step_h, 41)
    found = curves.by_time(tank.system(), pushes, grid)
    for person in range(len(tank.matrices)):
        expected = tank.slowly(pushes, step_h * np.arange(41), person).T
        assert off_by(found[:, :, person], expected) < 1e-10


@few
@given(st.data(), steps_h, st.integers(1, 150))
def test_people_side_by_side_or_times_side_by_side_are_the_same_numbers(data, step_h, count):
    tank = data.draw(tanks(people=11))
    pushes = data.draw(pumped(tank))
    one = curves.by_time(tank.system(), pushes, Grid(step_h, count))
    other = curves.by_person(tank.system(), pushes, Grid(step_h, count))
    assert np.allclose(one.transpose(0, 2, 1), other, rtol=1e-11, atol=1e-300)


@few
@given(st.integers(1, 6), st.floats(0.1, 200))
def test_equal_stages_in_a_row_are_an_erlang_distribution(stages, rate):
    matrix = np.zeros((1, stages + 1, stages + 1))
    for stage in range(stages):
        matrix[0, stage, stage], matrix[0, stage + 1, stage] = -rate, rate
    times = np.arange(60) * 0.1 / rate * stages
    grid = Grid(float(times[1]), 60)
    found = curves.by_time(Tank(matrix).system(), [Push(0.0, 0, 1.0)], grid)[-1, :, 0]
    assert np.allclose(found, erlang(stages, scale=1 / rate).cdf(times), rtol=1e-10, atol=1e-14)


def test_a_level_long_after_the_dose_is_right_to_the_last_digits():
    tank, shown = domino(3)
    grid = Grid(1.0, 200)
    found = curves.by_time(tank.system(shown), INFUSION, grid)[0, :, 0]
    modes = -np.linalg.eigvals(tank.matrices[0, :3, :3]).max()
    assert found[-1] < 1e-25
    assert np.isclose(np.log(found[150] / found[199]), 49 * modes, rtol=1e-9)


def every_way(tank, shown):
    grid = Grid(1 / 6, 100)
    turnover = Turnover(kin=0.3, kout=0.3, emax=2.0, ec50=0.1, start=1.0)
    system = tank.system(shown)
    return [
        curves.by_time(system, INFUSION, grid)[0].T,
        curves.by_person(system, INFUSION, grid)[0],
        indirect.respond(system, INFUSION, grid, turnover)[1],
    ]


@pytest.mark.parametrize("count", [1, 2, 7])
def test_the_number_of_threads_does_not_change_a_bit(count, monkeypatch):
    tank, shown = domino(1100)
    monkeypatch.setattr(compiled, "threads", lambda: 1)
    alone = every_way(tank, shown)
    monkeypatch.setattr(compiled, "threads", lambda: count)
    for one, other in zip(alone, every_way(tank, shown), strict=True):
        assert np.array_equal(one, other)


def test_nobody_s_numbers_depend_on_who_is_reckoned_beside():
    tank, ((term,),) = domino(21)
    together = every_way(tank, [[term]])
    for some in (slice(0, 8), slice(3, 4), slice(20, None), [17, 2, 9]):
        apart = every_way(Tank(tank.matrices[some]), [[(0, term[1][some])]])
        for whole, part in zip(together, apart, strict=True):
            assert np.array_equal(whole[some], part)


def test_memory_that_is_used_again_holds_the_same_numbers():
    tank, shown = domino(9)
    for solve, shape in ((curves.by_time, (1, 50, 9)), (curves.by_person, (1, 9, 50))):
        used = np.full(shape, np.nan)
        fresh = solve(tank.system(shown), INFUSION, Grid(0.1, 50))
        assert solve(tank.system(shown), INFUSION, Grid(0.1, 50), out=used) is used
        assert np.array_equal(used, fresh)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_what_is_not_a_number_is_refused(wrong):
    tank, shown = domino(2)
    with pytest.raises(NotANumber, match=r"not a finite number.*\.$"):
        Tank(np.where(tank.matrices < 0, wrong, tank.matrices)).system(shown)
    with pytest.raises(NotANumber):
        curves.by_time(tank.system(shown), [Push(0.0, 3, wrong)], Grid(0.1, 5))


@pytest.mark.parametrize("at_h", [-0.5, np.nan, np.inf])
def test_nothing_is_given_before_the_start_or_never(at_h):
    tank, shown = domino(1)
    with pytest.raises(NotANumber, match=r"it must be 0 or later\.$"):
        curves.by_time(tank.system(shown), [Push(at_h, 3, 1.0)], Grid(0.1, 5))


def test_memory_that_does_not_fit_is_refused():
    tank, shown = domino(2)
    for solve in (curves.by_time, curves.by_person):
        for out in (
            np.empty((1, 2, 4)),
            np.empty((1, 5, 5, 2))[..., 0],
            np.empty((1, 5, 4))[..., ::2],
        ):
            with pytest.raises(ValueError, match="out must be C-contiguous"):
                solve(tank.system(shown), INFUSION, Grid(0.1, 5), out=out)


NEVER = [{"kin": -1.0}, {"kout": 0.0}, {"emax": -1.5}, {"ec50": np.array([0.1, 0.0])}]


@pytest.mark.parametrize("wrong", NEVER, ids=str)
def test_an_effect_that_cannot_be_is_refused(wrong):
    tank, shown = domino(2)
    turnover = replace(Turnover(kin=0.3, kout=0.3, emax=2.0, ec50=0.1, start=1.0), **wrong)
    with pytest.raises(NoTurnover, match=r"kout and EC50 above 0 .*\.$"):
        indirect.respond(tank.system(shown), INFUSION, Grid(1.0, 5), turnover)


def test_an_effect_that_is_never_built_up_stays_at_nothing():
    tank, shown = domino(1)
    turnover = Turnover(kin=0.0, kout=0.3, emax=2.0, ec50=0.1, start=0.0)
    assert not indirect.respond(tank.system(shown), INFUSION, Grid(1.0, 5), turnover)[1].any()


def test_nothing_given_is_nothing_seen_even_at_one_time():
    tank, shown = domino(1)
    assert not curves.by_time(tank.system(shown), [], Grid(1.0, 1)).any()
    assert not curves.by_person(tank.system(shown), [Push(5.0, 3, 1.0)], Grid(1.0, 5)).any()


def stiff(tank, shown, turnover, pushes, times):
    """The effect in the first person by a tight solver for stiff equations."""
    matrix, weight = tank.matrices[0], shown[0][0][1][0]

    def change(_, z):
        level = z[0] * weight
        drive = 1.0 + turnover.emax * level / (turnover.ec50 + level)
        return [*(matrix @ z[:-1]), turnover.kin * drive - turnover.kout * z[-1]]

    state, out = np.array([*np.zeros(len(matrix)), turnover.start]), []
    events = sorted({0.0, *(push.at_h for push in pushes), times[-1]})
    for start, stop in zip(events, [*events[1:], np.inf], strict=True):
        state = state.copy()
        state[3] += sum(push.amount for push in pushes if push.at_h == start)
        inside = times[(times >= start) & (times < stop)]
        if start < times[-1]:
            told = {"method": "Radau", "rtol": 1e-10, "atol": 1e-12, "t_eval": [*inside, stop]}
            solved = solve_ivp(change, (start, stop), state, **told).y
            out.extend(solved[-1, : inside.size])
            state = solved[:, -1]
    return np.array([*out, state[-1]])


@settings(max_examples=6, deadline=None)
@given(st.floats(0.05, 2), st.floats(-1, 3), st.floats(0.01, 1), st.floats(0.02, 0.6))
def test_an_indirect_effect_is_within_the_error_allowed(kout, emax, ec50, lasting_h):
    tank, shown = domino(2)
    turnover = Turnover(kin=kout, kout=kout, emax=emax, ec50=ec50, start=1.0)
    pushes = [Push(0.0, 3, 52.5), Push(lasting_h, 3, -52.5)]
    grid = Grid(0.25, 25)
    curve, effect = indirect.respond(tank.system(shown), pushes, grid, turnover)
    expected = stiff(tank, shown, turnover, pushes, 0.25 * np.arange(25))
    assert off_by(effect[0], expected) < 1e-6
    assert np.allclose(curve, curves.by_person(tank.system(shown), pushes, grid)[0], rtol=1e-9)


def test_less_error_is_allowed_and_kept_to_by_finer_panels():
    tank, shown = domino(3)
    turnover = Turnover(kin=0.3, kout=0.3, emax=2.0, ec50=0.1, start=np.ones(3))
    own = [replace(push, amount=push.amount * np.ones(3)) for push in INFUSION]
    grid = Grid(1.0, 13)
    system = tank.system(shown)
    rough = indirect.respond(system, own, grid, turnover, allowed=1e-2)[1]
    used = np.empty((2, 3, 13))
    fine = indirect.respond(system, own, grid, turnover, allowed=1e-8, out=used)[1]
    expected = stiff(tank, shown, replace(turnover, start=1.0), INFUSION, np.arange(13.0))
    assert off_by(fine[0], expected) < 1e-8 < off_by(rough[0], expected)


def test_an_error_that_cannot_be_kept_to_is_said():
    tank, shown = domino(1)
    turnover = Turnover(kin=0.3, kout=0.3, emax=2.0, ec50=0.1, start=1.0)
    with pytest.raises(NotResolved, match=r"within 1e-18 of its peak .*\.$"):
        indirect.respond(tank.system(shown), INFUSION, Grid(1.0, 5), turnover, allowed=1e-18)
    never = replace(turnover, kin=np.nan)
    with pytest.raises(NotANumber):
        indirect.respond(tank.system(shown), INFUSION, Grid(1.0, 5), never)


@pytest.fixture
def unkept():
    compiled.store.cache_clear()
    yield
    compiled.store.cache_clear()


def test_kernels_are_kept_where_it_is_said_else_beside_the_sources(monkeypatch, unkept, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert compiled.store().parent == tmp_path
    compiled.store.cache_clear()
    monkeypatch.delenv("NUMBA_CACHE_DIR")
    assert compiled.store().parent.name == "__pycache__"


def test_a_package_that_cannot_be_written_keeps_its_kernels_with_the_user(
    monkeypatch, unkept, tmp_path
):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(blocked))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(compiled, "__file__", str(blocked / "compiled.py"))
    assert compiled.store().parent == tmp_path / "cache" / "ketaflow"


def test_where_nothing_can_be_written_kernels_still_run(monkeypatch, unkept, tmp_path):
    monkeypatch.setattr(compiled, "places", lambda: (tmp_path,))
    monkeypatch.setattr(compiled.os, "access", lambda *_: False)
    assert compiled.store() is None
    assert compiled.compiled(lambda number: number + 1)(1) == 2
