"""Studies: which runs they have, how much of each is kept, and what survives trouble."""

import os
import shutil
import signal
from collections import Counter
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import pytest

from prism_core.__main__ import main
from prism_core.config.published import ReleasedConfig
from prism_core.config.run import load_run_config
from prism_core.config.study import Cell, StudyConfig, VariantConfig, cells_of, read_study
from prism_core.errors import ConfigError, RunFormatError
from prism_core.names import PARTS
from prism_core.store.datasets import Dataset
from prism_core.store.export import export_tier
from prism_core.store.files import read_json
from prism_core.store.reader import Run, list_runs
from prism_core.store.study_record import StudyRecord, StudyRun
from prism_core.studies.cells import Outcome, Progress, Task, Tell, Update
from prism_core.studies.launchers import Processes, worker_devices
from prism_core.studies.ray_launcher import RayTasks
from prism_core.studies.view import Lines, Pace

ROOT = Path(__file__).parents[2]
FAST = ("training.max_epochs=1", "model.hidden_size=16", "model.num_layers=1")
BUNDLED = read_study(ROOT / "assets" / "bundled.toml")
SUMMED_AND_SASREC = '[[variants]]\npreset = "summed"\n[[variants]]\npreset = "sasrec"\n'


def study_file(path: Path, dataset: Dataset, variants: str, head: str = "") -> Path:
    settings = ", ".join(f'"{text}"' for text in FAST)
    path.write_text(
        f'datasets = ["{dataset.path}"]\nfloors = false\nset = [{settings}]\n{head}\n{variants}',
        encoding="utf-8",
    )
    return path


def study_of(*variants: VariantConfig, **rest: object) -> StudyConfig:
    return StudyConfig(datasets=("data",), variants=variants, **rest)  # type: ignore[arg-type]


def command(study: Path, root: Path, *more: str) -> list[str]:
    return [
        "study", str(study), "--out", str(root / "out"), "--work", str(root / "work"),
        "--device", "cpu", *more,
    ]  # fmt: skip


class TestDefinition:
    def test_the_bundled_study_has_every_ablation_on_two_backbones_in_three_seeds(self) -> None:
        cells = [cell.config for cell in cells_of(BUNDLED) if cell.group == "Ablations"]
        kinds = {backbone: set() for backbone in ("sasrec", "gru4rec")}
        for config in cells:
            model = config.model
            kinds[model.backbone] |= {
                ("content", model.content), ("gate", model.gate), ("withhold", model.withhold),
                *(("without", part) for part in model.without),
                *(("knocked out", modality) for modality in model.knocked_out),
                ("losses", model.losses.reconstruction + model.losses.charge),
            }  # fmt: skip
        wanted = {
            *(("content", content) for content in ("prism", "sum", "none")),
            *(("gate", gate) for gate in ("user", "uniform", "no_id", "shuffled")),
            *(("withhold", how) for how in ("swap", "zero", "mean", "noise")),
            *(("without", part) for part in PARTS),
            ("knocked out", "image"), ("knocked out", "text"),
            ("losses", 0.0), ("losses", 0.2),
        }  # fmt: skip
        assert kinds == {"sasrec": wanted, "gru4rec": wanted}
        assert Counter(Counter(c.recipe_hash for c in cells).values()) == {3: 32}

    def test_the_bundled_study_turns_every_quirk_off_alone(self) -> None:
        quirks = [f.name for f in fields(ReleasedConfig)]
        cells = [c.config for c in cells_of(BUNDLED) if c.group.startswith("Quirks")]
        off = Counter(tuple(q for q in quirks if not getattr(c.model.released, q)) for c in cells)
        assert off == dict.fromkeys([(), tuple(quirks), *((q,) for q in quirks)], 3)

    def test_the_bundled_study_varies_lambda_and_temperature(self) -> None:
        cells = [cell.config.model for cell in cells_of(BUNDLED) if cell.group == "Sensitivity"]
        weights = Counter(model.losses.charge for model in cells)
        assert {w: n for w, n in weights.items() if w != 0.1} == {0.01: 3, 0.03: 3, 0.3: 3, 1: 3}
        temperatures = Counter(model.temperature for model in cells)
        assert {t: n for t, n in temperatures.items() if t != 0.7} == {
            0.2: 3,
            0.4: 3,
            1.4: 3,
            2.8: 3,
        }

    def test_variants_come_whole_and_the_most_wanted_first(self) -> None:
        labels = [cell.label for cell in cells_of(BUNDLED)]
        assert labels[:6] == [
            *(f"PRISM seed {seed}" for seed in range(3)),
            *(f"SASRec seed {seed}" for seed in range(3)),
        ]
        groups = list(dict.fromkeys(cell.group for cell in cells_of(BUNDLED)))
        assert groups[0] == "Ablations"
        assert groups[-1].startswith("Quirks")

    def test_a_case_is_the_preset_of_the_same_change(self) -> None:
        ids = {cell.config.run_id for cell in cells_of(BUNDLED)}
        presets = [f"without-{part.replace('_', '-')}" for part in PARTS]
        presets += ["uniform-gate", "sasrec", "gru4rec", "summed", "paper", "released"]
        assert {load_run_config(preset=name).run_id for name in presets} <= ids

    @pytest.mark.parametrize("path", sorted((ROOT / "assets").glob("*.toml")), ids=lambda p: p.stem)
    def test_every_study_file_has_runs_of_its_own(self, path: Path) -> None:
        cells = cells_of(read_study(path))
        assert len({cell.config.run_id for cell in cells}) == len(cells) > 10

    def test_the_backbone_is_named_where_it_is_not_the_presets_own(self) -> None:
        study = study_of(
            VariantConfig(preset="prism"),
            VariantConfig(preset="sasrec", name="{backbone} alone"),
            backbones=("sasrec", "stosa"),
        )
        assert [cell.config.name for cell in cells_of(study)] == [
            "PRISM", "SASRec alone", "PRISM (STOSA)", "STOSA alone",
        ]  # fmt: skip

    def test_patterns_decide_how_much_is_kept(self) -> None:
        study = study_of(
            VariantConfig(preset="prism"),
            VariantConfig(preset="sasrec"),
            seeds=(0, 1),
            tier="metrics",
            whole=("PRISM seed 0",),
            compact=("PRISM *",),
        )
        tiers = {cell.label: cell.tier for cell in cells_of(study)}
        assert list(tiers.values()) == ["whole", "compact", "metrics", "metrics"]

    @pytest.mark.parametrize(
        ("study", "told"),
        [
            (lambda: study_of(VariantConfig(preset="prism"), whole=("PRSM*",)), "PRSM"),
            (lambda: study_of(VariantConfig(preset="prsm")), "no preset"),
            (
                lambda: study_of(VariantConfig(preset="prism"), backbones=("lstm",)),
                "choose one of sasrec",
            ),
            (
                lambda: study_of(
                    VariantConfig(preset="prism"),
                    VariantConfig(preset="prism", set=("model.gate=uniform",)),
                ),
                "name them apart",
            ),
            (
                lambda: VariantConfig(preset="prism", cases={"a": (), "b": ("seed=3",)}),
                "{case}",
            ),
        ],
    )
    def test_a_wrong_study_gets_one_clear_sentence(self, study: object, told: str) -> None:
        with pytest.raises(ConfigError, match=told):
            cells_of(study())  # type: ignore[operator]


class TestTiers:
    def test_a_run_of_metrics_is_small_and_compares_like_the_whole(
        self, trained_runs: Path, tmp_path: Path
    ) -> None:
        (source,) = [Run(entry.path) for entry in list_runs([trained_runs])]
        copy = Run(export_tier(source.path, tmp_path / source.run_id, "metrics", group="Ablations"))
        copy.verify()
        assert (copy.tier, copy.group, copy.backbone) == ("metrics", "Ablations", "sasrec")
        assert sum(f.stat().st_size for f in copy.path.rglob("*")) < 30_000
        for table in ("metrics", "user_metrics", "items"):
            assert copy.table(table).equals(source.table(table))
        curves = [[e["valid"]["ndcg@10"] for e in run.events() if "valid" in e]
                  for run in (copy, source)]  # fmt: skip
        np.testing.assert_allclose(*curves, rtol=1e-4)
        with pytest.raises(RunFormatError, match="only its metrics were kept"):
            copy.table("recommendations")

    def test_the_item_table_of_all_copies_lies_there_once(
        self, tiny_runs: Path, tmp_path: Path
    ) -> None:
        for name in ("prism-seed0", "prism-seed1"):
            export_tier(tiny_runs / name, tmp_path / name, "compact")
        assert len(list(tmp_path.rglob("items*.parquet"))) == 1
        entries = list_runs([tmp_path])
        assert [entry.status for entry in entries] == ["complete", "complete"]
        again = Run(export_tier(entries[0].path, tmp_path / "again", "metrics"))
        again.verify()
        next(tmp_path.rglob("items*.parquet")).unlink()
        assert {entry.status for entry in list_runs([tmp_path])} == {"damaged"}

    def test_less_cannot_become_more(self, tiny_runs: Path, tmp_path: Path) -> None:
        export_tier(tiny_runs / "prism-seed0", tmp_path / "one", "metrics")
        with pytest.raises(RunFormatError, match="less than 'compact'"):
            export_tier(tmp_path / "one", tmp_path / "two", "compact")


class TestMaking:
    def test_every_cell_is_trained_once_and_kept_as_wanted(
        self, tmp_path: Path, tiny_dataset: Dataset, capsys: pytest.CaptureFixture[str]
    ) -> None:
        variants = '[[variants]]\npreset = "sasrec"\nseeds = [0, 1]\n'
        study = study_file(tmp_path / "s.toml", tiny_dataset, variants, 'whole = ["* seed 1"]')
        assert main(command(study, tmp_path)) == 0
        runs = {entry.seed: Run(entry.path) for entry in list_runs([tmp_path / "out"])}
        assert {seed: run.tier for seed, run in runs.items()} == {0: "compact", 1: "whole"}
        capsys.readouterr()
        study_file(tmp_path / "s.toml", tiny_dataset, variants, 'tier = "metrics"')
        assert main(command(study, tmp_path)) == 0
        assert capsys.readouterr().out.count("there already") == 2
        assert {entry.tier for entry in list_runs([tmp_path / "out"])} == {"metrics"}
        study_file(tmp_path / "s.toml", tiny_dataset, variants, 'whole = ["*"]')
        assert main(command(study, tmp_path)) == 0
        assert {entry.tier for entry in list_runs([tmp_path / "out"])} == {"whole"}

    def test_a_failed_cell_is_recorded_and_tried_again_alone(
        self,
        tmp_path: Path,
        tiny_dataset: Dataset,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        study = study_file(tmp_path / "s.toml", tiny_dataset, SUMMED_AND_SASREC)
        with monkeypatch.context() as broken:
            broken.setattr(
                "prism_core.models.content.summed.SummedContent.item_tables", _out_of_memory
            )
            assert main(command(study, tmp_path)) == 2
        record = read_json(tmp_path / "out" / "study.json")["runs"]
        outcomes = {entry["label"]: entry for entry in record.values()}
        assert outcomes["SASRec seed 0"]["status"] == "complete"
        assert outcomes["Summed content seed 0"]["status"] == "failed"
        assert "RuntimeError: out of memory" in outcomes["Summed content seed 0"]["reason"]
        capsys.readouterr()
        assert main(command(study, tmp_path)) == 0
        printed = capsys.readouterr().out
        assert "there already   SASRec seed 0" in printed
        assert "complete        Summed content seed 0" in printed
        record = read_json(tmp_path / "out" / "study.json")["runs"]
        assert {entry["status"] for entry in record.values()} == {"complete"}

    def test_the_record_names_runs_that_are_still_to_be_made(
        self, tmp_path: Path, tiny_dataset: Dataset
    ) -> None:
        study = study_file(tmp_path / "s.toml", tiny_dataset, SUMMED_AND_SASREC)
        assert main(command(study, tmp_path, "--only", "SAS*")) == 0
        record = StudyRecord.read(tmp_path / "out")
        assert {r.label: r.status for r in record.runs.values()} == {
            "Summed content seed 0": "planned", "SASRec seed 0": "complete",
        }  # fmt: skip
        there = [entry.run_id for entry in list_runs([tmp_path / "out"])]
        assert [run.label for run in record.unfinished(there)] == ["Summed content seed 0"]
        assert len(record.unfinished([])) == 2

    def test_a_run_planned_under_older_settings_is_forgotten_when_it_is_replaced(self) -> None:
        def planned(label: str, status: str = "planned") -> StudyRun:
            return StudyRun(label=label, group="g", status=status)  # type: ignore[arg-type]

        old = StudyRecord({"a1": planned("A"), "b1": planned("B", "complete"), "c1": planned("C")})
        new = old.planning({"a2": planned("A"), "b2": planned("B")}, ["b1"])
        assert list(new.runs) == ["a2", "b2", "b1", "c1"]

    def test_a_finished_run_that_was_removed_is_forgotten_unless_it_is_planned(
        self, tmp_path: Path, tiny_dataset: Dataset
    ) -> None:
        seeds = '[[variants]]\npreset = "sasrec"\nseeds = [0, 1]\n'
        study = study_file(tmp_path / "s.toml", tiny_dataset, seeds)
        assert main(command(study, tmp_path)) == 0
        for entry in list_runs([tmp_path / "out"]):
            shutil.rmtree(entry.path)
        study_file(tmp_path / "s.toml", tiny_dataset, seeds.replace("0, 1", "1, 2"))
        assert main(command(study, tmp_path, "--only", "* seed 2")) == 0
        record = StudyRecord.read(tmp_path / "out")
        assert {r.label: r.status for r in record.runs.values()} == {
            "SASRec seed 1": "complete", "SASRec seed 2": "complete",
        }  # fmt: skip
        there = [entry.run_id for entry in list_runs([tmp_path / "out"])]
        assert [run.label for run in record.unfinished(there)] == ["SASRec seed 1"]

    def test_a_damaged_record_is_refused(self, tmp_path: Path) -> None:
        for text in ('{"runs": 3}', '{"runs": {"a": {"x": 1}}}', "{}"):
            (tmp_path / "study.json").write_text(text, encoding="utf-8")
            with pytest.raises(RunFormatError, match="no record of a study"):
                StudyRecord.read(tmp_path)

    def test_only_chosen_runs_are_made(
        self, tmp_path: Path, tiny_dataset: Dataset, capsys: pytest.CaptureFixture[str]
    ) -> None:
        study = study_file(tmp_path / "s.toml", tiny_dataset, SUMMED_AND_SASREC)
        assert main(command(study, tmp_path, "--only", "SAS*")) == 0
        assert [entry.name for entry in list_runs([tmp_path / "out"])] == ["SASRec"]
        assert main(command(study, tmp_path, "--only", "none*")) == 2
        assert "fits no run" in capsys.readouterr().err

    def test_floors_of_two_data_sets_are_kept_apart(
        self, tmp_path: Path, tiny_dataset: Dataset
    ) -> None:
        from tests.factories import make_dataset

        other = make_dataset(tmp_path / "other", seed=5)
        study = study_file(tmp_path / "s.toml", tiny_dataset, '[[variants]]\npreset = "sasrec"\n')
        text = study.read_text(encoding="utf-8").replace("floors = false", "")
        study.write_text(text.replace('"]\n', f'", "{other.path}"]\n', 1), encoding="utf-8")
        assert main(command(study, tmp_path)) == 0
        entries = list_runs([tmp_path / "out"])
        assert Counter(entry.group for entry in entries) == {"Floors": 10, "Ablations": 2}


class TestLaunchers:
    def test_two_workers_make_what_one_process_makes(
        self, tmp_path: Path, tiny_dataset: Dataset
    ) -> None:
        study = study_file(tmp_path / "s.toml", tiny_dataset, SUMMED_AND_SASREC)
        assert main(command(study, tmp_path / "one")) == 0
        assert main(command(study, tmp_path / "two", "--jobs", "2")) == 0
        _require_equal(tmp_path / "one" / "out", tmp_path / "two" / "out")

    def test_a_worker_that_dies_costs_one_run(self, tmp_path: Path) -> None:
        cells = cells_of(study_of(VariantConfig(preset="sasrec"), seeds=(0, 1, 2)))
        told: list[Update] = []
        Processes(("cpu", "cpu"))(cells, Mortal(tmp_path, tmp_path), told.append)
        outcomes = {update.label: update for update in told if isinstance(update, Outcome)}
        assert [outcomes[f"SASRec seed {seed}"].status for seed in range(3)] == [
            "complete", "failed", "complete",
        ]  # fmt: skip
        assert "memory ran out" in outcomes["SASRec seed 1"].reason

    def test_ray_makes_the_same(self, tmp_path: Path, tiny_dataset: Dataset) -> None:
        pytest.importorskip("ray", reason="Ray is optional and not installed")
        study = study_file(tmp_path / "s.toml", tiny_dataset, SUMMED_AND_SASREC)
        assert main(command(study, tmp_path / "one")) == 0
        ray = command(study, tmp_path / "ray", "--jobs", "2", "--launcher", "ray")
        assert main(ray) == 0
        _require_equal(tmp_path / "one" / "out", tmp_path / "ray" / "out")

    def test_without_ray_the_command_says_how_to_get_it(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setitem(__import__("sys").modules, "ray", None)
        with pytest.raises(ImportError, match="pip install ray"):
            RayTasks(1)([], Task(tmp_path, tmp_path), print)

    def test_workers_take_the_gpus_in_turn(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert worker_devices("cpu", 2) == ("cpu", "cpu")
        monkeypatch.setattr("torch.cuda.device_count", lambda: 2)
        assert worker_devices("auto", 3) == ("cuda:0", "cuda:1", "cuda:0")
        assert worker_devices("cuda", 0) == ("cuda:0", "cuda:1")
        assert worker_devices("cuda:1", 1) == ("cuda:1",)


def test_lines_say_how_far_the_study_is(capsys: pytest.CaptureFixture[str]) -> None:
    lines = Lines(Pace(total=5, jobs=2))
    lines(Outcome("a", "A seed 0", "there already"))
    lines(Progress("b", "B seed 0", 1, 3))
    lines(Outcome("b", "B seed 0", "complete", seconds=120))
    lines(Outcome("c", "C seed 0", "failed", "no reason"))
    printed = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in printed] == ["1/5", "2/5", "3/5"]
    assert "left" not in printed[0]
    assert "about 3 min left" in printed[1]
    assert printed[2].endswith("no reason")


@dataclass(frozen=True, slots=True)
class Mortal(Task):
    """Seed 1 takes its process with it."""

    def __call__(self, cell: Cell, device: str, tell: Tell) -> Outcome:
        if cell.config.seed == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return Outcome(cell.config.run_id, cell.label, "complete")


def _out_of_memory(*_: object) -> None:
    raise RuntimeError("out of memory")


def _require_equal(one: Path, two: Path) -> None:
    pairs = list(zip(list_runs([one]), list_runs([two]), strict=True))
    assert len(pairs) == 2
    for ours, theirs in pairs:
        assert ours.run_id == theirs.run_id
        assert Run(ours.path).table("user_metrics").equals(Run(theirs.path).table("user_metrics"))
