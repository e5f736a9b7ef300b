"""Numbers as text."""

import pytest

from analysis.signs import rounded, signed, signed_range


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.125, 3, "+0.125"), (-0.5, 2, "−0.50"), (-0.0004, 3, "+0.000"), (0.0, 1, "+0.0")],
)
def test_a_number_has_a_true_sign_and_zero_a_plus(value: float, digits: int, text: str) -> None:
    assert signed(value, digits) == text


@pytest.mark.parametrize(("value", "text"), [(-0.723, "−0.72"), (-0.004, "0.00"), (0.5, "0.50")])
def test_a_number_without_a_plus_has_a_true_minus_and_no_negative_zero(
    value: float, text: str
) -> None:
    assert rounded(value, 2) == text


def test_a_range_names_both_ends() -> None:
    assert signed_range(-0.03, 0.23, 2) == "−0.03 to +0.23"
