"""The controls of a what-if: switches, withheld modalities, weights, history, undo and reset.

The what-if in the link is the one truth: every control is set from it before it is drawn and
writes a new one when it is used.
"""

from dataclasses import replace
from typing import Final

import pandas as pd
import streamlit as st

from analysis.plots.theme import label_of
from app.catalogue import Catalogue
from app.components import what_if_history
from app.state import Widget, can_undo, selection, try_what_if, undo
from app.what_if import WhatIf
from prism_core.errors import ConfigError
from prism_core.store.reader import Run

STEP: Final = 0.01


def current(run: Run) -> WhatIf:
    """Read the what-if of the link; one that does not fit the run is said and left out."""
    text = selection().whatif or ""
    try:
        return WhatIf.from_text(text, players=run.players, modalities=run.modalities)
    except ConfigError as error:
        st.warning(str(error))
        return WhatIf()


def draw(
    run: Run, change: WhatIf, *, own: tuple[str, ...], weights: pd.DataFrame, catalogue: Catalogue
) -> None:
    """Draw all controls.

    Parameters
    ----------
    own
        The items of the user's own history that the model reads, oldest first.
    weights
        The user's fusion weights, ``part`` and ``weight``.
    """
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center", wrap=False):
            st.markdown("**Change something**", width="stretch")
            st.button(
                "Undo", icon=":material/undo:", key=Widget.UNDO, on_click=undo,
                disabled=not can_undo(),
            )  # fmt: skip
            st.button(
                "Reset", icon=":material/restart_alt:", key=Widget.RESET,
                on_click=lambda: try_what_if(""), disabled=change.is_empty,
            )  # fmt: skip
        _draw_switches(run, change)
        what_if_history.draw(change, own, catalogue)
        _draw_weights(run, change, weights)


def _draw_switches(run: Run, change: WhatIf) -> None:
    st.session_state[Widget.PLAYERS_ON] = [p for p in run.players if p not in change.off]
    st.pills(
        "Switched on",
        run.players,
        selection_mode="multi",
        format_func=label_of,
        key=Widget.PLAYERS_ON,
        on_change=lambda: _set(change, off=_missing(run.players, Widget.PLAYERS_ON)),
        help="What is switched off is replaced by what stands above.",
    )
    st.session_state[Widget.WITHHELD] = list(change.withheld)
    st.pills(
        "Withheld",
        run.modalities,
        selection_mode="multi",
        format_func=str.capitalize,
        key=Widget.WITHHELD,
        on_change=lambda: _set(change, withheld=tuple(st.session_state[Widget.WITHHELD])),
        help="The model then knows no item's image, or no item's text: it sees their average.",
    )


def _draw_weights(run: Run, change: WhatIf, weights: pd.DataFrame) -> None:
    own = tuple(round(float(weight), 2) for weight in weights["weight"])
    st.session_state[Widget.BY_HAND] = change.weights is not None
    st.toggle(
        "Set the fusion weights by hand",
        key=Widget.BY_HAND,
        on_change=lambda: _set(change, weights=own if st.session_state[Widget.BY_HAND] else None),
        help="They are scaled to sum to 1 and used at every place of the history.",
    )
    if change.weights is None:
        words = (
            f"{label_of(part)} {weight:.2f}" for part, weight in zip(run.parts, own, strict=True)
        )
        st.caption(f"The gate's own: {', '.join(words)}.")
        return
    scaled = change.scaled_weights or own
    for part, value, share in zip(run.parts, change.weights, scaled, strict=True):
        key = f"{Widget.WEIGHT}-{part}"
        st.session_state[key] = float(value)
        st.slider(
            f"{label_of(part)}: {share:.2f}",
            0.0,
            1.0,
            step=STEP,
            key=key,
            on_change=lambda: _set(change, weights=_slider_values(run.parts)),
        )


def _set(change: WhatIf, **fields: tuple[str, ...] | tuple[float, ...] | None) -> None:
    try_what_if(replace(change, **fields).to_text())  # type: ignore[arg-type]


def _missing(players: tuple[str, ...], key: str) -> tuple[str, ...]:
    return tuple(player for player in players if player not in st.session_state[key])


def _slider_values(parts: tuple[str, ...]) -> tuple[float, ...]:
    return tuple(round(st.session_state[f"{Widget.WEIGHT}-{part}"], 2) for part in parts)
