"""How the engine's kernels are compiled, kept and shared out over threads.

A kernel is compiled once for each machine and kept. It lets go of Python's lock, so plain threads
run it side by side: no OpenMP, nothing that a fork or a web server's own threads could upset.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

WRITABLE = "NUMBA_CACHE_DIR"


def keep_somewhere_writable() -> None:
    """Where the package itself is read-only, keep compiled kernels in the user's own cache.

    Must run before Numba is imported; whoever set the folder by hand is left alone.
    """
    beside = Path(__file__).parent
    if WRITABLE in os.environ or os.access(beside / "__pycache__", os.W_OK):
        return
    if os.access(beside, os.W_OK) and not (beside / "__pycache__").exists():
        return
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    os.environ[WRITABLE] = str(Path(home) / "ketaflow" / "kernels")


keep_somewhere_writable()

import numba  # noqa: E402

# Fused multiply-add is the only liberty taken: no reordering, so every person's numbers are the
# same bits whoever is reckoned beside them and however many threads there are.
LIBERTIES = {"contract"}


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` as machine code, kept from one run to the next."""
    kernel: Callable[..., Any] = numba.njit(
        cache=True, nogil=True, fastmath=LIBERTIES, error_model="numpy"
    )(function)
    return kernel


def inside(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function` as a part of a kernel; it is compiled into each kernel that calls it."""
    part: Callable[..., Any] = numba.njit(nogil=True, fastmath=LIBERTIES, error_model="numpy")(
        function
    )
    return part


def threads() -> int:
    """How many threads share the work: the processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@cache
def crew(process: int, size: int) -> ThreadPoolExecutor:
    """The threads of this process; a forked child makes its own."""
    del process
    return ThreadPoolExecutor(size, thread_name_prefix="kinetics")


def share(kernel: Callable[..., None], count: int, *told: object, least: int) -> None:
    """Run `kernel(first, last, *told)` over 0 to `count`, in one thread for each `least` of them.

    Args:
        kernel: writes its own part of the results and nothing else.
        count: how many there are to share out.
        *told: handed to every thread as they are.
        least: what one thread should get at the very least; threads are not free.
    """
    size = min(threads(), max(1, count // least))
    edges = [count * place // size for place in range(size + 1)]
    if size == 1:
        kernel(0, count, *told)
        return
    others = [
        crew(os.getpid(), threads()).submit(kernel, first, last, *told)
        for first, last in zip(edges[1:-1], edges[2:], strict=True)
    ]
    kernel(edges[0], edges[1], *told)
    for other in others:
        other.result()
