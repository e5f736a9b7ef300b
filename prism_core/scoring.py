"""Scores of a trained model, with any part, modality or history item switched off."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch
from torch import Tensor

from prism_core.config.model import ModelConfig
from prism_core.config.reading import build_stored
from prism_core.devices import choose_device
from prism_core.errors import NotFittedError, RunFormatError
from prism_core.models.batching import READ_AT_ONCE
from prism_core.models.build import build_model
from prism_core.models.sequence_model import SequenceModel
from prism_core.models.switches import Reference, Switches
from prism_core.names import PAD
from prism_core.store import files, schema
from prism_core.store.datasets import Dataset

History = Sequence[int] | np.ndarray
"""Item indices, oldest first."""


class Recommender:
    """History in, scores out, in batches, on any device.

    Parameters
    ----------
    model
        Trained, already on its device; put in evaluation mode.
    max_seq_len
        Newest items of a history that the model reads, ``L``.
    """

    def __init__(self, model: SequenceModel, max_seq_len: int) -> None:
        self.model = model.eval()
        self.max_seq_len = max_seq_len

    @classmethod
    def load(cls, path: Path, dataset: Dataset, device: str = "auto") -> Self:
        """Load the model of a run folder.

        Parameters
        ----------
        path
            The run folder.
        dataset
            The data the run was trained on.
        device
            ``auto``, ``cuda``, ``mps`` or ``cpu``.

        Raises
        ------
        NotFittedError
            The run was stored without its model.
        RunFormatError
            Configuration and weights do not fit each other, or a file is damaged.
        """
        if not (path / schema.MODEL).is_file():
            raise NotFittedError(f"{path}: the run was stored without its model; train it again.")
        stored = files.read_json(path / schema.CONFIG)["model"]
        config = build_stored(ModelConfig, stored, "model")
        weights = _read_weights(path / schema.MODEL)
        model = make_model(config, dataset, fitted=weights)
        _load_weights(model, weights, path / schema.MODEL)
        return cls(model.to(choose_device(device)), config.max_seq_len)

    @property
    def players(self) -> tuple[str, ...]:
        """Names of the players of the score game: ``id``, then the ``P`` parts."""
        return self.model.players

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the ``M`` modalities."""
        return self.model.modalities

    @torch.no_grad()
    def scores(
        self, histories: Sequence[History] | np.ndarray, switches: Switches | None = None
    ) -> np.ndarray:
        """Score every item as the next one.

        Parameters
        ----------
        histories
            ``B`` histories.
        switches
            Players, modalities or fusion weights changed, for all rows or per row.

        Returns
        -------
        numpy.ndarray
            ``(B, N + 1)`` float32; column 0 (padding) is minus infinity, seen items are not masked.
        """
        return _array(self.model.score(self._tensor(histories), switches))

    @torch.no_grad()
    def fusion_weights(
        self, histories: Sequence[History] | np.ndarray, batch_size: int = READ_AT_ONCE
    ) -> np.ndarray:
        """Give the weights ``(B, P)`` of the parts after each history, some read at once."""
        return _array(self.model.fusion_weights(self._tensor(histories), batch_size))

    def part_coalitions(
        self,
        histories: Sequence[History] | np.ndarray,
        candidates: np.ndarray,
        reference: Reference = "mean",
        batch_size: int = READ_AT_ONCE,
    ) -> np.ndarray:
        """Score candidates under every coalition of players.

        Parameters
        ----------
        histories
            ``B`` histories.
        candidates
            ``(B, C)`` item indices.
        reference
            What stands in for a player that is off.
        batch_size
            Histories read at once.

        Returns
        -------
        numpy.ndarray
            ``(B, C, 2 ** (P + 1))`` float32; in entry ``mask`` exactly the players whose bit is
            set are on, bit 0 being the id path.
        """

        def switches(on: Tensor) -> Switches:
            return Switches(players=on, reference=reference)

        return self.game(histories, candidates, len(self.players), switches, batch_size)

    def modality_coalitions(
        self,
        histories: Sequence[History] | np.ndarray,
        candidates: np.ndarray,
        batch_size: int = READ_AT_ONCE,
    ) -> np.ndarray:
        """Score candidates ``(B, C)`` with every subset of modalities: ``(B, C, 2 ** M)``."""

        def switches(on: Tensor) -> Switches:
            return Switches(modalities=on)

        return self.game(histories, candidates, len(self.modalities), switches, batch_size)

    @torch.no_grad()
    def history_influence(
        self, history: History, candidates: np.ndarray, switches: Switches | None = None
    ) -> np.ndarray:
        """Measure what each history item does to each candidate's score, in one batch.

        Parameters
        ----------
        history
            One history; its ``H`` newest items, at most ``max_seq_len``, are read.
        candidates
            ``(C,)`` item indices.
        switches
            One setting for every row.

        Returns
        -------
        numpy.ndarray
            ``(H, C)`` float32: score with the whole history minus score without item ``h``.
        """
        read = np.asarray(history, dtype=np.int64)[-self.max_seq_len :]
        shortened = [np.delete(read, place) for place in range(len(read))]
        scores = self.scores([read, *shortened], switches)[:, np.asarray(candidates)]
        return scores[:1] - scores[1:]

    @torch.no_grad()
    def game(
        self,
        histories: Sequence[History] | np.ndarray,
        candidates: np.ndarray,
        num_players: int,
        switches: Callable[[Tensor], Switches],
        batch_size: int = READ_AT_ONCE,
    ) -> np.ndarray:
        """Score candidates ``(B, C)`` under every coalition: ``(B, C, 2 ** num_players)``.

        Parameters
        ----------
        switches
            Turns who is on, ``(num_players,)`` bool, into a setting for the model.
        batch_size
            Histories read at once.
        """
        item_seq = self._tensor(histories)
        wanted = torch.from_numpy(np.asarray(candidates, dtype=np.int64)).to(item_seq.device)
        values = [
            self.model.score_lists(item_seq, wanted, switches(on), batch_size)
            for on in coalition_masks(num_players)
        ]
        return _array(torch.stack(values, dim=-1))

    def aligned(
        self, donors: Sequence[History] | np.ndarray, histories: Sequence[History] | np.ndarray
    ) -> Tensor:
        """Bring the newest items of donors to the places ``(B, L)`` of the padded histories."""
        length = self._tensor(histories).shape[1]
        newest = pad_histories([np.asarray(donor)[-length:] for donor in donors], length)
        missing = length - newest.shape[1]
        return torch.from_numpy(np.pad(newest, ((0, 0), (missing, 0)))).to(self.model.ids.device)

    def _tensor(self, histories: Sequence[History] | np.ndarray) -> Tensor:
        padded = pad_histories(histories, self.max_seq_len)
        return torch.from_numpy(padded).to(self.model.ids.device)


def make_model(
    config: ModelConfig, dataset: Dataset, fitted: Mapping[str, Tensor] | None = None
) -> SequenceModel:
    """Build a model for a data set, with that data set's features as frozen buffers.

    Parameters
    ----------
    config
    dataset
    fitted : mapping of str to Tensor, optional
        Weights about to be loaded, see :func:`prism_core.models.build.build_model`.

    Raises
    ------
    ConfigError
        The configuration asks for something that does not exist.
    DataError
        The data set lacks a modality that the configuration names.
    """
    names = config.modalities if config.content != "none" else ()
    tables = {name: dataset.features(name) for name in names}
    vectors = {name: torch.from_numpy(table.vectors) for name, table in tables.items()}
    available = {name: torch.from_numpy(table.available) for name, table in tables.items()}
    return build_model(config, dataset.num_items, vectors, available, fitted=fitted)


def _read_weights(path: Path) -> dict[str, Tensor]:
    return {name: torch.from_numpy(v) for name, v in files.read_vectors(path).items()}


def _load_weights(model: SequenceModel, weights: Mapping[str, Tensor], path: Path) -> None:
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise RunFormatError(f"{path}: not the weights of its configuration: {reason}") from None


def pad_histories(histories: Sequence[History] | np.ndarray, max_seq_len: int) -> np.ndarray:
    """Bring the newest items of histories, oldest first, into a left-padded array ``(B, L)``."""
    if isinstance(histories, np.ndarray) and histories.ndim == 2:
        return histories[:, -max_seq_len:].astype(np.int64, copy=False)
    newest = [np.asarray(history, dtype=np.int64)[-max_seq_len:] for history in histories]
    length = max((len(history) for history in newest), default=1) or 1
    padded = np.full((len(newest), length), PAD, dtype=np.int64)
    for row, history in zip(padded, newest, strict=True):
        row[length - len(history) :] = history
    return padded


def coalition_masks(num_players: int) -> Iterator[Tensor]:
    """Yield every coalition ``(num_players,)`` bool, in order of its bit mask."""
    places = torch.arange(num_players)
    for mask in range(2**num_players):
        yield (mask >> places) % 2 == 1


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.float().cpu().numpy()
