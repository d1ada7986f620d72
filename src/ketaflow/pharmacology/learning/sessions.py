"""How the session to come may differ from this patient's others."""

import numpy as np

from ketaflow.pharmacology.learning.errors import errors
from ketaflow.pharmacology.population import FloatArray, standard_normal


def another(people: FloatArray, kind: str, *, seed: int) -> FloatArray:
    """What each person shows in a session of their own, shape `(n, t)`, not on average.

    The population's spread was measured between sessions of many people and holds this already.
    Once people are weighted it must be put back: knowing the patient is not knowing the session.

    Args:
        people: a response or a level, shape `(n, t)`.
        kind: a kind of reading; one that nothing can be learned from comes back as it is.
        seed: of the forecast; each kind has its own stream, one draw a person.
    """
    error = errors().get(kind)
    if error is None:
        return people
    drawn = standard_normal(f"session {kind}", (len(people), 1), seed=seed)
    sway = error.between_sessions * drawn
    return people * (1.0 + sway if error.effect else np.exp(sway))
