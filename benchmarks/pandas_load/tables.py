"""The conformed and aggregated tables, as warehouse/dwd and warehouse/dws define them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

OWN_MEDICATION = ["41", "51", "52"]
REASONS = {
    "11": "employer_closed",
    "12": "dismissed",
    "13": "contract_ended",
    "21": "resigned",
    "99": "other",
}
STATUSES = {"有效": "valid", "注销": "cancelled", "冻结": "frozen"}
LINEAGE = ["known_on", "delivery_id", "source_line"]


@dataclass(frozen=True)
class Extracts:
    """The checked extracts: today's state of each class, and every version of the classes that need it."""

    state: Mapping[str, pd.DataFrame]
    versions: Mapping[str, pd.DataFrame]
    person_keys: pd.Series
    as_of: pd.Timestamp


Tables = dict[str, pd.DataFrame]


def person(extracts: Extracts, _: Tables) -> pd.DataFrame:
    columns = [
        "person_key",
        "household_key",
        "relation_code",
        "sex",
        "born_on",
        "village_code",
        "grid_code",
        "known_on",
    ]
    register = extracts.state["household_register"][columns]
    return extracts.person_keys.to_frame().merge(register, on="person_key", how="left")


def household(_: Extracts, tables: Tables) -> pd.DataFrame:
    members = tables["dwd.person"].dropna(subset="household_key")
    places = (
        members.assign(head=members.relation_code.eq("02"))
        .groupby(["household_key", "village_code", "grid_code"], dropna=False, sort=False)
        .agg(head=("head", "max"), members=("person_key", "size"))
        .reset_index()
        .sort_values(
            ["household_key", "head", "members", "village_code", "grid_code"],
            ascending=[True, False, False, True, True],
        )
        .drop_duplicates("household_key")
    )
    places["member_count"] = places.household_key.map(members.household_key.value_counts()).astype("int32")
    return places[["household_key", "village_code", "grid_code", "member_count"]]


def assistance_spell(extracts: Extracts, _: Tables) -> pd.DataFrame:
    state = extracts.state
    marginal = state["marginal_and_rigid"]
    monitored = state["relapse_monitoring"]
    monitored = monitored[monitored.household_kind == "2"]
    kinds = np.where(marginal.household_kind == "1", "marginal", "rigid_expenditure")
    cleared = monitored.cleared_month + pd.offsets.MonthEnd(0)
    return pd.concat(
        [
            _spells(state["tekun"], "tekun", "tekun", "start_date", pd.NaT),
            _spells(state["dibao"], "dibao", "dibao", "start_date", pd.NaT),
            _spells(marginal, kinds, "marginal_and_rigid", "start_date", marginal.valid_to),
            _spells(monitored, "relapse_monitored", "relapse_monitoring", "identified_month", cleared),
        ],
        ignore_index=True,
    )


def _spells(rows: pd.DataFrame, assistance: Any, source: str, since: str, until: Any) -> pd.DataFrame:
    spells = rows[["person_key", since, "known_on"]].rename(columns={since: "valid_from"})
    return spells.assign(assistance=assistance, valid_to=until, source_class=source)


def medical_cost(extracts: Extracts, _: Tables) -> pd.DataFrame:
    state = extracts.state
    outpatient = state["general_outpatient_month"]
    month_end = outpatient.ym + pd.offsets.MonthEnd(0)
    costs = pd.concat(
        [
            _settlements(state["inpatient_settlement"], "inpatient_settlement", "inpatient"),
            _settlements(state["chronic_outpatient_settlement"], "chronic_outpatient_settlement", "chronic"),
            outpatient.assign(
                cost_id=outpatient.ym.dt.strftime("%Y-%m"),
                settled_on=month_end.where(month_end <= outpatient.known_on, outpatient.known_on),
                source_class="general_outpatient_month",
                care_kind="outpatient",
            ),
        ],
        ignore_index=True,
    )
    outside = costs.fulamt_ownpay_amt + costs.overlmt_selfpay
    costs["self_paid_amount"] = (costs.psn_part_amt - outside).clip(lower=0).round(2)
    names = {"medfee_sumamt": "total_amount", "hosp_lv": "hospital_level", "dise_chapter": "disease_chapter"}
    columns = ["person_key", "cost_id", "source_class", "care_kind", "settled_on", "total_amount", "self_paid_amount"]
    return costs.rename(columns=names)[[*columns, "hospital_level", "disease_chapter", *LINEAGE]]


def _settlements(rows: pd.DataFrame, source: str, kind: str) -> pd.DataFrame:
    counted = rows[(rows.vali_flag == "1") & (rows.refd_setl_flag == "0") & ~rows.med_type.isin(OWN_MEDICATION)]
    counted = counted[counted.med_type.notna()].rename(columns={"setl_id": "cost_id", "setl_date": "settled_on"})
    return counted.assign(source_class=source, care_kind=kind)


def contribution_month(extracts: Extracts, _: Tables) -> pd.DataFrame:
    versions = extracts.versions["employee_pension_contribution"]
    parts = []
    for at in range(1, 7):
        names = {f"aae180_{at}": "base_amount", f"aae078_{at}": "paid_code"}
        part = versions[["person_key", "aae003", *names, *LINEAGE]].rename(columns=names).dropna(subset="paid_code")
        parts.append(part.assign(month=(part.aae003.dt.to_period("M") - (at - 1)).dt.to_timestamp()))
    every = pd.concat(parts, ignore_index=True)
    latest = every.sort_values(["aae003", *LINEAGE]).drop_duplicates(["person_key", "month"], keep="last")
    latest["is_paid"] = latest.paid_code == "1"
    return latest[["person_key", "month", "base_amount", "is_paid", *LINEAGE]]


def contribution_status(extracts: Extracts, _: Tables) -> pd.DataFrame:
    rows = extracts.state["employee_pension_contribution"]
    latest = rows.sort_values(["aae003", *LINEAGE]).drop_duplicates("person_key", keep="last")
    names = {
        "aac008": "status_code", "aac084": "retired_code", "aae003": "covers_until", "aab004": "employer_name"
    }  # fmt: skip
    return latest.rename(columns=names)[["person_key", *names.values(), *LINEAGE]]


def employment_event(extracts: Extracts, _: Tables) -> pd.DataFrame:
    rows = extracts.state["employment_register"]
    names = {"register_id": "event_id", "register_date": "event_on", "aab004": "employer_name"}
    events = rows.rename(columns=names).assign(
        kind=np.where(rows.register_type == "1", "employed", "unemployed"), reason=rows.unemployment_reason.map(REASONS)
    )
    return events[["person_key", "event_id", "event_on", "kind", "reason", "employer_name", *LINEAGE]]


def disability_certificate(extracts: Extracts, _: Tables) -> pd.DataFrame:
    """Each person's certificate; on the first night none has an earlier category or level."""
    rows = extracts.state["disability_certificate"]
    names = {"disability_category": "category", "disability_level": "level"}
    certificates = rows.rename(columns=names).assign(
        status=rows.certificate_status.map(STATUSES).fillna("moved_out"), previous_category=None, previous_level=None
    )
    columns = ["category", "level", "first_certified_on", "certified_on", "status"]
    return certificates[["person_key", *columns, "previous_category", "previous_level", *LINEAGE]]


def assistance_tier(extracts: Extracts, tables: Tables) -> pd.DataFrame:
    valid = _valid_spells(extracts, tables)
    rank = valid.assistance.map({"tekun": 1, "dibao": 2}).fillna(3).astype(int)
    tiers = rank.groupby(valid.person_key).min().map({1: "tekun", 2: "dibao", 3: "low_income"})
    return tiers.rename("tier").to_frame().join(_labels(valid, "person_key")).reset_index()


def household_assistance(extracts: Extracts, tables: Tables) -> pd.DataFrame:
    people = tables["dwd.person"][["person_key", "household_key"]].dropna()
    return _labels(_valid_spells(extracts, tables).merge(people, on="person_key"), "household_key").reset_index()


def _valid_spells(extracts: Extracts, tables: Tables) -> pd.DataFrame:
    spells = tables["dwd.assistance_spell"]
    until = spells.valid_to.fillna(extracts.as_of)
    return spells[(spells.valid_from <= extracts.as_of) & (until >= extracts.as_of)]


def _labels(spells: pd.DataFrame, by: str) -> pd.Series:
    distinct = spells[[by, "assistance"]].drop_duplicates().sort_values([by, "assistance"])
    return distinct.groupby(by, sort=False).assistance.agg(",".join).rename("labels")


def medical_year(extracts: Extracts, tables: Tables) -> pd.DataFrame:
    costs = tables["dwd.medical_cost"]
    costs = costs[costs.settled_on <= extracts.as_of]
    inpatient = costs.care_kind == "inpatient"
    amounts = costs.assign(
        year=costs.settled_on.dt.year,
        inpatient=costs.self_paid_amount.where(inpatient, 0.0),
        outpatient=costs.self_paid_amount.where(~inpatient, 0.0),
        is_inpatient=inpatient,
    )
    years = amounts.groupby(["person_key", "year"], sort=False).agg(
        self_paid_total=("self_paid_amount", "sum"),
        inpatient_total=("inpatient", "sum"),
        outpatient_total=("outpatient", "sum"),
        inpatient_count=("is_inpatient", "sum"),
        last_settled_on=("settled_on", "max"),
    )
    totals = ["self_paid_total", "inpatient_total", "outpatient_total"]
    return years.round(dict.fromkeys(totals, 2)).reset_index()


# In the order in which one needs the other.
TABLES: dict[str, Callable[[Extracts, Tables], pd.DataFrame]] = {
    "dwd.person": person,
    "dwd.household": household,
    "dwd.assistance_spell": assistance_spell,
    "dwd.medical_cost": medical_cost,
    "dwd.contribution_month": contribution_month,
    "dwd.contribution_status": contribution_status,
    "dwd.employment_event": employment_event,
    "dwd.disability_certificate": disability_certificate,
    "dws.assistance_tier": assistance_tier,
    "dws.household_assistance": household_assistance,
    "dws.medical_year": medical_year,
}
