"""W01 to W05 and W12 in pandas: illness, disability, death, and children whom nobody can raise."""

import pandas as pd

from benchmarks.by_hand.frames import FEN, Frames, day_text, full_years, hits, leveled, valid_on
from benchmarks.by_hand.settings import SETTINGS as S


def patients(tables: Frames) -> pd.DataFrame:
    """Of everybody living whose household does not visibly carry their care the tier, and its limit in fen."""
    known = tables.dws_assistance_tier[["person_key", "tier"]]
    found = tables.living[["person_key", "household_key"]].merge(known, how="left", on="person_key")
    burden = found.tier.isna().map({True: S["burden"], False: S["assisted_burden"]})
    income = tables.dws_household_means.set_index("household_key").known_monthly_income
    spent = tables.dws_household_medical.set_index("household_key").year_total
    needed = (12 * burden * found.household_key.map(income).fillna(0)).round(2)
    carries = found.household_key.map(spent).fillna(0) < needed
    found = found[~carries & ~found.household_key.isin(tables.comfortable)].fillna({"tier": "general"})
    caps = {name: S[name] * FEN for name in ("tekun", "dibao", "low_income", "general")}
    return found[["person_key", "tier"]].assign(cap=found.tier.map(caps))


def w01(tables: Frames) -> pd.DataFrame:
    year = tables.today.year
    spent = tables.dws_medical_year.pivot_table("self_paid_total", "person_key", "year", "sum")
    spent = spent.reindex(columns=[year - 1, year]).set_axis(["before", "now"], axis=1)
    spent = spent.dropna(how="all").reset_index()
    window = tables.dws_medical_window[["person_key", "year_total", "quarter_total"]]
    found = patients(tables).merge(spent, on="person_key").merge(window, how="left", on="person_key")
    found[["now", "year_total", "quarter_total"]] = found[["now", "year_total", "quarter_total"]].fillna(0)
    goes_on = (found.year_total > found.cap) & (found.quarter_total >= S["still_paying"] * found.cap)
    found = found[(found.now > found.cap) | goes_on]
    named = (year - ((found.now <= found.cap) & (found.before > found.cap)).astype(int)).astype(str)
    found = found.assign(episode=named + ":" + (found.cap // FEN).astype(int).astype(str))
    red = found[["now", "year_total"]].max(axis=1) > S["severe_multiple"] * found.cap
    return hits(leveled(found, "yellow", red=red, orange=found.tier != "general"))


def w02(tables: Frames) -> pd.DataFrame:
    begin = tables.days_ago(S["medical_window"])
    first = begin - pd.DateOffset(months=S["medical_months"])
    cost = tables.dwd_medical_cost
    cost = cost[cost.settled_on.between(first, tables.today)]
    cost = cost.assign(is_recent=cost.settled_on >= begin).merge(patients(tables), on="person_key")
    least = (S["bill_share"] * cost.cap).clip(lower=S["least_bill"] * FEN)
    large = cost.is_recent & cost.care_kind.isin(["inpatient", "chronic"]) & (cost.self_paid_amount >= least)
    bills = cost[large].assign(episode=lambda found: "bill:" + found.cost_id)
    bills = leveled(bills, "orange", red=bills.self_paid_amount >= bills.cap)
    recent = (
        cost[cost.is_recent].groupby("person_key").agg(last=("settled_on", "max"), recent=("self_paid_amount", "sum"))
    )
    earlier = cost[~cost.is_recent].groupby("person_key").self_paid_amount.sum().rename("earlier")
    total = recent.join(earlier).fillna({"earlier": 0}).reset_index()
    known = pd.Timestamp(S["records_begin"])
    behind = min(S["medical_months"], (begin.year - known.year) * 12 + begin.month - known.month)
    rose = total[
        (total.recent >= S["least_rise"] * FEN)
        & (behind >= S["least_medical_months"])
        & (total.recent * behind >= S["rise"] * 3 * total.earlier)
        & ~total.person_key.isin(bills.person_key)
    ]
    quarter = rose["last"].dt.year.astype(str) + "Q" + rose["last"].dt.quarter.astype(str)
    return hits(bills, rose.assign(episode="quarter:" + quarter, level="yellow"))


def w03(tables: Frames) -> pd.DataFrame:
    situation = tables.dws_household_situation
    found = tables.dws_household_medical.merge(situation, on="household_key")
    assisted = found.household_key.isin(tables.dws_household_assistance.household_key)
    found = found.assign(assisted=assisted, income=12 * found.known_monthly_income)
    burden = assisted.map({True: S["assisted_burden"], False: S["burden"]})
    found = found[
        (found.year_total >= FEN * assisted.map({True: S["assisted_least_year"], False: S["least_year"]}))
        & (found.year_total >= (burden * found.income).round(2))
        & (found.income < S["disposable_income"] * FEN * found.member_count)
        & ~found.household_key.isin(tables.comfortable)
        & found.contact_key.isin(tables.living.person_key)
    ].assign(person_key=lambda rows: rows.contact_key)
    found = found.assign(episode="burden:" + found.last_settled_on.dt.year.astype(str))
    severe = (found.known_income_count > 0) & (found.year_total >= S["severe_burden"] * found.income)
    return hits(leveled(found, "yellow", orange=found.assisted | severe))


def w04(tables: Frames) -> pd.DataFrame:
    found = tables.dwd_disability_certificate
    found = found[found.status == "valid"].merge(tables.living[["person_key", "household_key"]], on="person_key")
    mental = found.category.isin(["5", "6"]) & (found.level <= S["mental_level"])
    was_mental = found.previous_category.isin(["5", "6"]) & (found.previous_level <= S["mental_level"])
    severe = found.level <= S["severe_level"]
    assisted = found.household_key.isin(tables.dws_household_assistance.household_key)
    needy = (severe | mental | assisted) & ~found.household_key.isin(tables.getting_by)
    begin = tables.days_ago(S["disability_days"])
    first = found.first_certified_on.between(begin, tables.today)
    worse = (severe & (found.previous_level > found.level)) | (mental & ~was_mental & found.previous_level.notna())
    worse &= found.certified_on.between(begin, tables.today)
    ranked = leveled(found.rename(columns={"level": "degree"}), "yellow", red=severe, orange=mental)
    new = ranked[first & needy].assign(episode=lambda rows: "first:" + day_text(rows.first_certified_on))
    grave = ranked[worse & needy]
    named = "worse:" + grave.degree.astype(int).astype(str) + ":" + day_text(grave.certified_on)
    return hits(new, grave.assign(episode=named))


def w05(tables: Frames) -> pd.DataFrame:
    loss = tables.dwd_death
    loss = loss[loss.died_on.between(tables.days_ago(S["death_days"]), tables.today)]
    loss = loss[full_years(loss.born_on, loss.died_on).between(S["youngest"], S["oldest"])]
    sure = (loss.source_count >= 2) | (loss.first_known_on <= tables.days_ago(S["confirm_days"]))
    loss = loss[sure][["person_key", "household_key", "died_on"]]
    paid = tables.dwd_contribution_month
    paid = loss.merge(paid[paid.is_paid & paid.person_key.isin(loss.person_key)], on="person_key")
    since = paid.died_on.dt.to_period("M").dt.to_timestamp() - pd.DateOffset(months=S["earning_months"])
    ran = loss.merge(tables.dwd_business, on="person_key")
    ran = ran[(ran.role == "operator") & (ran.is_active | (ran.closed_on >= ran.died_on - pd.Timedelta(days=30)))]
    drove = tables.dwd_vehicle
    drove = drove[(drove.usage == "business") | drove.kind.isin(["lorry", "tractor"])]
    earned = pd.concat([paid[paid.month >= since].person_key, ran.person_key, drove.person_key])
    loss = loss.assign(untold=~loss.person_key.isin(earned)).rename(columns={"person_key": "dead_key"})
    loss = loss[~loss.household_key.isin(tables.getting_by)]
    found = loss.merge(tables.dws_household_situation, on="household_key")
    left = found.minor_count + found.elderly_count + found.severely_disabled_count
    found = found[(left > 0) & (found.contact_key != found.dead_key) & found.contact_key.isin(tables.living.person_key)]
    found = found.assign(person_key=found.contact_key, episode="death:" + found.dead_key)
    return hits(leveled(found, "orange", yellow=found.untold, red=found.earner_count == 0))


def w12(tables: Frames) -> pd.DataFrame:
    unable = _unable(tables)
    reasons = (
        unable.drop_duplicates().sort_values("reason").groupby("person_key").reason.agg(",".join).rename("reasons")
    )
    belonging = tables.dwd_household_membership
    struck = belonging[belonging.person_key.isin(reasons.index)].groupby("household_key").person_key.nunique()
    labels = valid_on(tables.dwd_person_label, tables.today)
    cared = labels[labels.label.isin(["orphan", "child_without_care"])].person_key
    child = tables.living
    child = child[
        child.household_key.isin(struck[struck >= 2].index)
        & (child.adult_on > tables.today)
        & child.relation_code.isin(["20", "30", "40"])
        & ~child.person_key.isin(cared)
    ]
    pairs = child.merge(belonging, on="household_key", suffixes=("", "_of_parent"))
    of_head = pairs.relation_code_of_parent.isin(["02", "10", "11", "12"]) & (pairs.relation_code != "40")
    of_child = pairs.relation_code_of_parent.isin(["20", "28", "30", "38"]) & (pairs.relation_code == "40")
    pairs = pairs[of_head | of_child]
    told = pd.concat([tables.dwd_person[["person_key", "born_on"]], tables.dwd_death[["person_key", "born_on"]]])
    born = told.dropna().drop_duplicates("person_key").set_index("person_key").born_on
    parent_born = pairs.person_key_of_parent.map(born)
    gap = full_years(parent_born, pairs.born_on).where(parent_born.notna(), S["least_gap"])
    pairs = pairs[gap >= S["least_gap"]].drop_duplicates(["person_key", "person_key_of_parent"])
    pairs = pairs.assign(reasons=pairs.person_key_of_parent.map(reasons))
    whose = ["person_key", "household_key"]
    named = pairs.dropna(subset="reasons").groupby(whose).reasons.agg(["count", "min", "max"])
    both = pairs.groupby(whose).size().to_frame("size").join(named).reset_index()
    both = both[(both["size"] == 2) & (both["count"] == 2)]
    both = both[both.household_key.isin(tables.dws_household_situation.household_key)]
    return hits(both.assign(episode="care:" + both["min"] + ":" + both["max"], level="red"))


def _unable(tables: Frames) -> pd.DataFrame:
    """Who cannot raise a child, and why."""
    certificate = tables.dwd_disability_certificate
    caring = certificate.category.isin(["5", "6"]) & (certificate.level <= S["caring_level"])
    certificate = certificate[(certificate.status == "valid") & ((certificate.level <= S["severe_level"]) | caring)]
    disease, custody = tables.dwd_serious_disease, tables.dwd_custody
    since = tables.today - pd.DateOffset(months=12 * S["illness_years"])
    until = custody.ended_on.fillna(custody.expected_end_on).fillna(tables.today)
    held = (custody.started_on <= tables.today) & (custody.ended_on.fillna(tables.today) >= tables.today)
    held &= (until - custody.started_on).dt.days >= S["least_held"]
    who = {
        "died": tables.dwd_death[tables.dwd_death.source_count >= 2],
        "severely_disabled": certificate,
        "seriously_ill": disease[(disease.disease != "other") & (disease.registered_on >= since)],
        "held": custody[held],
    }
    reasons = [rows[["person_key"]].assign(reason=reason) for reason, rows in who.items()]
    found: pd.DataFrame = pd.concat(reasons, ignore_index=True)
    return found
