"""What a model is made of: backbone, content, gate and the weights of its losses."""

from dataclasses import dataclass, field, fields
from typing import Final

from prism_core.config.backbones import IndirecConfig, StosaConfig
from prism_core.config.objective import ObjectiveConfig
from prism_core.config.published import PaperConfig, ReleasedConfig
from prism_core.config.reading import ABSENT, later
from prism_core.errors import ConfigError
from prism_core.names import BACKBONES, MODALITIES, parts_of

BACKBONE_NAMES: Final = tuple(BACKBONES)
CONTENTS: Final = ("none", "sum", "prism")
MODES: Final = ("anchored", "paper", "released")
GATES: Final = ("user", "uniform", "no_id", "shuffled")
WITHHOLD: Final = ("swap", "mean", "zero", "noise")
SYNERGY_FACTORS: Final = ("plain", "saturated", "both")
PART_PLACEMENTS: Final = ("blocks", "sum")
PART_SCALES: Final = ("unit", "free")
REDUNDANCY_EXPERTS: Final = ("own", "tied")


@dataclass(frozen=True, slots=True, kw_only=True)
class LossWeights:
    """Weight of each auxiliary loss beside the recommendation loss (weight 1); 0 drops it.

    Attributes
    ----------
    reconstruction
        Weight of what the parts miss of the features, which can be decoded from them; 0 drops it.
    decorrelation
        Weight of the squared correlation between two parts over the items; 0 drops it.
    charge
        Weight of the share of the score's variance that synergy takes, so that it is silent unless
        it pays in likelihood; 0 drops it.
    experts
        Weight of the paper's expert losses (modes ``paper`` and ``released``), lambda of L_exp.
    """

    reconstruction: float = 0.1
    decorrelation: float = 0.1
    charge: float = 0.1
    experts: float = 0.1

    def __post_init__(self) -> None:
        for name in self.__slots__:
            _at_least("losses." + name, getattr(self, name), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """One recommender: a backbone, what it knows about content, and the ablations of both.

    Attributes
    ----------
    backbone
        The sequence encoder: ``sasrec``, ``stosa``, ``indirec`` or ``gru4rec``.
    hidden_size
        Its width ``D``, which the item vectors share.
    num_layers
        Layers of the encoder.
    num_heads
        Attention heads of each of them.
    dropout
        Of the encoder and the gate.
    max_seq_len
        The ``L`` newest items of a history that are read.
    content
        ``none``: ids only; ``sum``: id plus projected content, no experts; ``prism``: parts.
    mode
        How the parts are made: ``anchored``, or as in the ``paper`` or the ``released`` code.
    modalities
        Names of the ``M`` modalities in array order.
    knocked_out
        Those of them treated as missing for every item.
    without
        Parts removed from the model.
    gate
        What fusion weights come from: the parts and ids of the user's history (``user``), its parts
        alone (``no_id``), nothing (``uniform``), or the history of another user (``shuffled``).
    temperature
        Softmax temperature T of the gate.
    gate_hidden_size
        Width of its network.
    withhold
        What stands in for a withheld modality in training: another item's vector (``swap``),
        the ``mean``, ``zero`` or ``noise`` at the data's own scale.
    feature_size
        Features with more columns are reduced to this many principal components, frozen.
    expert_hidden_size
        Width of each expert network. 0 leaves linear experts, whose products are bilinear, in mode
        ``anchored``, and is ``hidden_size`` in the others.
    expert_dropout
        Dropout of each expert network.
    synergy_factors
        What synergy multiplies: functions of each modality as the networks give them (``plain``),
        squashed to between -1 and 1, which finds interactions of signs (``saturated``), or half
        of each (``both``). Mode ``anchored`` only, as the next four, which a model of another
        mode has at what they were before there was a choice.
    synergy_rank
        How many such products synergy is a linear map of; 0: twice the size of a part.
    part_placement
        Where parts lie in the item vector: each in its own columns (``blocks``, ``D / P`` each), or
        each as wide as the vector, added up (``sum``).
    part_scale
        How loud parts are: brought to unit spread and multiplied by a learned amplitude each, apart
        in histories and candidates (``unit``), or as their experts make them, the same in both but
        for the gate (``free``).
    redundancy_expert
        Whether redundancy has an expert of its own (``own``), or is what the unique parts' experts
        say of the features that the shared variates stand for (``tied``).
    player_dropout
        Share of the training histories that are read with a random coalition of id and parts.
    objective
        The recommendation loss.
    stosa, indirec
        What only that backbone has.
    paper, released
        What only that mode has.
    """

    backbone: str = "sasrec"
    hidden_size: int = 64
    num_layers: int = 2
    num_heads: int = 2
    dropout: float = 0.3
    max_seq_len: int = 50
    content: str = "prism"
    mode: str = "anchored"
    modalities: tuple[str, ...] = MODALITIES
    knocked_out: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    gate: str = "user"
    temperature: float = 0.7
    gate_hidden_size: int = 64
    withhold: str = "swap"
    feature_size: int = 128
    expert_hidden_size: int = 0
    expert_dropout: float = 0.0
    synergy_factors: str = field(default="plain", metadata=later("plain"))
    synergy_rank: int = field(default=32, metadata=later(0))
    part_placement: str = field(default="blocks", metadata=later("blocks"))
    part_scale: str = field(default="unit", metadata=later("unit"))
    redundancy_expert: str = field(default="tied", metadata=later("own"))
    player_dropout: float = 0.3
    losses: LossWeights = field(default_factory=LossWeights)
    objective: ObjectiveConfig = field(default_factory=ObjectiveConfig)
    stosa: StosaConfig = field(default_factory=StosaConfig)
    indirec: IndirecConfig = field(default_factory=IndirecConfig)
    paper: PaperConfig = field(default_factory=PaperConfig)
    released: ReleasedConfig = field(default_factory=ReleasedConfig)

    def __post_init__(self) -> None:
        _one_of("backbone", self.backbone, BACKBONE_NAMES)
        _one_of("content", self.content, CONTENTS)
        _one_of("mode", self.mode, MODES)
        _one_of("gate", self.gate, GATES)
        _one_of("withhold", self.withhold, WITHHOLD)
        _one_of("synergy_factors", self.synergy_factors, SYNERGY_FACTORS)
        _one_of("part_placement", self.part_placement, PART_PLACEMENTS)
        _one_of("part_scale", self.part_scale, PART_SCALES)
        _one_of("redundancy_expert", self.redundancy_expert, REDUNDANCY_EXPERTS)
        _subset("knocked_out", self.knocked_out, self.modalities)
        _subset("without", self.without, parts_of(self.modalities))
        self._check_sizes()
        self._check_mode()

    @property
    def quirks(self) -> ReleasedConfig | None:
        """Quirks of the released code that this model has, if it is that code's."""
        is_released = self.content == "prism" and self.mode == "released"
        return self.released if is_released else None

    @property
    def is_published(self) -> bool:
        """Whether parts are made as in the paper or the released code."""
        return self.content == "prism" and self.mode != "anchored"

    def _check_sizes(self) -> None:
        for name in ("num_layers", "num_heads", "max_seq_len", "feature_size"):
            _at_least("model." + name, getattr(self, name), 1)
        for name in ("hidden_size", "gate_hidden_size"):
            _at_least("model." + name, getattr(self, name), 1)
        _at_least("model.synergy_rank", self.synergy_rank, 0)
        _at_least("model.expert_hidden_size", self.expert_hidden_size, 0)
        for name in ("dropout", "expert_dropout", "player_dropout"):
            _probability("model." + name, getattr(self, name))
        if self.temperature <= 0:
            raise ConfigError(f"model.temperature is {self.temperature}; give a number above 0.")
        if self.hidden_size % self.num_heads:
            raise ConfigError(
                f"model.hidden_size {self.hidden_size} is not a multiple of "
                f"model.num_heads {self.num_heads}; change one of them."
            )

    def _check_mode(self) -> None:
        if self.is_published and len(self.modalities) != len(MODALITIES):
            raise ConfigError(
                f"model.mode '{self.mode}' is defined for two modalities, but model.modalities "
                f"names {len(self.modalities)}; name two, or use mode 'anchored'."
            )
        for each in fields(self) if self.is_published else ():
            if ABSENT in each.metadata:
                self._leave_out(each.name, each.default, each.metadata[ABSENT])

    def _leave_out(self, key: str, default: object, absent: object) -> None:
        """Set what is for mode ``anchored`` only to what all runs had before there was a choice."""
        value = getattr(self, key)
        if value not in (default, absent):
            raise ConfigError(
                f"model.{key} '{value}' is for mode 'anchored', but model.mode is "
                f"'{self.mode}'; leave model.{key} out, or use mode 'anchored'."
            )
        object.__setattr__(self, key, absent)


def _one_of(key: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigError(f"model.{key} is '{value}'; choose one of {', '.join(allowed)}.")


def _subset(key: str, values: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    for value in values:
        _one_of(key, value, allowed)


def _at_least(key: str, value: float, lowest: float) -> None:
    if value < lowest:
        raise ConfigError(f"{key} is {value}; give at least {lowest}.")


def _probability(key: str, value: float) -> None:
    if not 0.0 <= value < 1.0:
        raise ConfigError(f"{key} is {value}; give a probability from 0 to below 1.")
