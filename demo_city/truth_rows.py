"""The form in which truth is told."""

import numpy as np
import pandas as pd


def hardship_rows(person: object, kind: str, happened_on: object, detail: object) -> pd.DataFrame:
    """One row for each person: kind, day, and what tells it from others of its kind."""
    frame = pd.DataFrame(
        {"person": np.asarray(person, np.int64), "happened_on": np.asarray(happened_on, "datetime64[s]")}
    )
    return frame.assign(kind=kind, detail=detail if isinstance(detail, str) else np.asarray(detail, object))
