"""How the engine's kernels are compiled, kept and shared out over threads.

A kernel is compiled once for each machine and kept. It lets go of Python's lock, so plain threads
run it side by side: no OpenMP, nothing that a fork or a web server's own threads could upset.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from threading import local
from typing import Any

import numba
from numba.core import config

# Fused multiply-add is the only liberty taken: no reordering, so every person's numbers are the
# same bits whoever is reckoned beside them and however many threads there are.
LIBERTIES = {"contract"}
# How many parts of the work there are for each thread.
PARTS = 8


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` as machine code, kept from one run to the next."""
    elsewhere = config.CACHE_DIR  # type: ignore[attr-defined]
    config.CACHE_DIR = str(store() or "")  # type: ignore[attr-defined]
    try:
        kernel: Callable[..., Any] = numba.njit(
            cache=store() is not None, nogil=True, fastmath=LIBERTIES, error_model="numpy"
        )(function)
    finally:
        config.CACHE_DIR = elsewhere  # type: ignore[attr-defined]
    return kernel


def inside(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` as a part of a kernel; it is compiled into each kernel that calls it."""
    part: Callable[..., Any] = numba.njit(
        nogil=True, forceinline=True, fastmath=LIBERTIES, error_model="numpy"
    )(function)
    return part


@cache
def store() -> Path | None:
    """Where compiled kernels are kept; none where nothing can be written.

    Numba notices when a kernel's own file changes, but not when a part of it in another file
    does. So the folder is named for all files that kernels are made of.
    """
    sources = sorted(Path(__file__).parent.rglob("*.py"))
    digest = sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    for folder in places():
        try:
            kept = folder / f"kernels-{digest}"
            kept.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(kept, os.W_OK):
            return kept
    return None


def places() -> tuple[Path, ...]:
    """Where to keep them, best first: where it is said, beside the sources, in the user's cache."""
    said = os.environ.get("NUMBA_CACHE_DIR")
    home = os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    own = (Path(__file__).parent / "__pycache__", Path(home) / "ketaflow")
    return (Path(said), *own) if said else own


# Whoever already spreads the work sets `alone` in each of its own threads; see `unshared`.
HERE = local()


@contextmanager
def unshared() -> Iterator[None]:
    """Within, the work of this thread is not shared out again, as when many such threads run."""
    before = getattr(HERE, "alone", False)
    HERE.alone = True
    try:
        yield
    finally:
        HERE.alone = before


def threads() -> int:
    """How many threads share the work: the processors this process may use, or this one alone."""
    if getattr(HERE, "alone", False):
        return 1
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


@cache
def crew(process: int, size: int) -> ThreadPoolExecutor:
    """The threads of this process; a forked child makes its own."""
    del process
    return ThreadPoolExecutor(size, thread_name_prefix="kinetics")


def share(kernel: Callable[..., None], count: int, *told: object, least: int) -> None:
    """Run `kernel(first, last, *told)` over 0 to `count`, shared out over the threads.

    Each thread takes a part when it is done with the last, so that none waits for a slower one.

    Args:
        kernel: writes its own part of the results and nothing else.
        count: how many there are to share out.
        *told: handed to every thread as they are.
        least: what one thread should get at the very least; threads are not free.
    """
    size = min(threads(), max(1, count // least))
    parts = 1 if size == 1 else size * PARTS
    edges = sorted({count * place // parts for place in range(parts + 1)})
    waiting = iter(list(pairwise(edges)))

    def work() -> None:
        for first, last in waiting:
            kernel(first, last, *told)

    others = [crew(os.getpid(), threads()).submit(work) for _ in range(size - 1)]
    work()
    for other in others:
        other.result()
