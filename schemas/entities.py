"""The labels of personal information that de-identification finds and counts."""

LABELS = (
    "PERSON",
    "DATE",
    "DATE_OF_BIRTH",
    "AGE",
    "STREET",
    "ZIP",
    "CITY",
    "COUNTRY",
    "HOSPITAL",
    "ORGANIZATION",
    "ID",
    "PHONE",
    "FAX",
    "EMAIL",
    "URL",
    "USERNAME",
    "PROFESSION",
)
"""In the order of precedence that replacement uses when two spans are equal."""
