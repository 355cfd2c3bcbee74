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
from warning_models.loader import HelpModel

MEMBERS = """
with severe as (
  select distinct person_key from dwd_disability_certificate where status = 'valid' and level <= 2
),
held as (
  select distinct person_key from dwd_custody where started_on <= :as_of and coalesce(ended_on, :as_of) >= :as_of
)
select person.household_key, person.person_key, person.relation_code,
  full_years(person.born_on, :as_of) as age,
  coalesce(income.is_earner and held.person_key is null, false) as earns_wage,
  coalesce(income.pension_amount > 0, false) as draws_pension,
  coalesce(income.benefit_amount > 0, false) as draws_benefit,
  cast(income.wage_amount + income.pension_amount + income.benefit_amount as decimal(16,2)) as monthly_income,
  coalesce(person.adult_on > :as_of, false) as is_minor,
  coalesce(person.sixty_on <= :as_of, false) as is_aged,
  severe.person_key is not null as is_severely_disabled,
  coalesce(enrolment.status = 'enrolled', false) as is_student
from dwd_person as person
join warned_household as warned on warned.household_key = person.household_key
left join dws_person_income as income on income.person_key = person.person_key
left join dwd_enrolment as enrolment on enrolment.person_key = person.person_key
left join severe on severe.person_key = person.person_key
left join held on held.person_key = person.person_key
where person.status in ('living', 'reported_deceased')
"""

_EARNINGS = {"earns_wage": Earning.WAGE, "draws_pension": Earning.PENSION, "draws_benefit": Earning.BENEFIT}
_NEEDS = {
    "is_minor": Need.MINOR,
    "is_aged": Need.AGED,
    "is_severely_disabled": Need.SEVERELY_DISABLED,
    "is_student": Need.STUDENT,
}

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
    engine: Engine, groups: Groups, models: Mapping[str, HelpModel], as_of: date
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
    rows = engine.query(MEMBERS, {"as_of": as_of}).to_pylist()
    for row in sorted(rows, key=lambda row: (row["relation_code"] or "~", -(row["age"] or 0), row["person_key"])):
        found[row["household_key"]].append(row)
    return found


def _member(row: Row) -> HouseholdMember:
    # What comes from the layers is of the right types; a night makes a city's worth of these.
    return HouseholdMember.model_construct(
        person_key=row["person_key"],
        relation=_RELATIONS.get((row["relation_code"] or " ")[0], _OTHER_RELATION),
        age=row["age"],
        earns=[earning for name, earning in _EARNINGS.items() if row[name]],
        monthly_income=row["monthly_income"],
        depends=[need for name, need in _NEEDS.items() if row[name]],
    )


def _sums(claims: Sequence[Claim], models: Mapping[str, HelpModel]) -> Iterable[HouseholdSum]:
    """Of each model that claims something of several members, the amounts that add up."""
    if len(claims) < 2:
        return
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
