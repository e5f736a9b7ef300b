"""The choice of what takes the place of a part that is switched off, and its words on the page."""

from typing import Final

import streamlit as st

from analysis.explanations import stored_stand_in
from app import loaders
from app.components import user_picker
from app.people import people_of
from app.state import Widget, select, selection
from prism_core.errors import ConfigError
from prism_core.stand_in import KINDS, StandIn
from prism_core.store.reader import Run

LABELS: Final = {
    "mean": "its mean over the items",
    "users": "its mean over all users",
    "zero": "zero",
    "other": "another user's value",
}
HELP: Final = (
    "A contribution asks what is lost without a part, and the answer depends on what takes its "
    "place. **Mean over the items** favours no item; training histories met it, too. **Mean "
    "over all users** is what an average history has. **Zero** takes the part out, which moves the "
    "score to where the model was never trained. **Another user's value** asks what this user's "
    "own history does in comparison with that user's."
)


def current(run: Run, user_id: str) -> StandIn:
    """Read the stand-in of the link; the stored one where none fits."""
    text = selection().standin
    try:
        chosen = StandIn.from_text(text) if text else stored_stand_in(run)
    except ConfigError:
        st.warning("The link names a stand-in that does not exist; the stored one is used.")
        return stored_stand_in(run)
    if chosen.kind == "other" and chosen.user_id not in _others(run, user_id):
        return stored_stand_in(run)
    return chosen if can_score(run) else stored_stand_in(run)


def draw(run: Run, user_id: str) -> StandIn:
    """Draw the choice and give what is chosen; without a model there is only the stored one."""
    if not can_score(run):
        st.caption(f"A part that is switched off is replaced by {stored_stand_in(run).words}.")
        return stored_stand_in(run)
    chosen = current(run, user_id)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.session_state[Widget.STAND_IN] = chosen.kind
        st.selectbox(
            "A part that is switched off is replaced by", KINDS, format_func=LABELS.__getitem__,
            key=Widget.STAND_IN, help=HELP, width=320, on_change=_on_kind, args=(run, user_id),
        )  # fmt: skip
        if chosen.kind == "other":
            st.session_state[Widget.STAND_IN_USER] = chosen.user_id
            st.selectbox(
                "Other user", _others(run, user_id), key=Widget.STAND_IN_USER, width=220,
                on_change=_on_user,
            )  # fmt: skip
    return chosen


def can_score(run: Run) -> bool:
    """Say whether the run's model and data are here, so that scores can be made anew."""
    return run.has_model and loaders.find_dataset(run) is not None


def _others(run: Run, user_id: str) -> list[str]:
    ids = people_of(run)["user_id"]
    others: list[str] = ids[ids != user_id].head(user_picker.MAX_OPTIONS).tolist()
    chosen = (selection().standin or "").partition(":")[2]
    is_far = chosen not in others and chosen != user_id and (ids == chosen).any()
    return [chosen, *others] if is_far else others


def _on_kind(run: Run, user_id: str) -> None:
    kind = st.session_state[Widget.STAND_IN]
    if kind == stored_stand_in(run).kind:
        select(standin=None)
    else:
        other = _others(run, user_id)[0] if kind == "other" else ""
        select(standin=StandIn(kind=kind, user_id=other).to_text())


def _on_user() -> None:
    user_id = st.session_state[Widget.STAND_IN_USER]
    select(standin=StandIn(kind="other", user_id=user_id).to_text())
