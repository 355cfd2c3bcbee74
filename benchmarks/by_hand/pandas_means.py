"""W10, W11 and W13 to W16 in pandas: accidents, custody, schooling, and who has too much or is given too little."""

import pandas as pd

from benchmarks.by_hand.frames import FEN, Frames, day_text, full_years, hits, leveled, month_number, valid_on
from benchmarks.by_hand.settings import SETTINGS as S


def w10(tables: Frames) -> pd.DataFrame:
    event = tables.dwd_misfortune
    event = event[
        event.severity.isin(["killed", "severe"])
        & event.happened_on.between(tables.days_ago(S["accident_days"]), tables.today)
    ]
    people = tables.dwd_person[["person_key", "household_key", "status"]]
    dead = tables.dwd_death[["person_key", "household_key"]]
    event = event.merge(people, how="left", on="person_key").merge(
        dead, how="left", on="person_key", suffixes=("", "_dead")
    )
    event = event.assign(household_key=event.household_key.fillna(event.household_key_dead))
    event = event.merge(tables.dws_household_situation, on="household_key")
    event = event[~event.household_key.isin(tables.coping)]
    own = (event.severity == "severe") & (event.status == "living")
    told = event.person_key.where(own, event.contact_key)
    killed = event.severity == "killed"
    kind = (event.source_class == "traffic_casualty").map({True: "traffic:", False: "disaster:"})
    event = event.assign(episode=kind + event.event_id, told=told)
    event = event[told.isin(tables.living.person_key) & ~(killed & (told == event.person_key))]
    event = event.assign(person_key=event.told)
    return hits(leveled(event, "orange", red=(event.severity == "killed") | (event.earner_count == 0)))


def w11(tables: Frames) -> pd.DataFrame:
    custody = tables.dwd_custody
    held = custody.merge(tables.living, on="person_key")
    lasts = (held.expected_end_on.fillna(tables.today) - held.started_on).dt.days >= S["least_held"]
    now = (held.started_on <= tables.today) & (held.ended_on.fillna(tables.today) >= tables.today)
    held = held[now & lasts & held.household_key.notna()]
    held = held[["person_key", "household_key", "custody_id"]].assign(relation=held.relation_code.fillna("97"))
    home = held.rename(columns={"person_key": "held_key"}).merge(tables.dwd_person, on="household_key")
    home = home[(home.status == "living") & ~home.person_key.isin(held.person_key)]
    minor = home.adult_on > tables.today
    of_head = home.relation_code.isin(["20", "30"]) & home.relation.isin(["02", "10", "11", "12"])
    of_child = (home.relation_code == "40") & home.relation.isin(["20", "28", "30", "38"])
    certificate = tables.dwd_disability_certificate
    severe = certificate[(certificate.status == "valid") & (certificate.level <= S["severe_level"])].person_key
    home = home.assign(
        children=minor & (of_head | of_child),
        old=full_years(home.born_on, tables.today) >= S["old_age"],
        severe=home.person_key.isin(severe),
        adults=~minor,
    )
    counts = ["children", "old", "severe", "adults"]
    left = home.groupby(["held_key", "household_key", "custody_id"])[counts].sum().reset_index()
    left = left.merge(tables.dws_household_situation, on="household_key")
    needy = (left.children > 0) | ((left.old + left.severe > 0) & (left.earner_count == 0))
    needy &= ~left.household_key.isin(tables.getting_by)
    left = left[needy & (left.contact_key != left.held_key) & left.contact_key.isin(tables.living.person_key)]
    left = left.assign(person_key=left.contact_key, episode="custody:" + left.custody_id)
    return hits(leveled(left, "yellow", red=(left.children > 0) & (left.adults == 0), orange=left.children > 0))


def w13(tables: Frames) -> pd.DataFrame:
    student = tables.dwd_enrolment.merge(tables.present[["person_key", "household_key"]], on="person_key")
    dropped = student[student.stage.isin(["primary", "junior"]) & (student.status == "dropped_out")]
    dropped = dropped.assign(episode="dropped:" + dropped.term, level="red")
    began = student[
        student.stage.isin(["senior", "vocational", "college"])
        & (student.grade == 1)
        & (student.status == "enrolled")
        & student.entered_on.between(tables.days_ago(S["entered_days"]), tables.days_ago(S["school_grace_days"]))
        & student.household_key.isin(tables.dws_household_assistance.household_key)
    ]
    aid = began.merge(tables.dwd_aid[tables.dwd_aid.cause == "education"], on="person_key")
    aided = aid[aid.aided_on >= aid.entered_on - pd.Timedelta(days=30)].person_key
    began = began[~began.person_key.isin(aided)]
    named = "entered:" + began.stage + ":" + day_text(began.entered_on)
    return hits(dropped, began.assign(episode=named, level="yellow"))


def w14(tables: Frames) -> pd.DataFrame:
    dead, custody = tables.dwd_death, tables.dwd_custody
    dead = dead[dead.died_on.notna() & (dead.source_count > 0)]
    dead = dead.assign(cause="died", since=dead.died_on, until=pd.Series(pd.NaT, dead.index, "datetime64[ns]"))
    held = custody[custody.kind.isin(["serving_sentence", "compulsory_rehabilitation"])]
    held = held.assign(cause="held", since=held.started_on, until=held.ended_on, source_count=1)
    columns = ["person_key", "cause", "since", "until", "source_count"]
    gone = pd.concat([dead[columns], held[columns]], ignore_index=True)
    pension, subsidy, spell = tables.dwd_pension_payment, tables.dwd_subsidy, tables.spells
    listed = spell[spell.assistance.isin(["dibao", "tekun"]) & spell.source_class.isin(["dibao", "tekun"])]
    this_month = tables.today.to_period("M").to_timestamp()
    drawn = pd.concat(
        [
            pension[pension.status == "paid"].assign(benefit=lambda rows: rows.kind + "_pension"),
            subsidy[subsidy.status == "paid"].assign(benefit=lambda rows: rows["item"]),
            listed.assign(benefit=listed.assistance, month=this_month),
        ]
    )
    drawn = drawn[drawn.person_key.isin(gone.person_key)]
    drawn = drawn.groupby(["person_key", "benefit"]).month.max().reset_index()
    found = gone.merge(drawn, on="person_key")
    found = found[found.person_key.isin(tables.dwd_person.person_key)]
    late = month_number(found.month) - month_number(found.since) > S["grace_months"]
    found = found[late & (found["until"].isna() | (month_number(found.month) <= month_number(found["until"])))]
    found = found.assign(episode=found.cause + ":" + found.benefit + ":" + day_text(found.since))
    return hits(leveled(found, "yellow", orange=found.source_count >= 2))


def w15(tables: Frames) -> pd.DataFrame:
    member = valid_on(tables.dwd_family_membership, tables.today)
    living = tables.dwd_person[tables.dwd_person.status == "living"].person_key
    member = member[member.source_class.isin(["dibao", "marginal_and_rigid"]) & member.person_key.isin(living)]
    member = member.merge(tables.dws_family[["family_key", "member_count"]], on="family_key")
    member = member[["person_key", "family_key", "valid_from", "member_count"]]
    car = member.merge(tables.dwd_vehicle, on="person_key")
    car = car[(car.kind == "car") & (car.usage == "private") & (car.price_band >= S["least_price_band"])]
    car = car[(car.owned_since >= car.valid_from) & (car.owned_since <= tables.today)]
    home = member.merge(tables.dwd_home_purchase, on="person_key")
    home = home[(home.signed_on >= home.valid_from) & (home.signed_on <= tables.today)]
    business = member.merge(tables.dwd_business, on="person_key")
    business = business[business.is_active & business.role.isin(["operator", "legal_representative"])]
    business = business[business.capital_amount > S["capital_cap"] * FEN]
    income = tables.dws_person_income
    earned = member.merge(income[income.is_earner.fillna(False).astype(bool)], on="person_key")
    earned = earned.assign(total=earned.groupby("family_key").wage_amount.transform("sum"))
    first = earned.sort_values(["wage_amount", "person_key"], ascending=[False, True]).drop_duplicates("family_key")
    first = first[first.total > S["wage_multiple"] * S["standard"] * FEN * first.member_count]
    found = pd.concat(
        [
            car.assign(what="car", episode="car:" + car.vehicle_id),
            home.assign(what="home", episode="home:" + home.contract_id),
            business.assign(what="business", episode="business:" + business.business_id),
            first.assign(what="wage", episode=f"wage:{tables.today.year}"),
        ]
    )
    several = found.groupby("family_key").what.transform("nunique") >= 2
    return hits(
        leveled(found.reset_index(drop=True), "yellow", orange=several.reset_index(drop=True))
    ).drop_duplicates()


def w16(tables: Frames) -> pd.DataFrame:
    spells = tables.spells
    on = {name: spells[spells.assistance == name] for name in ("tekun", "dibao", "marginal")}
    certificate = tables.dwd_disability_certificate
    certificate = certificate[certificate.status == "valid"]
    standing = tables.dwd_person[tables.dwd_person.status == "living"].merge(
        certificate, how="left", on="person_key", suffixes=("", "_of_certificate")
    )
    since = standing.certified_on.where(standing.previous_level > S["severe_level"], standing.first_certified_on)
    standing = standing.assign(since=since, **{name: standing.person_key.isin(on[name].person_key) for name in on})
    severe = standing.level <= S["severe_level"]
    mental = standing.category.isin(["5", "6"]) & (standing.level <= S["mental_level"])
    paid = tables.dwd_subsidy
    late = tables.days_ago(S["entitlement_days"])
    found = []
    if (paid["item"] == "nursing").any():
        without = ~standing.person_key.isin(paid[paid["item"] == "nursing"].person_key)
        nursing = standing[severe & ~standing.tekun & (standing.since <= late) & without]
        found.append(nursing.assign(episode="nursing:" + day_text(nursing.since), level="yellow"))
    if (paid["item"] == "old_age").any():
        born = standing.born_on
        leap = (born.dt.month == 2) & (born.dt.day == 29)
        old_on = born + pd.DateOffset(years=S["very_old"])
        old_on = old_on.where(~(leap & (old_on.dt.day == 28)), old_on + pd.Timedelta(days=1))
        without = ~standing.person_key.isin(paid[paid["item"] == "old_age"].person_key)
        old = standing.assign(old_on=old_on)[(old_on <= late) & without]
        found.append(old.assign(episode="old_age:" + day_text(old.old_on), level="yellow"))
    single = standing[standing.marginal & ~standing.dibao & ~standing.tekun & (severe | mental)]
    from_day = single.person_key.map(on["marginal"].groupby("person_key").valid_from.max())
    found.append(single.assign(episode="single:" + day_text(from_day), level="orange"))
    return hits(*found, _tekun(tables, standing, mental))


def _tekun(tables: Frames, standing: pd.DataFrame, mental: pd.Series) -> pd.DataFrame:
    """Families on dibao in which nobody can work or has an income, and no child outside could support them."""
    weak = (
        (standing.sixty_on <= tables.today)
        | (full_years(standing.born_on, tables.today) < S["working_age"])
        | mental
        | ((standing.category == "4") & (standing.level <= S["physical_level"]))
        | ((standing.category == "1") & (standing.level <= S["visual_level"]))
    )
    income = tables.dws_person_income.set_index("person_key")
    earner = income.is_earner.fillna(False).astype(bool) | (income.pension_amount >= S["pension_cap"] * FEN)
    able = standing[["person_key", "household_key", "relation_code", "tekun"]].assign(
        can_work=~weak, has_income=standing.person_key.isin(earner[earner].index)
    )
    member = valid_on(tables.dwd_family_membership, tables.today)
    member = member[member.source_class == "dibao"][["family_key", "person_key", "role"]]
    member = member.merge(able[~able.tekun][["person_key", "household_key"]], on="person_key")
    around = member[["family_key", "household_key"]].drop_duplicates().merge(able, on="household_key")
    around = around.merge(member[["family_key", "person_key", "role"]], how="left", on=["family_key", "person_key"])
    inside = around.role.notna()
    around = around.assign(
        means=inside & (around.can_work | around.has_income),
        child=inside & around.relation_code.isin(["20", "30"]),
        support=~inside & around.can_work,
    )
    family = around.groupby("family_key")[["means", "child", "support"]].any()
    poor = family[~family.means & family.child & ~family.support].index
    head = around[inside & around.family_key.isin(poor)].assign(place=lambda rows: rows.role + rows.person_key)
    head = head.sort_values("place").drop_duplicates("family_key")
    return head.assign(episode="tekun:" + head.family_key, level="orange")
