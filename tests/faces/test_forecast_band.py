"""A forecast in the room always shows how much people differ."""

from ketaflow.session import queries
from ketaflow.web import session_forecast

from ..laws import test_session_rows as rows
from ..laws.test_session_rows import chair, open_session, policy

__all__ = ["chair", "open_session", "policy"]


def test_no_curve_of_a_session_stands_without_its_band(chair):
    chair.run()
    room = queries.room(clinic=chair.nurse.clinic_id, id=chair.id)
    charts = session_forecast.draw(room, at=rows.at(20)).charts
    assert len(charts) == 3
    for chart in charts:
        curve = chart.lines[0]
        assert "5–95 % of people" in chart.words
        widest = max(high - low for low, high in zip(curve.low, curve.high, strict=True))
        assert widest > max(curve.values) / 20
