"""Everything that is true of the demo city, before any department writes it down."""

from dataclasses import dataclass

import pandas as pd

from demo_city.assistance import AssistedPeople, assisted_people
from demo_city.disability import certificates
from demo_city.employment import Contributions, contributions
from demo_city.medical import chronic_settlements, inpatient_settlements
from demo_city.outpatient import outpatient_months
from demo_city.period import CityPlan
from demo_city.population import People, populate
from demo_city.registrations import registrations


@dataclass(frozen=True)
class City:
    """The people and all facts about them, over all nights."""

    plan: CityPlan
    people: People
    assisted: AssistedPeople
    inpatient: pd.DataFrame
    chronic: pd.DataFrame
    outpatient: pd.DataFrame
    contributed: Contributions
    registered: pd.DataFrame
    certified: pd.DataFrame


def imagine(plan: CityPlan) -> City:
    """Draw the whole city."""
    people = populate(plan)
    assisted = assisted_people(plan, people)
    everyone_assisted = assisted.everyone(len(people))
    contributed = contributions(plan, people, everyone_assisted)
    return City(
        plan=plan,
        people=people,
        assisted=assisted,
        inpatient=inpatient_settlements(plan, people, everyone_assisted),
        chronic=chronic_settlements(plan, people, everyone_assisted),
        outpatient=outpatient_months(plan, people),
        contributed=contributed,
        registered=registrations(plan, people, contributed, assisted.low_income(plan, len(people), plan.nights - 1)),
        certified=certificates(plan, people),
    )
