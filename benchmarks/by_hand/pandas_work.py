"""W06 to W09 in pandas: work lost, income fallen, benefits ending, work unsteady."""

import pandas as pd

from benchmarks.by_hand.frames import Frames, full_years, hits, leveled, month_number, month_text
from benchmarks.by_hand.settings import SETTINGS as S


def jobless(tables: Frames) -> pd.DataFrame:
    """Who is here, no student and not held."""
    custody, enrolment = tables.dwd_custody, tables.dwd_enrolment
    away = pd.concat(
        [
            enrolment[enrolment.status == "enrolled"].person_key,
            custody[custody.ended_on.isna() | (custody.ended_on >= tables.today)].person_key,
        ]
    )
    return tables.present[~tables.present.person_key.isin(away)]


def contributions(tables: Frames, people: pd.DataFrame) -> pd.DataFrame:
    """The people's months, as numbers, beside until when these are told."""
    told = people.merge(tables.dwd_contribution_status, on="person_key")
    months = tables.dwd_contribution_month
    months = months[months.person_key.isin(told.person_key)]
    found = told[["person_key", "household_key", "covers_until", "retired_code"]].merge(months, on="person_key")
    return found.assign(at=month_number(found.month), last=month_number(found.covers_until))


def w06(tables: Frames) -> pd.DataFrame:
    free = jobless(tables)
    known = tables.dwd_person.person_key.isin(tables.dws_assistance_tier.person_key)
    poor = set(tables.dwd_person[known].household_key.dropna())
    aged = free[full_years(free.born_on, tables.today).between(S["youngest"], S["oldest"])]
    months = contributions(tables, aged)
    months = months[months.retired_code == "0"]
    silent_from = months["last"] - (S["silent_months"] - 1)
    months = months.assign(silent_from=silent_from)
    months = months[months["at"].between(silent_from - S["work_months"], months["last"])]
    silent = months["at"] >= months.silent_from
    unpaid = months[silent & ~months.is_paid].groupby("person_key")["at"].nunique()
    worked = months[~silent & months.is_paid].groupby("person_key")["at"].nunique()
    paid = months[months.is_paid].groupby("person_key").agg(last_paid=("month", "max"), paid_at=("at", "max"))
    lost = months.drop_duplicates("person_key").set_index("person_key")[["household_key", "silent_from"]].join(paid)
    lost = lost[
        (unpaid.reindex(lost.index) == S["silent_months"])
        & (worked.reindex(lost.index) >= S["least_work_months"])
        & (lost.paid_at < lost.silent_from)
    ].reset_index()
    others = lost.merge(tables.dwd_person, on="household_key", suffixes=("", "_of_other"))
    others = others[others.person_key != others.person_key_of_other]
    theirs = tables.dwd_contribution_month
    theirs = theirs[theirs.is_paid & theirs.person_key.isin(others.person_key_of_other)]
    earning = others[["person_key", "person_key_of_other", "silent_from"]].merge(
        theirs, left_on="person_key_of_other", right_on="person_key", suffixes=("", "_paid")
    )
    earning = earning[month_number(earning.month) >= earning.silent_from].person_key
    lost = lost[~lost.person_key.isin(earning)].assign(episode=lambda rows: "lost:" + month_text(rows.last_paid))
    lost = lost[~lost.household_key.isin(tables.getting_by)]
    event = tables.dwd_employment_event
    event = event[
        (event.kind == "unemployed") & event.event_on.between(tables.days_ago(S["register_days"]), tables.today)
    ]
    registered = event.merge(free, on="person_key")
    registered = registered[registered.household_key.isin(poor - tables.getting_by)]
    registered = registered.assign(episode="register:" + registered.event_id, level="orange")
    return hits(leveled(lost, "yellow", orange=lost.household_key.isin(poor)), registered)


def w07(tables: Frames) -> pd.DataFrame:
    people = tables.living[~tables.living.household_key.isin(tables.getting_by)]
    months = contributions(tables, people[["person_key", "household_key"]])
    low_from = months["last"] - (S["low_months"] - 1)
    months = months.assign(low_from=low_from)
    within = months["at"].between(low_from - S["work_months"], months["last"])
    paid = months[within & months.is_paid & months.base_amount.notna()]
    paid = paid.groupby(["person_key", "at", "month", "last", "low_from"]).base_amount.max().reset_index()
    usual = paid[paid["at"] < paid.low_from].groupby("person_key").base_amount.agg(["count", "median"])
    usual = usual[(usual["count"] >= S["least_work_months"]) & (usual["median"] > 0)]
    paid = paid.merge(usual["median"], left_on="person_key", right_index=True)
    high = paid[paid.base_amount > S["drop"] * paid["median"]].groupby("person_key")["at"].max().rename("high_at")
    low = paid.merge(high, left_on="person_key", right_index=True)
    low = low[low["at"] > low.high_at]
    latest = low[low["at"] >= low.low_from].groupby("person_key").size()
    now = low[low["at"] == low["last"]].groupby("person_key").base_amount.max()
    found = low.groupby("person_key").agg(first_month=("month", "min"), median=("median", "first"))
    found = found[latest.reindex(found.index) == S["low_months"]]
    found = found[found.first_month.dt.month != S["rebasing_month"]]
    found = found.assign(now=now.reindex(found.index), episode="drop:" + month_text(found.first_month)).reset_index()
    return hits(leveled(found, "yellow", orange=found.now <= S["severe_drop"] * found["median"]), _stopped(tables))


def _stopped(tables: Frames) -> pd.DataFrame:
    """Pensions that stopped though nothing else is known to come in."""
    pension = tables.dwd_pension_payment
    since = tables.today.to_period("M").to_timestamp() - pd.DateOffset(months=S["stopped_months"])
    pension = pension[
        pension.status.isin(["suspended", "ended"])
        & pension.stop_reason.fillna("other").isin(["not_certified", "other"])
        & (pension.month >= since)
    ]
    people = tables.dwd_person[tables.dwd_person.status == "living"][["person_key", "household_key"]]
    found = pension.merge(people, on="person_key").merge(tables.dws_household_situation, on="household_key")
    found = found[(found.earner_count == 0) & (found.known_monthly_income == 0)]
    found = found[~found.household_key.isin(tables.getting_by)]
    return found.assign(episode="stopped:" + found.kind, level="orange")


def w08(tables: Frames) -> pd.DataFrame:
    benefit = tables.dwd_work_benefit
    left = benefit.approved_months - benefit.used_months
    over = month_number(tables.today) - month_number(benefit.from_month)
    benefit = benefit[
        (benefit.kind == "unemployment")
        & benefit.stop_reason.isna()
        & left.between(0, S["months_left"])
        & (over <= benefit.approved_months + S["months_left"])
    ][["person_key", "benefit_id", "from_month"]]
    benefit = benefit.assign(one=benefit.person_key + benefit.benefit_id)
    began = benefit.merge(tables.dwd_employment_event, on="person_key")
    began = began[(began.kind == "employed") & (began.event_on >= began.from_month) & (began.event_on <= tables.today)]
    months = tables.dwd_contribution_month
    paid = benefit.merge(months[months.is_paid & months.person_key.isin(benefit.person_key)], on="person_key")
    again = pd.concat([began.one, paid[paid.month > paid.from_month].one])
    found = benefit[~benefit.one.isin(again)].merge(tables.present, on="person_key")
    found = found.merge(tables.dws_household_situation, on="household_key")
    found = found[(full_years(found.born_on, tables.today) >= S["older"]) | (found.dependant_count > 0)]
    found = found[~found.household_key.isin(tables.getting_by)]
    found = found.assign(episode="ending:" + found.benefit_id)
    return hits(leveled(found, "yellow", orange=found.earner_count == 0))


def w09(tables: Frames) -> pd.DataFrame:
    worker = tables.present[full_years(tables.present.born_on, tables.today) <= S["oldest"]]
    near = tables.spells[tables.spells.assistance.isin(["marginal", "rigid_expenditure", "relapse_monitored"])]
    near_homes = tables.dwd_person[tables.dwd_person.person_key.isin(near.person_key)].household_key.dropna()
    strip = contributions(tables, worker[worker.household_key.isin(near_homes)])
    strip = strip[
        (strip.retired_code == "0") & strip["at"].between(strip["last"] - (S["strip_months"] - 1), strip["last"])
    ]
    strip = strip.sort_values(["person_key", "at"])
    was_paid = strip.groupby("person_key").is_paid.shift(fill_value=False).astype(bool)
    strip = strip.assign(breaks=was_paid & ~strip.is_paid)
    counted = strip.groupby(["person_key", "covers_until"]).agg(
        told=("at", "nunique"), paid=("is_paid", "sum"), breaks=("breaks", "sum")
    )
    counted = counted.reset_index()
    few = (counted.paid <= S["most_paid"]) | (counted.breaks >= S["least_breaks"])
    counted = counted[(counted.told == S["strip_months"]) & (counted.paid > 0) & few]
    unsteady = counted.assign(episode="unsteady:" + counted.covers_until.dt.year.astype(str), level="yellow")
    return hits(unsteady, _closed(tables, worker))


def _closed(tables: Frames, worker: pd.DataFrame) -> pd.DataFrame:
    """Whose business closed with nothing after it, in a household that depends on them."""
    business = tables.dwd_business
    active = business[business.is_active].person_key
    closed = business[
        (business.role == "operator")
        & ~business.is_active
        & business.closed_on.between(tables.days_ago(S["closed_days"]), tables.today)
        & ~business.person_key.isin(active)
    ].merge(worker, on="person_key")
    closed = closed.merge(tables.dws_household_situation, on="household_key")
    closed = closed[(closed.earner_count == 0) & (closed.dependant_count > 0)]
    closed = closed[~closed.household_key.isin(tables.getting_by)]
    closed = closed.assign(one=closed.person_key + closed.business_id)
    months = tables.dwd_contribution_month
    paid = closed.merge(months[months.is_paid & months.person_key.isin(closed.person_key)], on="person_key")
    paid = paid[paid.month >= paid.closed_on.dt.to_period("M").dt.to_timestamp()]
    began = closed.merge(tables.dwd_employment_event, on="person_key", suffixes=("", "_of_event"))
    began = began[(began.kind_of_event if "kind_of_event" in began else began.kind).eq("employed")]
    began = began[began.event_on >= began.closed_on]
    found = closed[~closed.one.isin(pd.concat([paid.one, began.one]))]
    return found.assign(episode="closed:" + found.business_id, level="yellow")
