"""A session's entries as short words, for the laws that fold them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from ketaflow.protocol.library import Caps
from ketaflow.protocol.limits import Policy, limits
from ketaflow.session.checklist import StartFacts, items
from ketaflow.session.events import Entry
from ketaflow.session.fold import SessionState, fold
from ketaflow.session.phases import Phase

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
IV = {
    "drug": "ketamine",
    "route": "iv",
    "dose_mg": "40",
    "duration_min": "40",
    "rate_mg_min": "1",
    "devices": None,
}
NASAL = {
    "drug": "esketamine",
    "route": "nasal",
    "dose_mg": "56",
    "duration_min": None,
    "rate_mg_min": None,
    "devices": 2,
}
VITALS = {
    "systolic": 130,
    "diastolic": 80,
    "heart_rate": 70,
    "spo2": 98,
    "respiratory_rate": 14,
}
ALDRETE = {"instrument": "modified-aldrete", "answers": [2, 2, 2, 2, 2]}

SET = {
    **{key: (one.low + one.high) // 2 if one.whole else one.high for key, one in limits().items()},
    "ketamine_max_mg_session": Decimal(60),
    "ketamine_max_mg_day": Decimal(60),
    "ketamine_max_mg_h": Decimal(90),
    "iv_observation_min": Decimal(60),
    "iv_recovery_booking_min": Decimal(60),
    "iv_fasting_liquid_h": Decimal(2),
    "iv_fasting_food_h": Decimal(6),
    "predose_systolic_max_mmhg": Decimal(150),
    "predose_diastolic_max_mmhg": Decimal(95),
    "discharge_aldrete_min": Decimal(9),
    "discharge_pressure_within_pct": Decimal(20),
    "pain_vitals_every_min": Decimal(15),
    "esketamine_vitals_every_min": Decimal(30),
    "maintenance_weekly_sessions": Decimal(4),
    "maintenance_step_weeks": Decimal(1),
    "maintenance_longest_weeks": Decimal(6),
    "worsening_phq9_points": Decimal(5),
    "review_soft_sessions": Decimal(12),
    "review_hard_sessions": Decimal(24),
    "review_hard_months": Decimal(12),
    "taper_offer_months": Decimal(6),
    "contact_first_h": Decimal(24),
    "contact_second_days": Decimal(7),
}
POLICY = Policy("3", "Mia Director", NINE - timedelta(days=30), SET, fictional=True)
READY_FACTS = StartFacts(findings=(), consented=True, policy=POLICY, published=Caps())


def without(*keys: str) -> Policy:
    """The policy with some values not set."""
    left = {key: value for key, value in SET.items() if key not in keys}
    return Policy("3", "Mia Director", NINE, left)


class Stream:
    """Grows a session's stream; every method returns the stream itself."""

    def __init__(self, order: dict | None = None) -> None:
        self.entries: list[Entry] = []
        self.order = order or IV

    def add(self, kind: str, minute: float = 0, by: str = "ada", **payload) -> "Stream":
        at = NINE + timedelta(minutes=minute)
        ordinal = len(self.entries) + 1
        entry = Entry(ordinal, f"session.{kind}", at, by, by.title(), payload)
        self.entries.append(entry)
        return self

    def prepare(self, *, but: str = "") -> "Stream":
        """Check in, tick everything, take the baseline and have the dose checked, but for one."""
        route = self.order["route"]
        self.add("checked_in", order=self.order)
        for item in items().values():
            wanted = not item.only_when and (not item.routes or route in item.routes)
            if wanted and item.key != but:
                self.add("checklist_item", 1, item=item.key, done=True)
        if but != "baseline":
            self.add("baseline", 2, **VITALS)
        if but != "dose":
            self.add("dose_checked", 3, by="ben", **self.check())
        return self

    def check(self) -> dict:
        told = {key: self.order[key] for key in ("dose_mg", "rate_mg_min", "devices")}
        return {"prepared_by": "ada", "prepared_by_name": "Ada", **told}

    def run(self, minute: float = 10) -> "Stream":
        """Prepare and start the pump at 9:10, or give the first device."""
        self.prepare()
        if self.order["route"] == "nasal":
            return self.add("device_given", minute, lot="L1")
        return self.add("started", minute, rate_mg_min="1")

    def observe(self) -> "Stream":
        """Give everything: the pump stops at 9:50; the second device comes at 9:15."""
        self.run()
        if self.order["route"] == "nasal":
            return self.add("device_given", 15, lot="L1")
        return self.add("stopped", 50, reason="complete")

    @property
    def state(self) -> SessionState:
        return fold(self.entries)

    @property
    def phase(self) -> Phase:
        return self.state.phase


def minute(number: float) -> datetime:
    """So many minutes after nine."""
    return NINE + timedelta(minutes=number)
