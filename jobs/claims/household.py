"""The household behind a warning: who belongs to it, who earns, who depends, and what its members' figures come to.

Who is not seen to earn has no income that we know of; nothing here says that they have none.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa

from jobs.claims.claim import Claim
from jobs.claims.grouping import Groups
from schemas.messages import Earning, HouseholdMember, HouseholdSum, HouseholdView, Need, Text
from warehouse.engines.engine import Engine
from warning_models.loader import WarningModel

ADULT_AT, AGED_AT, SEVERE_LEVEL = 18, 60, 2

# Wages are what the pension insurance saw paid in the last three months that it covers.
_MEMBERS = f"""
with member as (
  select person.person_key, person.household_key, person.relation_code, person.born_on
  from dwd_person as person
  join warned_household as warned on warned.household_key = person.household_key
  where person.status in ('living', 'reported_deceased')
),
paid as (
  select member.person_key, max(month.month) as paid_until,
    max_by(month.base_amount, month.month) as base_amount
  from member
  join dwd_contribution_status as insured on insured.person_key = member.person_key
  join dwd_contribution_month as month on month.person_key = member.person_key
  where month.is_paid and month.month between months_before(insured.covers_until, 2) and insured.covers_until
  group by member.person_key
)
select member.household_key, member.person_key, member.relation_code, full_years(member.born_on, :as_of) as age,
  paid.paid_until, cast(paid.base_amount as decimal(16,2)) as base_amount,
  coalesce(insured.retired_code = '1', false) as is_retired,
  coalesce(certificate.level <= {SEVERE_LEVEL}, false) as is_severely_disabled
from member
left join paid on paid.person_key = member.person_key
left join dwd_contribution_status as insured on insured.person_key = member.person_key
left join dwd_disability_certificate as certificate
  on certificate.person_key = member.person_key and certificate.status = 'valid'
"""

# GB/T 4761-2008, by its first digit.
_RELATIONS = {
    "0": Text(zh="户主", en="head"),
    "1": Text(zh="配偶", en="spouse"),
    "2": Text(zh="子", en="son"),
    "3": Text(zh="女", en="daughter"),
    "4": Text(zh="孙辈", en="grandchild"),
    "5": Text(zh="父母", en="parent"),
    "6": Text(zh="祖辈", en="grandparent"),
    "7": Text(zh="兄弟姐妹", en="sibling"),
}
_OTHER_RELATION = Text(zh="其他成员", en="other member")

Row = Mapping[str, Any]


def households(
    engine: Engine, groups: Groups, models: Mapping[str, WarningModel], as_of: date
) -> dict[tuple[str, str], HouseholdView]:
    """The household behind each group of claims, from the layers as the engine shows them."""
    members = _members(engine, {key for key, _ in groups}, as_of)
    return {
        group: HouseholdView(
            members=[_member(row) for row in members.get(group[0], [])],
            sums=list(_sums(claims, models)),
            claim_ids=[claim.claim_id for claim in claims],
        )
        for group, claims in groups.items()
    }


def as_text(view: HouseholdView) -> str:
    """The view as it stands in `ads.warning`."""
    return json.dumps(view.model_dump(mode="json"), ensure_ascii=False, sort_keys=True)


def from_text(text: str) -> HouseholdView:
    """The view that `as_text` wrote."""
    return HouseholdView.model_validate_json(text)


def _members(engine: Engine, household_keys: Iterable[str], as_of: date) -> dict[str, list[Row]]:
    keys = pa.table({"household_key": pa.array(sorted(household_keys), pa.string())})
    engine.register_table("warned_household", keys)
    found: dict[str, list[Row]] = defaultdict(list)
    rows = engine.query(_MEMBERS, {"as_of": as_of}).to_pylist()
    for row in sorted(rows, key=lambda row: (row["relation_code"] or "~", -(row["age"] or 0), row["person_key"])):
        found[row["household_key"]].append(row)
    return found


def _member(row: Row) -> HouseholdMember:
    earns = Earning.WAGE if row["paid_until"] else Earning.PENSION if row["is_retired"] else None
    return HouseholdMember(
        person_key=row["person_key"],
        relation=_RELATIONS.get((row["relation_code"] or " ")[0], _OTHER_RELATION),
        age=row["age"],
        earns=earns,
        paid_until=row["paid_until"],
        base_amount=row["base_amount"] if earns is Earning.WAGE else None,
        depends=list(_needs(row)),
    )


def _needs(row: Row) -> Iterable[Need]:
    if row["age"] is not None and row["age"] < ADULT_AT:
        yield Need.MINOR
    if row["age"] is not None and row["age"] >= AGED_AT:
        yield Need.AGED
    if row["is_severely_disabled"]:
        yield Need.SEVERELY_DISABLED


def _sums(claims: Sequence[Claim], models: Mapping[str, WarningModel]) -> Iterable[HouseholdSum]:
    """Of each model that claims something of several members, the amounts that add up."""
    by_model: dict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        by_model[claim.model_id].append(claim)
    for model_id, same in by_model.items():
        if len({claim.person_key for claim in same}) < 2:
            continue
        evidence = [json.loads(claim.evidence) for claim in same]
        for name, item in models[model_id].evidence.items():
            values = [Decimal(one[name]) for one in evidence if item.adds_up and one[name] is not None]
            if values:
                yield HouseholdSum(
                    model_id=model_id, figure=name, label=item.label, unit=item.unit, value=sum(values, Decimal(0))
                )
