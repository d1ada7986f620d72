"""Which questionnaire a course is judged by."""

from collections.abc import Mapping
from types import MappingProxyType

# By how the protocol's identifier begins; what is not named here is judged by its depression score.
LEADS: Mapping[str, str] = MappingProxyType(
    {
        "CRPS": "nrs-pain",
        "MIG": "nrs-pain",
        "PAIN": "nrs-pain",
        "SCI": "nrs-pain",
        "PROC": "nrs-pain",
        "PTSD": "pcl-5",
        "OCD": "y-bocs",
        "SAD": "gad-7",
    }
)
DEPRESSION = "phq-9"


def lead_instrument(protocol: str) -> str:
    """The questionnaire that says whether a course of `protocol` helps."""
    return LEADS.get(protocol.partition("-")[0], DEPRESSION)


def treats_pain(protocol: str) -> bool:
    """Whether the course is given for pain."""
    return lead_instrument(protocol) == "nrs-pain"


def treats_bipolar(protocol: str) -> bool:
    """Whether the course is given in bipolar disorder."""
    return protocol.partition("-")[0] == "BD"
