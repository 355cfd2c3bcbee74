"""The ids that claims and findings were given before the person keys were rotated.

An id is a digest of the person key of the time, and stays when the key becomes another one: people know it, and
outcomes come back under it. Whoever makes an id of the key as it is now finds here the one that was given.
"""

from collections.abc import Callable

from jobs.installation import Installation


def given_ids(
    installation: Installation, table: str, id_column: str, digits: Callable[[str, str, str], str]
) -> dict[str, str]:
    """The ids given in a table, by those that `digits` of model, person and episode would make today."""
    if installation.pseudonymiser.key_version == 1 or not installation.warehouse.exists(table):
        return {}
    columns = [id_column, "model_id", "person_key", "episode"]
    rows = installation.warehouse.rows(table, columns=columns).to_pylist()
    given = {}
    for row in rows:
        kind, _, own = row[id_column].rpartition("-")
        today = digits(row["model_id"], row["person_key"], row["episode"])
        if today != own:
            given[f"{kind}-{today}"] = row[id_column]
    return given
