"""`scripts/bench NAME`: one benchmark by name."""

import sys
from importlib import import_module

NAMES = ("custody", "engine", "live", "monitors", "pages", "portal", "room", "trial")


def main() -> int:
    """Run the benchmark that was named."""
    if len(sys.argv) < 2 or sys.argv[1] not in NAMES:
        print(f"Usage: scripts/bench {'|'.join(NAMES)} [--help]", file=sys.stderr)
        return 2
    run: int = import_module(f"benchmarks.{sys.argv[1]}").main(sys.argv[2:])
    return run


if __name__ == "__main__":
    sys.exit(main())
