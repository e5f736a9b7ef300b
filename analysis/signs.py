"""Numbers in text, as they are printed: with a true minus."""


def true_minus(text: str) -> str:
    """Write the minus of a formatted number as a minus and not as a hyphen."""
    return text.replace("-", "−")


def rounded(value: float, digits: int) -> str:
    """Write a number, never a negative zero."""
    return true_minus(f"{round(value, digits) + 0.0:.{digits}f}")


def signed(value: float, digits: int) -> str:
    """Write a number with its sign, never a negative zero."""
    return true_minus(f"{round(value, digits) + 0.0:+.{digits}f}")


def signed_range(low: float, high: float, digits: int) -> str:
    """Write both ends of an interval with their signs."""
    return f"{signed(low, digits)} to {signed(high, digits)}"
