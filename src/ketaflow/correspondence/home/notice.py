"""What a patient did at home that somebody at the clinic must know."""

from enum import StrEnum


class Kind(StrEnum):
    """What happened."""

    CONSENT_GIVEN = "CONSENT_GIVEN"
    CONSENT_WITHDRAWN = "CONSENT_WITHDRAWN"
    NOT_COMING = "NOT_COMING"
    WROTE = "WROTE"
    HELPER = "HELPER"

    @property
    def label(self) -> str:
        """What happened, in words for the clinic."""
        return LABELS[self]


LABELS = {
    Kind.CONSENT_GIVEN: "Signed the agreement at home",
    Kind.CONSENT_WITHDRAWN: "Withdrew the agreement",
    Kind.NOT_COMING: "Says: I am not coming",
    Kind.WROTE: "Wrote to us before a visit",
    Kind.HELPER: "Changed who helps",
}
