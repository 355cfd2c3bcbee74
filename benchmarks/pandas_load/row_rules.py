"""The contracts' rules over several fields, as pandas says them; true where a row breaks the rule."""

from collections.abc import Callable

import pandas as pd

Rows = pd.DataFrame
Rule = Callable[[Rows], pd.Series]


def _differs(column: pd.Series, value: str) -> pd.Series:
    return column.notna() & (column != value)


def _amounts_add_up(rows: Rows) -> pd.Series:
    return (rows.medfee_sumamt - rows.fund_pay_sumamt - rows.psn_part_amt).abs().round(2) > 0.01


def _own_expense_within_personal_burden(rows: Rows) -> pd.Series:
    return (rows.fulamt_ownpay_amt + rows.overlmt_selfpay - rows.psn_part_amt).round(2) > 0.01


def _paid_month_has_a_base(rows: Rows) -> pd.Series:
    broken = pd.Series(False, rows.index)
    for month in range(1, 7):
        broken |= (rows[f"aae078_{month}"] == "1") & rows[f"aae180_{month}"].isna()
    return broken


def _has_no_amount(rows: Rows) -> pd.Series:
    return rows.amount == 0


RULES: dict[tuple[str, str], Rule] = {
    ("relapse_monitoring", "monitoring_has_kind_and_month"): lambda r: (
        (r.household_kind == "2") & (r.monitored_kind.isna() | r.identified_month.isna())
    ),
    ("relapse_monitoring", "cleared_risk_has_a_month"): lambda r: (r.risk_cleared == "1") & r.cleared_month.isna(),
    ("relapse_monitoring", "cleared_after_identified"): lambda r: r.cleared_month < r.identified_month,
    ("child_in_need", "visited_after_recognition"): lambda r: r.last_visit_on < r.recognised_on,
    ("cremation", "cremated_after_death"): lambda r: r.cremated_on < r.died_on,
    ("dibao", "review_after_start"): lambda r: r.review_date < r.start_date,
    ("dibao", "family_has_members"): lambda r: r.member_count < 1,
    ("marginal_and_rigid", "recognition_ends_after_it_begins"): lambda r: r.valid_to < r.start_date,
    ("marginal_and_rigid", "rigid_household_has_a_ratio"): lambda r: (r.household_kind == "2") & r.rigid_ratio.isna(),
    ("subsidy_payment", "subsidy_has_an_amount"): lambda r: (r.subsidy_status == "1") & (r.amount == 0),
    ("tekun", "support_has_an_amount"): lambda r: r.monthly_amount == 0,
    ("temporary_aid", "award_has_an_amount"): _has_no_amount,
    ("disability_certificate", "certified_after_first_certified"): lambda r: r.certified_on < r.first_certified_on,
    ("student_aid", "aid_has_an_amount"): _has_no_amount,
    ("student_enrolment", "grade_exists"): lambda r: (r.grade < 1) | (r.grade > 6),
    ("death_certificate", "issued_after_death"): lambda r: r.issued_on < r.died_on,
    ("serious_disease", "mental_disorder_has_a_grade"): lambda r: (r.disease_class == "3") & r.risk_grade.isna(),
    ("serious_disease", "followed_up_after_registration"): lambda r: r.followed_up_on < r.registered_on,
    ("housing_record", "contract_has_day_and_area"): lambda r: (
        (r.record_kind == "1") & (r.signed_on.isna() | r.floor_area.isna())
    ),
    ("housing_record", "account_has_a_base"): lambda r: (r.record_kind == "2") & r.deposit_base.isna(),
    ("housing_record", "share_at_most_whole"): lambda r: r.share_percent > 100,
    ("public_housing", "subsidy_has_an_amount"): lambda r: (r.support_kind == "2") & (r.monthly_subsidy == 0),
    ("public_housing", "household_has_members"): lambda r: r.member_count < 1,
    ("employee_pension_contribution", "paid_months_at_most_twelve"): lambda r: r.aae201 > 12,
    ("employee_pension_contribution", "paid_month_has_a_base"): _paid_month_has_a_base,
    ("employment_register", "unemployment_has_a_reason"): lambda r: (
        (r.register_type == "2") & r.unemployment_reason.isna()
    ),
    ("pension_payment", "stop_has_a_reason"): lambda r: _differs(r.aae116, "1") & r.aae160.isna(),
    ("pension_payment", "payment_has_an_amount"): lambda r: (r.aae116 == "1") & (r.aae019 == 0),
    ("resident_pension", "scheme_began_in_2009"): lambda r: r.aae001 < 2009,
    ("work_benefit", "used_at_most_what_was_approved"): lambda r: r.used_months > r.approved_months,
    ("work_benefit", "injury_has_a_level"): lambda r: _differs(r.benefit_kind, "1") & r.injury_level.isna(),
    ("market_entity", "closed_after_foundation"): lambda r: r.closed_on < r.founded_on,
    ("market_entity", "cancelled_has_a_day"): lambda r: (r.entity_status == "2") & r.closed_on.isna(),
    ("chronic_outpatient_settlement", "amounts_add_up"): _amounts_add_up,
    ("chronic_outpatient_settlement", "own_expense_within_personal_burden"): _own_expense_within_personal_burden,
    ("general_outpatient_month", "amounts_add_up"): _amounts_add_up,
    ("general_outpatient_month", "own_expense_within_personal_burden"): _own_expense_within_personal_burden,
    ("general_outpatient_month", "month_has_visits"): lambda r: (r.visits == 0) & (r.medfee_sumamt > 0),
    ("inpatient_settlement", "amounts_add_up"): _amounts_add_up,
    ("inpatient_settlement", "stay_ends_after_it_begins"): lambda r: r.dscg_date < r.adm_date,
    ("insured_person", "pause_after_start"): lambda r: r.paus_insu_date < r.psn_insu_date,
    ("insured_person", "pause_has_a_date"): lambda r: _differs(r.psn_insu_stas, "1") & r.paus_insu_date.isna(),
    ("medical_aid", "payment_has_a_day"): lambda r: (r.record_kind == "1") & r.pay_date.isna(),
    ("medical_aid", "identity_has_a_kind_and_a_start"): lambda r: (
        (r.record_kind == "2") & (r.psn_idet_type.isna() | r.begntime.isna())
    ),
    ("medical_aid", "identity_ends_after_it_begins"): lambda r: r.endtime < r.begntime,
    ("custody", "custody_ends_after_it_begins"): lambda r: (
        (r.expected_end < r.start_date) | (r.actual_end < r.start_date)
    ),
    ("household_register", "grid_lies_in_village"): lambda r: (
        r.grid_code.notna() & r.village_code.notna() & (r.grid_code.str[:12] != r.village_code)
    ),
    ("register_event", "registered_after_it_happened"): lambda r: r.event_date < r.happened_on,
    ("register_event", "changed_number_names_the_old_one"): lambda r: (r.event_kind == "5") & r.old_certno.isna(),
    ("vehicle_register", "owned_after_first_registration"): lambda r: r.owned_since < r.first_registered_on,
}
