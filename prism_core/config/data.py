"""Which data a run uses."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DataConfig:
    """Data settings of a run.

    Attributes
    ----------
    path
        Folder of a prepared data set.
    """

    path: str = "assets/data/movielens-small"
