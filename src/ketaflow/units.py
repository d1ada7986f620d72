"""Conversions between units, and nothing else. `Decimal` in, `Decimal` out."""

from decimal import Decimal

MINUTES_PER_HOUR = Decimal(60)
CM_PER_INCH = Decimal("2.54")
KG_PER_POUND = Decimal("0.45359237")
PASCAL_PER_MM_HG = Decimal("133.322387415")


def mg_per_h(rate_mg_min: Decimal) -> Decimal:
    """Milligrams an hour from milligrams a minute."""
    return rate_mg_min * MINUTES_PER_HOUR


def inches(height_cm: Decimal) -> Decimal:
    """Inches from centimetres."""
    return height_cm / CM_PER_INCH


def kilograms(pounds: Decimal) -> Decimal:
    """Kilograms from pounds (avoirdupois, exact by definition)."""
    return pounds * KG_PER_POUND


def mm_hg(kilopascals: Decimal) -> Decimal:
    """Millimetres of mercury from kilopascals.

    >>> round(mm_hg(Decimal(16)), 1)
    Decimal('120.0')
    """
    return kilopascals * 1000 / PASCAL_PER_MM_HG


def celsius(fahrenheit: Decimal) -> Decimal:
    """Degrees Celsius from degrees Fahrenheit.

    >>> celsius(Decimal("98.6"))
    Decimal('37')
    """
    return (fahrenheit - 32) * 5 / 9
