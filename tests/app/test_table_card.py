"""Tables in the app: what readers see of signed numbers."""

import pandas as pd

from app.components.table_card import with_signs


def test_signed_columns_have_a_true_minus_no_negative_zero_and_empty_cells() -> None:
    table = pd.DataFrame({"difference": [-0.5, -0.001, 0.25, None], "value": [-1.0, 2.0, 3.0, 4.0]})
    shown = with_signs(table, {"difference": 2}).to_html()
    assert all(f">{text}<" in shown for text in ("−0.50", "+0.00", "+0.25", ""))
    assert "-1.0" in shown
    assert "nan" not in shown
