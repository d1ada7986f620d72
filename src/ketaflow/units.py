"""Conversions between units, and nothing else. `Decimal` in, `Decimal` out."""

from decimal import Decimal

MINUTES_PER_HOUR = Decimal(60)
CM_PER_INCH = Decimal("2.54")
KG_PER_POUND = Decimal("0.45359237")


def mg_per_h(rate_mg_min: Decimal) -> Decimal:
    """Milligrams an hour from milligrams a minute."""
    return rate_mg_min * MINUTES_PER_HOUR


def inches(height_cm: Decimal) -> Decimal:
    """Inches from centimetres."""
    return height_cm / CM_PER_INCH


def kilograms(pounds: Decimal) -> Decimal:
    """Kilograms from pounds (avoirdupois, exact by definition)."""
    return pounds * KG_PER_POUND
