"""From an ORU^R01 to vital signs: the dialects of monitors, and what in them is no reading."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ketaflow.devices import codes
from ketaflow.devices.header import NotTaken, header, require_taken
from ketaflow.devices.moments import NoMoment, moment
from ketaflow.devices.observations import Clock, read
from ketaflow.evidence.sources import register
from ketaflow.session.vitals import signs

from ..monitor import GATEWAY, MMHG, SIGNS, message, obx, reading, stamp

AT = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
NEW_YORK = ZoneInfo("America/New_York")
CLOCK = Clock(NEW_YORK, AT)


def taken(text):
    head = header(text)
    require_taken(head)
    return read(text, head, CLOCK)


def vitals(text):
    """The signs of the one moment that the message is about."""
    (one,) = taken(text).measured
    return {name: str(value) for name, value in one.vitals.items()}


def refused(text):
    with pytest.raises(NotTaken) as why:
        taken(text)
    return why.value.code, why.value.error, str(why.value)


def test_the_message_of_a_gateway_is_read_whole():
    found = taken(GATEWAY)
    assert found.sender == "ACME_Gateway^080019FFFE3ED02D^EUI-64 at ACME Healthcare"
    assert found.control_id == "0104ef190d604db188c3"
    assert found.place == "HO Surgery^OR^1"
    assert found.patients == ("HO2009001",)
    assert found.devices == ("080019FFFE3ED02DGW01", "ACME_Gateway")
    assert found.not_used == ("MDC_PRESS_BLD_NONINV_MEAN: 93 mm[Hg]; it has no column",)
    (one,) = found.measured
    assert one.at == datetime(2011, 6, 2, 4, 58, 42, tzinfo=UTC)
    assert one.vitals == {"systolic": 120, "diastolic": 80, "heart_rate": 63}


def test_every_sign_is_read_in_units_of_the_nomenclature():
    told = dict(zip(SIGNS, ("120", "80", "63", "97", "14", "36.6"), strict=True))
    assert vitals(reading(AT, **told)) == told


@pytest.mark.parametrize(
    ("code", "unit", "value", "sign", "became"),
    [
        ("8480-6^Systolic^LN", "mm[Hg]^^UCUM", "121", "systolic", "121"),
        ("8462-4^Diastolic^LN", "mmHg", "71", "diastolic", "71"),
        ("8867-4^Heart rate^LN", "{beats}/min^^UCUM", "66", "heart_rate", "66"),
        ("59408-5^SpO2^LN", "%^^UCUM", "98", "spo2", "98"),
        ("2708-6^SpO2^LOINC", "%", "98", "spo2", "98"),
        ("9279-1^Breaths^LN", "/min^^UCUM", "12", "respiratory_rate", "12"),
        ("8310-5^Temperature^LN", "[degF]^^UCUM", "98.6", "temperature", "37.0"),
        ("150021^MDC_PRESS_BLD_NONINV_SYS^MDC", "265987^MDC_DIM_KILO_PASCAL^MDC", "16.0",
         "systolic", "120.0"),
        ("150022^MDC_PRESS_BLD_NONINV_DIA^MDC", "kPa^kPa^UCUM", "10", "diastolic", "75.0"),
        ("149530^MDC_PULS_OXIM_PULS_RATE^MDC", "264864^MDC_DIM_BEAT_PER_MIN^MDC", "61",
         "heart_rate", "61"),
        ("151562^MDC_RESP_RATE^MDC", "264928^MDC_DIM_RESP_PER_MIN^MDC", "15",
         "respiratory_rate", "15"),
        ("151594^MDC_AWAY_RESP_RATE^MDC", "264928^^MDC", "15", "respiratory_rate", "15"),
        ("150344^MDC_TEMP^MDC", "266560^MDC_DIM_FAHR^MDC", "100.4", "temperature", "38.0"),
        ("150456", "%", "95", "spo2", "95"),
        ("SPO2^Local^99ACME^150456^MDC_PULS_OXIM_SAT_O2^MDC", "%", "94", "spo2", "94"),
        ("MDC_TEMP^^MDC", "X^MDC_DIM_DEGC^MDC", "36.5", "temperature", "36.5"),
    ],
)  # fmt: skip
def test_codes_and_units_of_other_dialects_mean_the_same(code, unit, value, sign, became):
    assert vitals(message(obx(code, value, unit), at=AT)) == {sign: became}


def test_of_several_pulses_of_one_moment_the_ecgs_counts():
    pulse = [("149546", "60"), ("147842", "62"), ("149530", "61")]
    told = [obx(f"{code}^^MDC", value, "bpm") for code, value in pulse]
    for some in (told, told[::-1]):
        assert vitals(message(*some, at=AT)) == {"heart_rate": "62"}


@pytest.mark.parametrize("state", ["X", "N", "I", "O"])
def test_a_value_that_is_no_result_is_no_reading(state):
    assert taken(message(obx(SIGNS["spo2"][0], "97", "%", status=state), at=AT)) is None


@pytest.mark.parametrize("state", ["W", "D"])
def test_a_value_taken_back_is_no_reading_and_says_which(state):
    found = taken(message(obx(SIGNS["spo2"][0], "97", "%", status=state), at=AT))
    (one,) = found.measured
    assert (one.vitals, one.withdrawn) == ({}, ("spo2",))


def test_a_correction_says_that_it_is_one():
    found = taken(message(obx(SIGNS["spo2"][0], "97", "%", status="C"), at=AT))
    assert found.measured[0].corrected


@pytest.mark.parametrize("value", ["", '""'])
def test_nothing_measured_is_no_reading(value):
    assert taken(message(obx(SIGNS["spo2"][0], value, "%"), at=AT)) is None


def test_unknown_codes_are_named_and_the_rest_is_read():
    text = message(
        obx("999999^MDC_NEW_THING^MDC", "5", "x"), obx("9999-9^New^LN", "", "x"),
        obx(SIGNS["spo2"][0], "97", "%"), at=AT,
    )  # fmt: skip
    found = taken(text)
    assert found.measured[0].vitals == {"spo2": 97}
    assert found.not_used == ("999999 MDC_NEW_THING 5 x",)
    assert taken(message(obx("999999^MDC_NEW_THING^MDC", "5", "x"), at=AT)) is None


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        ("abc", "%", "no single number"),
        ("97~98", "%", "no single number"),
        ("1e2", "%", "no single number"),
        ("٩٧", "%", "no single number"),
        ("97", "", "in no unit"),
        ("97", "mm[Hg]^^UCUM", "where % is charted"),
        ("-5", "%", "spo2 must be a number"),
        ("0", "%", "SpO2 0 % cannot be entered"),
    ],
)
def test_a_value_that_cannot_be_charted_is_refused_with_the_reason(value, unit, said):
    code, error, why = refused(message(obx(SIGNS["spo2"][0], value, unit), at=AT))
    assert (code, error) == ("AE", "102^Data type error")
    assert said in why


def test_a_pressure_whose_halves_contradict_is_left_out_and_the_pulse_stays():
    found = taken(reading(AT, systolic="70", diastolic="110", heart_rate="60"))
    assert found.measured[0].vitals == {"heart_rate": 60}
    assert "systolic is not above diastolic" not in found.measured[0].vitals
    assert "Blood pressure 70/110" in found.not_used[0]


def test_each_value_has_its_own_time_and_without_one_that_of_its_order():
    cuff = AT - timedelta(minutes=4)
    text = message(
        obx(SIGNS["systolic"][0], "120", MMHG, at=stamp(cuff)), obx(SIGNS["spo2"][0], "97", "%"),
        at=AT,
    )  # fmt: skip
    assert [one.at for one in taken(text).measured] == [cuff, AT]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("20260310104512.25-0500", datetime(2026, 3, 10, 15, 45, 12, 250_000, tzinfo=UTC)),
        ("202603102015+0530", datetime(2026, 3, 10, 14, 45, tzinfo=UTC)),
        ("20260310104512", datetime(2026, 3, 10, 14, 45, 12, tzinfo=UTC)),
        ("202603101045", datetime(2026, 3, 10, 14, 45, tzinfo=UTC)),
    ],
)
def test_times_are_read_with_any_offset_and_else_by_the_clinics_clock(written, meant):
    assert moment(written, otherwise=NEW_YORK, near=AT) == meant


def test_the_offset_of_the_header_is_the_messages_own():
    text = message(obx(SIGNS["spo2"][0], "97", "%", at="20260310160000"), at=AT)
    berlin = text.replace(stamp(AT), "20260310160000+0100", 1)
    assert taken(berlin).measured[0].at == AT
    local = text.replace(stamp(AT), "20260310110000", 1)
    assert taken(local).measured[0].at == datetime(2026, 3, 10, 20, 0, tzinfo=UTC)
    odd = text.replace(stamp(AT), "20260310110000+9999", 1)
    assert taken(odd).measured[0].at == datetime(2026, 3, 10, 20, 0, tzinfo=UTC)


@pytest.mark.parametrize("hours", [5, 6])
def test_of_an_hour_that_comes_twice_the_nearer_is_meant(hours):
    near = datetime(2026, 11, 1, hours, 30, tzinfo=UTC)
    assert moment("20261101013000", otherwise=NEW_YORK, near=near) == near


@pytest.mark.parametrize(
    "written",
    ["", "2026", "20260310", "20260230101010", "202603101045+0560", "99990310104512+2500"],
)
def test_what_is_no_moment_is_refused(written):
    with pytest.raises(NoMoment):
        moment(written, otherwise=NEW_YORK, near=AT)


def test_a_value_without_any_time_is_refused():
    code, _, why = refused(
        message(obx(SIGNS["spo2"][0], "97", "%"), at=AT, taken="").replace(stamp(AT), "")
    )
    assert code == "AE"
    assert "is no time" in why


@given(st.timedeltas(timedelta(days=-9999), timedelta(days=9999)), st.integers(-840, 840))
def test_a_time_written_with_any_offset_reads_back(since, minutes):
    at = AT + since
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    local = at + timedelta(minutes=minutes)
    written = f"{local:%Y%m%d%H%M%S.%f}{sign}{hours:02}{rest:02}"
    assert moment(written, otherwise=NEW_YORK, near=AT) == at


@pytest.mark.parametrize("version", ["2.3", "2.3.1", "2.4", "2.5", "2.5.1", "2.6"])
def test_versions_from_2_3_to_2_6_are_read(version):
    text = message(obx(SIGNS["spo2"][0], "97", "%"), at=AT, version=version, kind="ORU^R01")
    assert vitals(text) == {"spo2": "97"}


@pytest.mark.parametrize(
    ("told", "code", "error"),
    [
        ({"kind": "ADT^A01"}, "AR", "200"),
        ({"kind": ""}, "AR", "200"),
        ({"kind": "ORU^R40"}, "AR", "201"),
        ({"processing": "T"}, "AR", "202"),
        ({"version": "2.2"}, "AR", "203"),
        ({"version": "3"}, "AR", "203"),
        ({"control": ""}, "AE", "101"),
    ],
)
def test_what_is_not_for_this_listener_is_named(told, code, error):
    found = refused(message(obx(SIGNS["spo2"][0], "97", "%"), at=AT, **told))
    assert (found[0], found[1][:3]) == (code, error)


def test_two_patients_in_one_message_are_never_made_one():
    text = reading(AT, spo2=97) + "\rPID|||K-2\rPV1||I|Bay^1^4\r"
    code, error, why = refused(text)
    assert (code, error[:3]) == ("AE", "100")
    assert "2 PID segments" in why


@pytest.mark.parametrize(
    "text", ["", "MSH", "MSH|", "MSH||||", "EVN|^~\\&|", "MSH|^~|", "MSHA^~\\&A"]
)
def test_what_is_no_message_is_refused(text):
    code, error, _ = refused(text)
    assert (code, error[:3]) == ("AR", "100")


def test_other_separators_are_read_as_the_message_names_them():
    text = reading(AT, spo2=97, systolic=120)
    swapped = text.translate(str.maketrans({"|": "*", "^": "!", "*": "|", "!": "^"}))
    assert vitals(swapped) == {"spo2": "97", "systolic": "120"}


def test_every_code_and_unit_has_a_source_and_a_column_of_the_flowsheet():
    assert register()["S-mdc"].citation
    charted = {one.sign for one in codes.codes().values() if one.sign}
    assert charted == set(signs())
    units = {one.means for one in codes.written_units().values()}
    assert units == {one.unit for one in signs().values()}
    assert codes.find(number="150456", system="99LOCAL") is None
    assert codes.written_units()["kPa"].convert(Decimal(16)) == Decimal("120.0")
