"""Systems of compartments to try the engine on, and the slow way to solve them."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from scipy.linalg import expm

from ketaflow.pharmacology.exact.system import system
from ketaflow.pharmacology.kinetics import Push


@dataclass(frozen=True)
class Tank:
    """Rate matrices of several persons, shape `(n, s, s)`, per hour; the last state is a pump."""

    matrices: np.ndarray

    @property
    def size(self):
        return self.matrices.shape[1]

    def system(self, curves=None):
        people = len(self.matrices)
        used = np.argwhere((self.matrices != 0).any(axis=0))
        rates = {(int(i), int(j)): self.matrices[:, i, j] for i, j in used}
        shown = [[(state, 1.0)] for state in range(self.size)] if curves is None else curves
        return system(self.size, rates, shown, people=people)

    def slowly(self, pushes, times, person):
        """Every state at every time, by SciPy's exponential from one event to the next."""
        matrix, state, at, out = self.matrices[person], np.zeros(self.size), 0.0, []
        events = sorted(
            [*((p.at_h, 0, p) for p in pushes), *((t, 1, None) for t in times)],
            key=lambda event: event[:2],
        )
        for when, _, push in events:
            state, at = expm(matrix * (when - at)) @ state, when
            if push is None:
                out.append(state)
            else:
                amount = push.amount[person] if np.ndim(push.amount) else push.amount
                state = state + amount * np.eye(self.size)[push.into]
        return np.array(out)


@st.composite
def tanks(draw, people=3, most=5):
    """Compartments that exchange at random, some pairs not at all; a pump into the first."""
    size = draw(st.integers(1, most))
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rates = 10.0 ** chance.uniform(-2, 1.5, (people, size, size))
    rates *= (chance.random((size, size)) < 0.6)[None]
    rates[:, range(size), range(size)] = 0.0
    out = 10.0 ** chance.uniform(-2, 1, (people, size))
    matrices = np.zeros((people, size + 1, size + 1))
    matrices[:, :size, :size] = rates
    matrices[:, range(size), range(size)] = -rates.sum(axis=1) - out
    matrices[:, 0, size] = 1.0
    return Tank(matrices)


def moments(low, high):
    """Hours that are 0, or further from any grid time than what counts as the same moment."""
    return st.one_of(st.just(0.0), st.floats(low, high).map(lambda at_h: round(at_h, 4) + 3e-5))


@st.composite
def pumped(draw, tank):
    """A pump switched on and off at odd moments, and a push of each person's own."""
    size = tank.size
    on = draw(moments(0, 3))
    off = on + draw(st.integers(1, 50)) / 16
    rate = draw(st.floats(0.1, 100))
    own = np.linspace(1.0, 2.0, len(tank.matrices)) * draw(st.floats(0.1, 10))
    return [
        Push(on, size - 1, rate),
        Push(off, size - 1, -rate),
        Push(draw(moments(0, 6)), 0, own),
    ]
