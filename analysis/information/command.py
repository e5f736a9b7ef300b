"""The command ``python -m analysis information``: answer a run's questions, one after another.

Without options it asks the standard questions; ``--first`` and ``--second`` name any two sources
instead, ``--slice`` keeps to the choices of a slice. Each answer is stored as soon as it is there,
under its own content key, and of the one that is being computed the finished pieces are kept: a
command that was stopped goes on where it was, and one that has nothing to do ends at once.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from analysis.events import emit
from analysis.information.answers import answer, refusal
from analysis.information.coding import CODINGS
from analysis.information.library import Library
from analysis.information.questions import EVERYBODY, SCOPES, Question, Settings, ask, questions
from analysis.information.sources import REST
from analysis.information.stored import has_answer, store_answer
from analysis.information.targets import TARGETS
from analysis.saved_slices import SavedSlice, group_slice, saved_slices
from analysis.tastes import groups_of_users
from analysis.timing import Progress
from analysis.unfinished import Unfinished
from prism_core.errors import DataError, PrismError
from prism_core.store.datasets import Dataset
from prism_core.store.reader import Run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("runs", nargs="+", type=Path, metavar="RUN", help="run folder")
    parser.add_argument("--dataset", type=Path, help="data-set folder; default: the run's own")
    parser.add_argument("--scope", action="append", choices=SCOPES, help="repeatable; default all")
    parser.add_argument("--target", action="append", choices=TARGETS, help="repeatable")
    parser.add_argument(
        "--first",
        metavar="SOURCE",
        help='a modality, a part, "id", or "projected MODALITY": ask about it, not the standard',
    )
    parser.add_argument(
        "--second", metavar="SOURCE", help=f'as --first; "{REST}" (default): all alike but it'
    )
    parser.add_argument("--slice", default=EVERYBODY, help="name of a slice; default everybody")
    parser.add_argument(
        "--slices", action="append", type=Path, metavar="FOLDER", default=[],
        help="where else slices are kept, beside the run's own folder; repeatable",
    )  # fmt: skip
    parser.add_argument(
        "--coding", choices=[one for one in CODINGS if one != "codes"],
        help="default: quantile for the scalars of 'hit or miss', else posterior",
    )  # fmt: skip
    parser.add_argument("--permutations", type=int, default=200)
    parser.add_argument("--events-per-user", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--no-definitions", action="store_true", help="skip dit's other measures")


def run(args: argparse.Namespace) -> None:
    """Answer every question that is asked and not answered yet."""
    settings = Settings(
        coding=args.coding,
        permutations=args.permutations,
        events_per_user=args.events_per_user,
        seed=args.seed,
    )
    work = [pair for path in args.runs for pair in _work(path, args, settings)]
    if not work:
        raise DataError(
            "No question is left: --scope and --target exclude each other, or the run does not "
            "have the sources."
        )
    progress = Progress(len(work))
    for number, (library, question) in enumerate(work):
        label = f"{question.first}, {question.second} -> {question.target}"
        progress.start(number, f"{library.run.run_id}: {label}")
        if not _answer(library, question, progress, definitions=not args.no_definitions):
            progress.skip()
    emit("finished", done=len(work), total=len(work))


def _work(
    path: Path, args: argparse.Namespace, settings: Settings
) -> list[tuple[Library, Question]]:
    one = Run(path)
    dataset = Dataset(args.dataset or Path(one.manifest["dataset"]["path"]))
    library = Library(one, dataset, settings, _slices(one, dataset, args))
    return [(library, question) for question in _asked(one, dataset, args)]


def _slices(one: Run, dataset: Dataset, args: argparse.Namespace) -> dict[str, SavedSlice]:
    """The slice that is asked for: a saved one, or a group of users."""
    if not args.slice:
        return {}
    for folder in (one.path, *args.slices):
        if args.slice in (kept := saved_slices(folder)):
            return {args.slice: kept[args.slice]}
    group = group_slice(groups_of_users(one, dataset), args.slice)
    return {} if group is None else {args.slice: group}


def _asked(one: Run, dataset: Dataset, args: argparse.Namespace) -> list[Question]:
    if args.first:
        second, targets = args.second or REST, args.target or TARGETS
        return [ask(target, args.first, second, one, slice=args.slice) for target in targets]
    if args.second:
        raise DataError("--second needs --first.")
    return [
        question
        for question in questions(one, dataset, slice=args.slice)
        if (not args.scope or question.scope in args.scope)
        and (not args.target or question.target in args.target)
    ]


def _answer(library: Library, question: Question, progress: Progress, *, definitions: bool) -> bool:
    """Answer a question and store it; tells whether there was anything to do."""
    settings, one = library.settings, library.run
    coding = settings.coding or question.suggested_coding
    key = question.key(one, library.dataset, settings, library.slices.get(question.slice))
    computed = not has_answer(one.path, key)
    if computed:
        unfinished = Unfinished.of_run(one.path, key)
        try:
            material = library.material(question)
            frame = answer(material, question, settings, progress, definitions, unfinished)
        except PrismError as error:
            frame = refusal(str(error))
        store_answer(one.path, question, coding, key, frame)
        unfinished.discard()
    emit("information", run=one.run_id, target=question.target, computed=computed)
    return computed
