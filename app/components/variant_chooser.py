"""Which variants the page Ablations compares: by backbone and group, or chosen one by one."""

from dataclasses import dataclass
from typing import Final

import streamlit as st

from analysis import comparison
from app.components.text import plural
from app.state import Widget
from prism_core.names import BACKBONES
from prism_core.store.reader import Run

FEW: Final = 16
"""Up to so many variants, all are shown at first."""

OWN: Final = "Your own"
FLOORS: Final = "Floors"


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the page compares.

    Attributes
    ----------
    runs
        All runs of the chosen variants.
    names
        Names of these variants, as far as seeds are folded.
    own
        Name of the variant that the chosen run belongs to.
    """

    runs: list[Run]
    names: list[str]
    own: str


def draw(run: Run, runs: list[Run]) -> Chosen:
    """Draw the choice among comparable runs; the chosen run's variant always takes part."""
    name_of = comparison.variant_names(runs)
    own, first = name_of[run.run_id], {name_of[r.run_id]: r for r in reversed(runs)}
    group_of = {name: _group(r) for name, r in first.items()}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        backbones = _pick(
            "Backbone", [r.backbone for r in runs], run.backbone, Widget.BACKBONES, len(first)
        )
        groups = _pick(
            "Group", [group_of[name_of[r.run_id]] for r in runs], group_of[own], Widget.GROUPS,
            len(first),
        )  # fmt: skip
        names = list(dict.fromkeys(name_of[r.run_id] for r in runs))
        fitting = [
            name for name in names
            if name == own or _fits(group_of[name], first[name].backbone, groups, backbones)
        ]  # fmt: skip
        shown = _draw_search(names, fitting, own)
    kept = [r for r in runs if name_of[r.run_id] in shown]
    return Chosen(kept, [name for name in names if name in shown], own)


def _fits(group: str, backbone: str, groups: list[str], backbones: list[str]) -> bool:
    return group in groups and (backbone in backbones or not backbone)


def _group(run: Run) -> str:
    if run.manifest["kind"] == "floor":
        return FLOORS
    return run.group or OWN


def _pick(label: str, listed: list[str], own: str, key: str, variants: int) -> list[str]:
    """Draw pills unless there is nothing to choose; the default follows the chosen run."""
    options = [option for option in dict.fromkeys(listed) if option]
    if len(options) < 2:
        return options
    default = options if variants <= FEW or own not in options else [own]
    kept = [o for o in st.session_state.get(key, []) if o in options] or default
    st.session_state[key] = kept
    picked = st.pills(
        label, options, selection_mode="multi", format_func=lambda o: BACKBONES.get(o, o), key=key,
        persist_state="session",
    )  # fmt: skip
    return list(picked) or default


def _draw_search(names: list[str], fitting: list[str], own: str) -> list[str]:
    """Draw the search; what is chosen there replaces backbone and group."""
    count = len(st.session_state.get(Widget.VARIANTS, []) or fitting)
    with st.popover(plural(count, "variant"), icon=":material/search:"):
        st.session_state[Widget.VARIANTS] = [
            name for name in st.session_state.get(Widget.VARIANTS, []) if name in names
        ]
        wanted = st.multiselect(
            "Only these variants", names, key=Widget.VARIANTS, placeholder="Type to search",
            persist_state="session",
            help="Empty: all of the chosen backbones and groups.",
        )  # fmt: skip
        st.caption("Shown now: " + ", ".join(wanted or fitting))
    return [own, *wanted] if wanted else fitting
