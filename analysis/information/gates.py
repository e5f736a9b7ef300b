"""Canonical distributions whose atoms are known, to hold every solver to."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np

from analysis.information.certificate import Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A small distribution over (first source, second source, target).

    Attributes
    ----------
    name, meaning
        Short name and one sentence for a reader.
    outcomes
        Probability of each outcome, a triple of states.
    unique_first, unique_second, synergy, redundancy
        Known atoms in bits: closed form, or certified to 1e-9.
    """

    name: str
    meaning: str
    outcomes: dict[tuple[str, str, str], float]
    unique_first: float
    unique_second: float
    synergy: float
    redundancy: float

    @property
    def probabilities(self) -> Array:
        """The table ``(k1, k2, Y)``."""
        columns = zip(*self.outcomes, strict=True)
        states = [sorted(set(column)) for column in columns]
        table = np.zeros(tuple(len(column) for column in states))
        for outcome, mass in self.outcomes.items():
            table[tuple(s.index(v) for s, v in zip(states, outcome, strict=True))] = mass
        return table

    @property
    def atoms(self) -> dict[str, float]:
        """The known atoms by name, in the order of `decomposition.ATOMS`."""
        names = ("unique_first", "unique_second", "synergy", "redundancy")
        return {name: getattr(self, name) for name in names}


def _uniform(outcomes: Iterable[str]) -> dict[tuple[str, str, str], float]:
    triples = [tuple(outcome) for outcome in outcomes]
    return {(a, b, c): 1 / len(triples) for a, b, c in triples}


def _weighted(masses: dict[str, float]) -> dict[tuple[str, str, str], float]:
    return {(key[0], key[1], key[2]): mass for key, mass in masses.items()}


def _product(
    *gates: dict[tuple[str, str, str], float],
) -> dict[tuple[str, str, str], float]:
    """Independent gates side by side: states are joined variable by variable."""
    joined: dict[tuple[str, str, str], float] = {("", "", ""): 1.0}
    for gate in gates:
        joined = {
            (a + x, b + y, c + z): mass * weight
            for ((a, b, c), mass), ((x, y, z), weight) in product(joined.items(), gate.items())
        }
    return joined


def _binary_entropy(probability: float) -> float:
    return -probability * math.log2(probability) - (1 - probability) * math.log2(1 - probability)


_XOR = _uniform(["000", "011", "101", "110"])
_AND = _uniform(["000", "010", "100", "111"])
_RDN = _uniform(["000", "111"])
_ONLY_FIRST = _uniform(["000", "010", "101", "111"])
_ONLY_SECOND = _uniform(["000", "011", "100", "111"])
_UNQ = _product(_ONLY_FIRST, _ONLY_SECOND)
_NOISE = 0.1
_NOISY_BIT = 1 - _binary_entropy(_NOISE)
_AND_REDUNDANCY = _binary_entropy(0.25) - 0.5
_SUBTLE_REDUNDANCY = math.log2(3) - 4 / 3


@cache
def gates() -> tuple[Gate, ...]:
    """All canonical gates: the three pure cases first, then mixtures and hard cases.

    Values: Bertschinger et al. 2014 (doi:10.3390/e16042161), Griffith and Koch 2014, Finn and
    Lizier 2018 and closed forms; the rest agree between independent solvers to 1e-9 bit.
    """
    return (*_pure(), *_logic(), *_mixtures(), *_hard())


def gate(name: str) -> Gate:
    """The gate of that name."""
    return next(one for one in gates() if one.name == name)


def _make(
    name: str, meaning: str, outcomes: dict[tuple[str, str, str], float], *atoms: float
) -> Gate:
    redundancy, unique_first, unique_second, synergy = atoms
    return Gate(
        name=name,
        meaning=meaning,
        outcomes=outcomes,
        unique_first=unique_first,
        unique_second=unique_second,
        synergy=synergy,
        redundancy=redundancy,
    )


def _pure() -> tuple[Gate, ...]:
    three = _product(
        _uniform(f"{a}{b}{a}" for a in "012" for b in "0"),
        _uniform(f"0{b}{b}" for b in "012"),
    )
    four_states = _uniform(["000", "111", "222", "333"])
    noisy_copy = {
        (a, b, y): 0.25 * ((1 - _NOISE) if y == a else _NOISE)
        for a, b, y in product("01", repeat=3)
    }
    return (
        _make("RDN", "Both sources carry the same bit.", _RDN, 1, 0, 0, 0),
        _make("RDN4", "Both sources carry the same two bits.", four_states, 2, 0, 0, 0),
        _make("UNQ", "Each source carries a bit of its own.", _UNQ, 0, 1, 1, 0),
        _make("COPY3", "Each carries a three-way choice.", three, 0, math.log2(3), math.log2(3), 0),
        _make("ONE", "The target copies the first source.", _ONLY_FIRST, 0, 1, 0, 0),
        _make("XOR", "Only both together tell the target.", _XOR, 0, 0, 0, 1),
        _make("noisy ONE", "A copy with 10 % errors.", noisy_copy, 0, _NOISY_BIT, 0, 0),
    )


def _logic() -> tuple[Gate, ...]:
    sums = _uniform(["000", "011", "101", "112"])
    xor_and = {
        (a, b, f"{int(a) ^ int(b)}{int(a) & int(b)}"): 0.25 for a, b in product("01", repeat=2)
    }
    noisy_xor = {
        (a, b, y): 0.25 * ((1 - _NOISE) if int(y) == int(a) ^ int(b) else _NOISE)
        for a, b, y in product("01", repeat=3)
    }
    either = _uniform(["000", "011", "101", "111"])
    random_input = _weighted(
        {"000": 0.25, "010": 0.125, "011": 0.125, "100": 0.125, "101": 0.125, "111": 0.25}
    )
    return (
        _make("AND", "True when both are.", _AND, _AND_REDUNDANCY, 0, 0, 0.5),
        _make("OR", "True when either is.", either, _AND_REDUNDANCY, 0, 0, 0.5),
        _make("SUM", "The sum of two bits.", sums, 0.5, 0, 0, 1),
        _make("XORAND", "Half adder: sum bit and carry.", xor_and, 0.5, 0, 0, 1),
        _make("noisy XOR", "XOR with 10 % errors.", noisy_xor, 0, 0, 0, _NOISY_BIT),
        _make(
            "RAND",
            "The target copies one of the two at random.",
            random_input,
            0.188721875541,
            0,
            0,
            0.311278124459,
        ),
    )


_DYADIC = ("000", "021", "102", "123", "210", "231", "312", "333")
_TRIADIC = ("000", "111", "022", "133", "202", "313", "220", "331")


def _mixtures() -> tuple[Gate, ...]:
    reduced_or = _weighted({"000": 0.5, "011": 0.25, "101": 0.25})
    imperfect = _weighted({"000": 0.499, "010": 0.001, "111": 0.5})
    return (
        _make("RDNXOR", "A shared bit beside an XOR.", _product(_RDN, _XOR), 1, 0, 0, 1),
        _make("RDNUNQXOR", "One bit of each kind.", _product(_RDN, _UNQ, _XOR), 1, 1, 1, 1),
        _make(
            "RDNAND",
            "A shared bit beside an AND.",
            _product(_RDN, _AND),
            1 + _AND_REDUNDANCY,
            0,
            0,
            0.5,
        ),
        _make(
            "dyadic",
            "Three bits, each shared by one pair of variables.",
            _uniform(_DYADIC),
            0,
            1,
            1,
            0,
        ),
        _make(
            "triadic", "A bit shared by all three beside an XOR.", _uniform(_TRIADIC), 1, 0, 0, 1
        ),
        _make(
            "reduced OR",
            "An OR whose inputs are never both true.",
            reduced_or,
            _AND_REDUNDANCY,
            0,
            0,
            1 - _AND_REDUNDANCY,
        ),
        _make(
            "imperfect RDN",
            "A shared bit, rarely misread by the second.",
            imperfect,
            0.989590078940,
            0.010409921060,
            0,
            0,
        ),
    )


def _hard() -> tuple[Gate, ...]:
    point_wise = _uniform(["011", "101", "022", "202"])
    boom = _uniform(["001", "002", "020", "121", "202", "212"])
    one_hot = _uniform(["001", "010", "100"])
    subtle = {("0", "0", "00"): 1 / 3, ("1", "0", "10"): 1 / 3, ("1", "1", "11"): 1 / 3}
    return (
        _make("PWUNQ", "Each source is right on its own days.", point_wise, 0.5, 0, 0, 0.5),
        _make("BOOM", "Atoms of every kind at once.", boom, 1 / 3, 1 / 3, 1 / 3, 0.125814583693),
        _make(
            "W",
            "One of the three is on; dit's default solver fails here.",
            one_hot,
            _SUBTLE_REDUNDANCY,
            0,
            0,
            2 / 3,
        ),
        _make(
            "SUBTLE",
            "Two correlated bits, both copied.",
            subtle,
            _SUBTLE_REDUNDANCY,
            2 / 3,
            2 / 3,
            0,
        ),
        _make(
            "DIFF",
            "Noise hides part of each source.",
            _uniform(["000", "001", "010", "101"]),
            0.122556248918,
            0.188721875541,
            0.188721875541,
            0,
        ),
        _make(
            "NOTTWO",
            "Never exactly two of three are on.",
            _uniform(["000", "001", "010", "100", "111"]),
            0.019973094022,
            0,
            0,
            0.550977500433,
        ),
    )
