"""Estimates from vectors: what is found, what is refused, what is said beside the numbers."""

from types import SimpleNamespace

import dit
import numpy as np
import pandas as pd
import pytest

from analysis.information import decompose, estimate
from analysis.information.bias import extrapolate
from analysis.information.binning import TableCoding, given_codes
from analysis.information.gates import gate
from analysis.information.local import clustered_error, group_atoms
from analysis.information.nulls import p_value, permute_by_user, permute_within
from analysis.information.probes import assign_folds
from analysis.information.result import Estimate
from analysis.information.stability import panel_bins
from analysis.information.summary import summary
from analysis.information.table import merge_tail, occupancy
from analysis.information.truth import computed_gates, markdown_table, recovered
from analysis.information.worlds import WORLDS
from prism_core.errors import DataError

SYNERGY_WORLD = next(world for world in WORLDS if world.name == "synergy")


def draw(name: str, count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sample codes from a canonical gate."""
    table = gate(name).probabilities
    cells = np.random.default_rng(seed).choice(table.size, size=count, p=table.ravel())
    first, second, target = np.unravel_index(cells, table.shape)
    return first, second, target


@pytest.fixture(scope="module")
def soft() -> Estimate:
    first, second, target = next(w for w in WORLDS if w.name == "mixed").sample(2_000, 1)
    return estimate(first, second, target, groups=np.arange(2_000) // 5, permutations=60)


@pytest.mark.parametrize("name", ["XOR", "UNQ", "RDN", "AND"])
def test_codes_give_the_gates_back(name: str) -> None:
    found = estimate(*draw(name, 4_000), coding="codes", permutations=60)
    for atom, known in gate(name).atoms.items():
        assert found[atom].value == pytest.approx(known, abs=0.04)
        assert found[atom].distinguishable == (known > 0)


def test_independent_bins_read_nothing_although_the_plug_in_does() -> None:
    rng = np.random.default_rng(0)
    first, second, target = (rng.integers(0, k, 5_000) for k in (16, 16, 8))
    found = estimate(first, second, target, coding="codes", permutations=40)
    assert found["synergy"].plug_in > 0.2
    assert abs(found["synergy"].value) < 0.02
    assert not found["synergy"].distinguishable
    assert found.correction == "shuffle"


def test_extrapolation_beats_the_plug_in_on_a_strong_signal() -> None:
    rng = np.random.default_rng(1)
    first, second, target = draw("XOR", 3_000)
    noisy = 4 * first + rng.integers(0, 4, 3_000), 4 * second + rng.integers(0, 4, 3_000)
    coding = TableCoding(
        noisy[0][:, None].astype(float),
        noisy[1][:, None].astype(float),
        target,
        np.arange(3_000),
        given_codes,
    )
    flipped = np.where(rng.random(3_000) < 0.1, 1 - target, target)
    coding.target = flipped
    corrected, _, curve = extrapolate(coding.at(8), seed=0)
    truth = gate("noisy XOR").synergy
    assert abs(corrected[2] - truth) < abs(curve[0, 2] - truth)
    assert (np.diff(curve[:, 2]) > 0).all()


def test_too_few_samples_are_refused_with_the_number_needed() -> None:
    rng = np.random.default_rng(0)
    first, second, target = (rng.integers(0, k, 500) for k in (16, 16, 4))
    with pytest.raises(DataError, match=r"at least 2,048 samples are needed"):
        estimate(first, second, target, coding="codes")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"target": np.zeros(50)}, "1 values; between 2 and 16"),
        ({"target": np.arange(50)}, "merge_tail"),
        ({"first": np.full((50, 2), np.nan)}, "row 0: a value is not finite"),
        ({"second": np.zeros((49, 2))}, "one row for each event"),
        ({"groups": np.arange(50) % 3}, "3 users"),
        ({"coding": "guess"}, "choose one of posterior"),
        ({"coding": "quantile"}, "for scalars"),
        ({"coding": "codes"}, "one column for each source"),
        ({"coding": ["posterior"]}, "choose one of posterior"),
        ({"first": "x"}, r"'first' takes vectors .* an object of type str"),
        ({"first": None}, "'first' takes vectors .* None"),
        ({"first": [[1], [1, 2]]}, "not made of numbers alone"),
        ({"second": np.zeros((50, 2, 1))}, r"'second' takes vectors .* shape \(50, 2, 1\)"),
        ({"second": np.zeros((50, 0))}, r"shape \(50, 0\)"),
        ({"second": np.full((50, 2), "a")}, "not made of numbers alone"),
        ({"second": np.ones((50, 2)) * 1j}, "not made of numbers alone"),
        ({"second": np.ma.masked_all((50, 2))}, "row 0: a value is not finite"),
        ({"second": np.full((50, 2), 1e200)}, "a value is beyond 1e\\+100"),
        ({"target": 3}, r"target takes one label for each event, \(n,\)"),
        ({"target": np.zeros((50, 1))}, r"shape \(50, 1\)"),
        ({"target": np.full(50, np.nan)}, "target, row 0: the label is missing"),
        ({"target": np.array([1, "a"] * 25, dtype=object)}, "mixes text with numbers"),
        ({"groups": "x"}, "groups takes one label for each event"),
        ({"bins": 0}, "bins is 0; give a whole number of at least 2"),
        ({"bins": 2.5}, "bins is 2.5"),
        ({"permutations": 0}, "permutations is 0; give a whole number of at least 1"),
        ({"num_folds": 1}, "num_folds is 1; give a whole number of at least 2"),
        ({"seed": -1}, "seed is -1"),
    ],
)
def test_wrong_input_is_refused_in_one_sentence(change: dict, message: str) -> None:
    good = {
        "first": np.random.default_rng(0).normal(size=(50, 2)),
        "second": np.random.default_rng(1).normal(size=(50, 2)),
        "target": np.arange(50) % 2,
    }
    with pytest.raises(DataError, match=message):
        estimate(**(good | change))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("x", r"decompose takes probabilities .* got an object of type str"),
        (None, r"three axes \(k1, k2, Y\); got shape \(\)"),
        ([[1, 2], [3]], "not made of numbers alone"),
        ({"first": 1}, "an object of type dict"),
        (np.ones((2, 2, 2), dtype=complex) / 8, "not made of numbers alone"),
        (np.full((2, 2, 2), np.nan), r"Cell \(0, 0, 0\) is nan"),
        (np.ones((2, 2, 2)), "sum to 8, not 1; divide counts by their number"),
        (dit.Distribution(["00", "11"], [0.5, 0.5]), "exactly three variables"),
        (dit.Distribution, "the type Distribution"),
        (SimpleNamespace(outcomes=["000"]), "an object of type SimpleNamespace"),
    ],
    ids=str,
)
def test_what_is_no_distribution_is_refused_in_one_sentence(given: object, message: str) -> None:
    with pytest.raises(DataError, match=message) as refused:
        decompose(given)
    assert "\n" not in str(refused.value)


def test_text_labels_and_frames_are_taken() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 80, 2))
    label, user = np.arange(80) % 2, np.arange(80) // 2
    plain = estimate(first, second, label, groups=user, permutations=5)
    named = estimate(
        pd.DataFrame(first), second.tolist(), np.where(label, "b", "a"),
        groups=pd.Series(user).map("user {:02d}".format), permutations=5,
    )  # fmt: skip
    assert [atom.value for atom in named.atoms] == [atom.value for atom in plain.atoms]


def test_posterior_coding_recovers_a_mixture(soft: Estimate) -> None:
    assert soft["redundancy"].value == pytest.approx(0.123, abs=0.05)
    assert soft["unique_first"].value == pytest.approx(0.063, abs=0.05)
    assert soft["unique_second"].value == pytest.approx(0.0, abs=0.02)
    assert soft["synergy"].value == pytest.approx(0.19, abs=0.1)
    assert soft["synergy"].distinguishable
    assert soft.synergy_p_value < 0.05


def test_everything_to_judge_the_number_stands_beside_it(soft: Estimate) -> None:
    assert soft.users == 400
    assert soft.occupancy.samples_per_cell > 2
    assert set(soft.retention or {}) == {"first", "second", "joint"}
    assert len(soft.resolutions) == 3
    assert soft.sample_sizes["samples"].tolist() == [2000, 1000, 500, np.inf]
    assert abs(soft.gap) < 1e-6
    assert list(soft.frame()["atom"])[-1] == "information_joint"
    total = sum(atom.value for atom in soft.atoms)
    assert total == pytest.approx(soft.total.value, abs=1e-9)


def test_dit_sees_the_same_redundancy_and_unique_atoms(soft: Estimate) -> None:
    again = decompose(soft.distribution())
    for atom in ("redundancy", "unique_first", "unique_second"):
        assert getattr(again, atom) == pytest.approx(soft[atom].plug_in, abs=1e-6)


def test_other_definitions_see_how_the_sources_go_together() -> None:
    """They are given the events as they are, not as if the target were all that links sources."""
    rng = np.random.default_rng(0)
    cause = rng.integers(0, 2, 4_000)
    target = np.where(rng.random(4_000) < 0.2, 1 - cause, cause)
    found = estimate(cause, cause, target, coding="codes", permutations=20)
    assert found.panel_table[0, 1].sum() == found.panel_table[1, 0].sum() == 0
    assert found.table[0, 1].sum() > 0.1
    assert found.target_entropy == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(
    ("samples", "bins"), [(20_000, 6), (11_918, 6), (610, 2)], ids=lambda one: f"{one:,}"
)
def test_the_panel_keeps_its_cells_filled(samples: int, bins: int) -> None:
    assert panel_bins(16, 16, samples) == bins


def test_the_same_seed_gives_the_same_estimate() -> None:
    first, second, target = SYNERGY_WORLD.sample(600, 3)
    runs = [estimate(first, second, target, bins=4, permutations=20, seed=5) for _ in range(2)]
    assert runs[0].frame().equals(runs[1].frame())


def test_few_events_are_warned_of() -> None:
    found = estimate(*SYNERGY_WORLD.sample(600, 3), bins=4, permutations=20)
    assert any("fewer than 2,000 events" in warning for warning in found.warnings)


def test_the_summary_says_what_is_clear_and_what_is_not(soft: Estimate) -> None:
    words = {"about": "the click", "sources": ("the image", "the text")}
    said = summary(soft.frame(), target_entropy=soft.target_entropy, **words)  # type: ignore[arg-type]
    assert said.startswith("The image and the text together tell 0.")
    assert "% of the 1.00 bits that it takes to know it" in said
    assert "only both together tell 0." in said
    assert "Not distinguishable from zero: what the text alone tells." in said
    nothing = soft.frame().assign(distinguishable=False)
    assert "stays unseen" in summary(nothing, target_entropy=float("nan"), **words)  # type: ignore[arg-type]


def test_local_atoms_average_to_the_plug_in(soft: Estimate) -> None:
    means = soft.local.values.mean(0)
    assert means[:4] == pytest.approx([atom.plug_in for atom in soft.atoms], abs=1e-7)


def test_groups_add_up_to_the_whole_and_small_ones_are_left_out(soft: Estimate) -> None:
    labels = np.where(np.arange(2_000) < 1_200, "long", "short")
    labels[:100] = "tiny"
    frame = group_atoms(soft.local, labels, soft.local_correction)
    assert set(frame["group"]) == {"long", "short"}
    whole = group_atoms(soft.local, np.zeros(2_000), soft.local_correction)
    assert whole["value"].to_list() == pytest.approx([atom.value for atom in soft.atoms], abs=1e-7)


def test_copied_events_do_not_shrink_the_clustered_error() -> None:
    values = np.random.default_rng(0).normal(size=(400, 2))
    once = clustered_error(values, np.arange(400))
    copied = clustered_error(np.repeat(values, 5, axis=0), np.repeat(np.arange(400), 5))
    np.testing.assert_allclose(copied, once)


def test_permutations_keep_what_they_promise() -> None:
    rng = np.random.default_rng(0)
    strata = rng.integers(0, 4, 200)
    rows = permute_within(strata, rng)
    assert sorted(rows) == list(range(200))
    assert (strata[rows] == strata).all()
    users = np.repeat(np.arange(20), 10)
    moved = permute_by_user(users, users, rng)
    assert sorted(moved) == sorted(users)
    assert (moved.reshape(20, 10) == moved.reshape(20, 10)[:, :1]).all()


def test_p_value_counts_the_observed_one() -> None:
    assert p_value(2.0, np.array([0.0, 1.0, 2.0])) == pytest.approx(0.5)
    assert p_value(9.0, np.zeros(99)) == pytest.approx(0.01)


def test_folds_never_divide_a_user() -> None:
    users = np.random.default_rng(0).integers(0, 30, 500)
    folds = assign_folds(users, 3, seed=0)
    assert all(len(set(folds[users == user])) == 1 for user in range(30))
    assert np.bincount(folds).min() > 100


def test_the_tail_of_a_target_becomes_other() -> None:
    labels = ["a"] * 5 + ["b"] * 3 + ["c", "d"]
    codes, names = merge_tail(labels, limit=3)
    assert names == ("a", "b", "other")
    assert np.bincount(codes).tolist() == [5, 3, 2]


def test_predicted_bias_follows_the_law() -> None:
    assert occupancy(1_000, 256, 8).predicted_bias == pytest.approx(1.2876, abs=1e-3)


def test_recovered_table_names_planted_and_found() -> None:
    frame = recovered(worlds=WORLDS[-1:], sample_sizes=(300,), permutations=20)
    assert (frame["planted"] == 0).all()
    assert "| nothing | 300 |" in markdown_table(frame)


def test_gates_are_computed_live() -> None:
    frame = computed_gates()
    assert frame["error"].abs().max() < 1e-6
    assert (frame["gap"].abs() < 1e-8).all()


def blurred(name: str, share: float = 0.25) -> np.ndarray:
    """A gate whose target is replaced by chance in a share of all events."""
    table = gate(name).probabilities
    return (1 - share) * table + share * table.sum(2, keepdims=True) * table.sum((0, 1))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["AND", "XOR", "RDN"])
def test_intervals_cover_and_nothing_is_rarely_found(name: str) -> None:
    """Thirty draws: exact binomial limits for 95 % coverage and 5 % false finds, p < .001."""
    table, rounds = blurred(name), 30
    truth = decompose(table).atoms
    covered, found = dict.fromkeys(truth, 0), dict.fromkeys(truth, 0)
    for seed in range(rounds):
        cells = np.random.default_rng(seed).choice(table.size, 1_500, p=table.ravel())
        codes = np.unravel_index(cells, table.shape)
        users = np.arange(1_500) // 5
        one = estimate(*codes, groups=users, coding="codes", permutations=40, seed=seed)
        for atom, bits in truth.items():
            covered[atom] += one[atom].low - 1e-6 <= bits <= one[atom].high + 1e-6
            found[atom] += one[atom].distinguishable
    assert min(covered.values()) >= 24
    assert max(count for atom, count in found.items() if truth[atom] < 1e-6) <= 6
    assert min(count for atom, count in found.items() if truth[atom] > 0.1) == rounds


def sticky_users(seed: int) -> tuple[np.ndarray, ...]:
    """Users who keep to their codes and to their targets, one having nothing to do with the other.

    Few users and many events each: events shuffled one by one would look far more alike than users.
    """
    rng = np.random.default_rng(seed)
    users = np.repeat(np.arange(60), rng.integers(5, 30, 60))
    kept = rng.random((3, len(users))) < 0.8
    habits = rng.integers(0, 3, (3, 60))[:, users]
    moods = rng.integers(0, 3, (3, len(users)))
    return users, *np.where(kept, habits, moods)


@pytest.mark.slow
def test_chance_is_not_called_information_where_events_of_a_user_are_alike() -> None:
    """Forty draws of nothing: at most 6 at the 5 % level, exact binomial p < .01."""
    found = dict.fromkeys(("information_joint", "synergy", "redundancy"), 0)
    small, apart = 0, 0
    for seed in range(40):
        users, first, second, target = sticky_users(seed)
        one = estimate(
            first, second, target, groups=users, coding="codes", permutations=40, seed=seed
        )
        alone = estimate(first, second, target, coding="codes", permutations=40, seed=seed)
        small += one.total.p_value <= 0.05
        apart += alone.total.p_value <= 0.05
        for name in found:
            found[name] += one[name].distinguishable
    assert small <= 6
    assert max(found.values()) <= 6
    assert apart >= 20


def test_retention_is_measured_for_every_coding_of_vectors() -> None:
    first, second, target = SYNERGY_WORLD.sample(900, 2)
    paper = estimate(first, second, target, coding="kmeans", bins=4, permutations=10)
    assert set(paper.retention or {}) == {"first", "second", "joint"}
    known = estimate(*draw("XOR", 400), coding="codes", permutations=10)
    assert known.retention is None


def test_errors_of_few_events_hold_what_the_probes_do_not_know() -> None:
    """Both sources are alike; which probe learned better is luck, and no unique part."""
    first, second, target = next(w for w in WORLDS if w.name == "redundancy").sample(800, 1012)
    found = estimate(first, second, target, permutations=40, seed=12)
    sampling = found.local.standard_errors()
    errors = np.array([atom.standard_error for atom in (*found.atoms, found.total)])
    assert (errors >= sampling - 1e-12).all()
    assert (errors[:2] > sampling[:2]).any()
    assert not found["unique_first"].distinguishable
    assert not found["unique_second"].distinguishable


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.name)
def test_planted_atoms_are_recovered_from_five_thousand_events(world: object) -> None:
    first, second, target = world.sample(5_000, 0)  # type: ignore[attr-defined]
    found = estimate(first, second, target, permutations=200)
    for atom, planted in world.atoms.items():  # type: ignore[attr-defined]
        assert abs(found[atom].value - planted) <= 0.05, atom
    if world.name == "nothing":  # type: ignore[attr-defined]
        assert found.total.value <= 0.005
    if world.name == "synergy":  # type: ignore[attr-defined]
        assert found.synergy_p_value < 0.01
    if world.name in ("redundancy", "nothing"):  # type: ignore[attr-defined]
        assert found.synergy_p_value > 0.05
