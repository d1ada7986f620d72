from collections.abc import Callable, Iterator

import pytest
from django.utils import timezone

from ketaflow.cli.fictional import clinic as fictional
from ketaflow.cli.fictional.clinic import Team
from tests.stories.clinic_day import ClinicDay, Clock
from tests.stories.narrator import Chapter


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clinic's clock, which the story moves; only pages read the time, so only they notice."""
    told = Clock()
    monkeypatch.setattr(timezone, "now", lambda: told.now)
    return told


@pytest.fixture
def team(db: None, clock: Clock) -> Team:
    """The fictional clinic, open and staffed, with its made-up policy signed."""
    return fictional.open_clinic(clock.now)


@pytest.fixture(scope="session")
def looked_at() -> set[str]:
    """The pages that were examined already; what two stories open alike is examined once."""
    return set()


@pytest.fixture
def begin(
    chromium, live_server, committed, clock: Clock, looked_at: set[str]
) -> Iterator[Callable[[str], ClinicDay]]:
    """Opens the clinic for the story that becomes the chapter `name`."""
    days = []

    def opened(name: str) -> ClinicDay:
        team = fictional.open_clinic(clock.now)
        days.append(
            ClinicDay(
                browser=chromium,
                address=live_server.url,
                team=team,
                clock=clock,
                chapter=Chapter(name),
                looked_at=looked_at,
            )
        )
        return days[0]

    yield opened
    for day in days:
        day.close()
