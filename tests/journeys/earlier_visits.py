"""Made-up visits of earlier months, as the warehouse keeps them: enough to learn from whom to visit first."""

import random
from datetime import date, timedelta

import pyarrow as pa

from jobs.claims.household import as_text
from jobs.installation import Installation
from schemas.messages import Earning, HouseholdMember, HouseholdView, Need, Text
from warehouse.definitions import definition
from warehouse.tables import rows_where

TRAINED = date(2026, 8, 31)
LEARNT, JUDGED_BY = 500, 300
SOMEBODY = Text(zh="子", en="son")


def years_of_visits(installation: Installation) -> None:
    """What earlier visits found: the more depend and the fewer earn, the more often somebody to help."""
    drawn = random.Random(11)
    for night, count in ((TRAINED - timedelta(days=60), LEARNT), (TRAINED + timedelta(days=10), JUDGED_BY)):
        closed = night + timedelta(days=20)
        ids = [f"W01-{night:%Y%m%d}{at:012d}" for at in range(count)]
        households = {one: made_up(one, drawn.randint(0, 4), drawn.randint(0, 2)) for one in ids}
        keep(
            installation, "ads.warning", night,
            [{**warned(one, night), "household": as_text(view), "score": None} for one, view in households.items()],
        )  # fmt: skip
        keep(installation, "ads.claim", night, [{**warned(one, night), "claim_id": one} for one in ids])
        orders = [{"warning_id": one, "order_number": f"GD-{one}"} for one in ids]
        keep(
            installation, "ads.disposition", night,
            [{**order, "business_date": night, "kind": "opened"} for order in orders],
        )  # fmt: skip
        outcomes = [
            {
                **order,
                "outcome_id": f"O-{order['warning_id']}",
                "known_on": closed,
                "model_id": "medical_cost_over_limit",
                "outcome": "helped" if needy(households[order["warning_id"]], drawn) else "resolved_by_itself",
                "delivered_on": night,
                "visited_on": closed,
                "closed_on": closed,
            }
            for order in orders
        ]
        keep(installation, "ods.case_outcome", closed, outcomes, "known_on")


def warned(warning_id: str, night: date) -> dict[str, object]:
    return {
        "warning_id": warning_id, "business_date": night, "model_id": "medical_cost_over_limit", "model_version": 1,
        "status": "active", "hardship": "medical", "level": "yellow", "person_key": f"p-{warning_id}",
        "episode": "2026:15000", "evidence": "{}", "reason_zh": "", "reason_en": "", "data_as_of": night,
    }  # fmt: skip


def made_up(name: str, dependants: int, earners: int) -> HouseholdView:
    def member(at: int, earns: list[Earning], depends: list[Need]) -> HouseholdMember:
        return HouseholdMember(
            person_key=f"p-{name}-{at}", relation=SOMEBODY, age=40, earns=earns, monthly_income=None, depends=depends
        )

    members = [member(at, [], [Need.MINOR]) for at in range(dependants)]
    members += [member(9 + at, [Earning.WAGE], []) for at in range(earners)]
    return HouseholdView(members=members, sums=[], claim_ids=[name])


def needy(view: HouseholdView, drawn: random.Random) -> bool:
    depending = sum(bool(one.depends) for one in view.members)
    return drawn.random() < 0.1 + 0.2 * depending - 0.1 * (len(view.members) - depending)


def keep(installation: Installation, name: str, on: date, rows: list[dict], night: str = "business_date") -> None:
    table = definition(name)
    columns = set(table.schema.names)
    told = [{key: value for key, value in row.items() if key in columns} for row in rows]
    kept = pa.Table.from_pylist(told, schema=table.schema)
    installation.warehouse.replace_rows(table, kept, rows_where(**{night: on}))
