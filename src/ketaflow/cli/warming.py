"""The engine is made ready while the clinic opens, so that nobody waits for the first forecast.

On a machine that has never run it, its kernels are compiled, which takes seconds; everywhere the
models are read and the kernels loaded, which takes half of one.
"""

import logging
from threading import Thread
from time import perf_counter

log = logging.getLogger(__name__)


def begin() -> Thread:
    """Start a thread that makes the engine ready; the clinic is served meanwhile."""
    thread = Thread(target=_warm, name="ketaflow-warming", daemon=True)
    thread.start()
    return thread


def _warm() -> None:
    began = perf_counter()
    try:
        warm()
    except Exception:
        # The first forecast of the day will then be slow, or say itself what is wrong.
        log.exception("The engine could not be made ready.")
    else:
        log.info("The engine is ready after %.1f s.", perf_counter() - began)


def warm() -> None:
    """Forecast for somebody who does not exist, by every route that a session takes."""
    from ketaflow.pharmacology.doses import Infusion, NasalDose
    from ketaflow.pharmacology.forecast import Subject, forecast
    from ketaflow.pharmacology.learning.learned import learn
    from ketaflow.pharmacology.learning.readings import Earlier, Reading

    nobody = Subject(weight_kg=70.0, age=40.0, sex="female")
    pumped = (Infusion(0, 1.0), Infusion(40, 0.0))
    sprayed = (NasalDose(0, 28.0), NasalDose(5, 28.0))
    for drug, route, doses in (("ketamine", "iv", pumped), ("esketamine", "nasal", sprayed)):
        forecast(drug=drug, route=route, doses=doses, subject=nobody, subjects=200, hours=3.0)
        read = (Reading("systolic", 20.0, 130.0),)
        earlier = Earlier(doses, read, before=(Reading("systolic", 0.0, 120.0),))
        learn((earlier,), drug=drug, route=route, subject=nobody)
