"""Which data a run uses and how much of each history it reads."""

from dataclasses import dataclass

from prism_core.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class DataConfig:
    """Data settings of a run.

    Attributes
    ----------
    path
        Folder of a prepared data set.
    max_seq_len
        Newest items of a history that a model reads, ``L``.
    """

    path: str = "assets/data/movielens-small"
    max_seq_len: int = 50

    def __post_init__(self) -> None:
        if self.max_seq_len < 1:
            raise ConfigError(f"data.max_seq_len = {self.max_seq_len}: must be at least 1.")
