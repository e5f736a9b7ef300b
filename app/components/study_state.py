"""Which runs of a study are not there: failed, or not made yet."""

import pandas as pd
import streamlit as st

from app import loaders
from app.components import table_card
from app.components.text import plural
from prism_core.store.reader import Run

WORDS = {"failed": "Failed", "planned": "Not made yet"}
HELP = (
    "What is compared here are the runs that are there; a variant with fewer seeds has a wider "
    "interval, and one without a run is in no table. The command that made the study makes "
    "these, and nothing else, when it is started again."
)


def draw(run: Run) -> None:
    """Say what is missing in the study that a run belongs to; nothing if all is there."""
    folder = run.path.parent
    record = loaders.study_record(folder)
    there = {e.run_id for e in loaders.run_entries() if e.status == "complete"}
    missing = record.unfinished(there)
    if not missing:
        return
    failed = sum(one.status == "failed" for one in missing)
    counts = {"failed": failed, "not made yet": len(missing) - failed}
    said = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    title = f"{len(missing)} of {plural(len(record.runs), 'run')} of this study are missing: {said}"
    with st.expander(title, icon=":material/warning:"):
        st.markdown(HELP)
        table = pd.DataFrame(
            {
                "Run": [one.label for one in missing],
                "Group": [one.group for one in missing],
                "State": [WORDS[one.status] for one in missing],
                "Reason": [one.reason for one in missing],
            }
        )
        table_card.draw(table, title="Missing runs of the study", name="study-missing")
