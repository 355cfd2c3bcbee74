"""Warnings beside the truth: how many met a household that the rules would help, and how many such were met."""

import numpy as np
import numpy.typing as npt
import pandas as pd

VISIT_DAYS = 30


def met(warnings: pd.DataFrame, needs: pd.DataFrame) -> pd.Series:
    """Whether each warning's household is in need on the day of the warning, or of the visit within a month."""
    pairs = warnings[["household", "warned_on"]].reset_index().merge(needs, on="household")
    in_time = (pairs["since"] <= pairs["warned_on"] + pd.Timedelta(days=VISIT_DAYS)) & (
        pairs["until"] >= pairs["warned_on"]
    )
    return pd.Series(np.isin(warnings.index, pairs.loc[in_time, "index"].unique()), index=warnings.index)


def found(needs: pd.DataFrame, warnings: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Whether each need was met by a warning, whatever its model, while it lasted."""
    pairs = needs[["household", "since", "until"]].reset_index().merge(warnings[["household", "warned_on"]])
    in_time = (pairs["since"] <= pairs["warned_on"] + pd.Timedelta(days=VISIT_DAYS)) & (
        pairs["until"] >= pairs["warned_on"]
    )
    hit: npt.NDArray[np.bool_] = np.isin(needs.index, pairs.loc[in_time, "index"].unique())
    return hit
