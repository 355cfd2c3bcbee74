"""Sees people under the number they have now, where the register says that a number was changed."""

import pandas as pd

LONGEST_CHAIN = 10


def current_keys(state: dict[str, pd.DataFrame]) -> dict[str, str]:
    """The key of now by former key; not where two claim it, it leads in a circle, or both are in the register."""
    events = state["register_event"]
    changes = events.loc[(events.event_kind == "5") & events.former_person_key.notna()]
    changes = changes[changes.former_person_key != changes.person_key]
    links = changes[["former_person_key", "person_key"]].drop_duplicates()
    links = links[~links.former_person_key.duplicated(keep=False)]
    registered = set(state["household_register"].person_key)
    both = links.former_person_key.isin(registered) & links.person_key.isin(registered)
    nexts = dict(links[~both].itertuples(index=False, name=None))
    ends = {former: _end(former, nexts) for former in nexts}
    return {former: end for former, end in ends.items() if end != former}


def _end(key: str, nexts: dict[str, str]) -> str:
    at = key
    for _ in range(LONGEST_CHAIN):
        if at not in nexts:
            return at
        at = nexts[at]
    return key


def under_current_keys(rows: pd.DataFrame, names: list[str], current: dict[str, str]) -> pd.DataFrame:
    """The rows under the keys of now; of two rows that are then of one name, the one delivered under the key of now."""
    former = rows.person_key.isin(current)
    if not former.any():
        return rows
    rows = rows.assign(person_key=rows.person_key.where(~former, rows.person_key.map(current)))
    if "person_key" not in names:
        return rows
    return pd.concat([rows[former], rows[~former]]).drop_duplicates(names, keep="last")
