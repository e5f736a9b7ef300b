"""Where a batch lies inside the global batch, so that any number of processes agree."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Shard:
    """One process's slice of the global batch.

    Attributes
    ----------
    first_row
        Index in the global batch of this slice's first row.
    total_rows
        Rows of the global batch. Default: those up to the end of the slice.
    num_targets
        Divisor of losses that are summed over positions: the global number of targets over the
        number of processes, since gradients are averaged over these. Default: the slice's own.
    """

    first_row: int = 0
    total_rows: int | None = None
    num_targets: float | None = None

    def rows_of_all(self, num_rows: int) -> int:
        """Count the rows of the global batch, of which ``num_rows`` are the slice's."""
        return self.total_rows or self.first_row + num_rows

    def is_any_chosen(self, num_rows: int, share: float) -> bool:
        """Say whether `chosen_rows` chooses a row in any slice of the global batch."""
        return int(self.rows_of_all(num_rows) * share) > 0

    def chosen_rows(self, num_rows: int, share: float) -> list[bool]:
        """Say of each row whether it is among a ``share`` of the global batch, evenly spaced."""
        positions = range(self.first_row, self.first_row + num_rows)
        return [int((position + 1) * share) > int(position * share) for position in positions]
