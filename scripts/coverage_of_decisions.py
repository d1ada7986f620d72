"""Fail unless every line and branch of every decision file ran: a rule untested is a rule unknown.

Decision files are the plain Python of the stages and the engine: all but the five that know Django.
"""

import sys

import coverage

STAGES = [
    "journal",
    "people",
    "screening",
    "protocol",
    "schedule",
    "session",
    "outcomes",
    "aftercare",
    "insights",
    "instruments",
    "pharmacology",
    "evidence",
]
KNOW_DJANGO = ["models", "actions", "queries", "projections", "apps", "__init__"]


def main() -> int:
    measured = coverage.Coverage()
    measured.load()
    decisions = [
        path
        for path in measured.get_data().measured_files()
        if any(f"/ketaflow/{stage}/" in path for stage in STAGES)
        and "/migrations/" not in path
        and path.rsplit("/", 1)[1].removesuffix(".py") not in KNOW_DJANGO
    ]
    total = measured.report(morfs=decisions, show_missing=True, skip_covered=True)
    print(f"Coverage of {len(decisions)} decision files: {total:.2f} %")
    return 0 if total == 100 else 1


if __name__ == "__main__":
    sys.exit(main())
