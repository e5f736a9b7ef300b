"""Signed numbers in text, as they are printed."""


def signed(value: float, digits: int) -> str:
    """Write a number with its sign, a true minus, and never a negative zero."""
    return f"{round(value, digits) + 0.0:+.{digits}f}".replace("-", "−")


def signed_range(low: float, high: float, digits: int) -> str:
    """Write both ends of an interval with their signs."""
    return f"{signed(low, digits)} to {signed(high, digits)}"
