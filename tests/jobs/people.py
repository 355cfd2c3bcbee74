"""Made-up people and rows of theirs, right unless a test spoils them."""

from typing import Any

from stdnum.cn import ric

BODY = "34070219{:02d}01{:02d}{:03d}"


def identity_number(n: int) -> str:
    """A valid made-up identity number, another one for every n."""
    body = BODY.format(50 + n % 50, 1 + n % 28, n % 1000)
    return body + ric.calc_check_digit(body + "0")


def settlement(n: int, **changes: Any) -> dict[str, Any]:
    """A right inpatient settlement of person n: 1,000 yuan in all, 400 self-paid."""
    return {
        "setl_id": f"S{n:06d}",
        "certno": identity_number(n),
        "psn_name": "张䶮",
        "insutype": "390",
        "med_type": "21",
        "fixmedins_name": "市第一人民医院",
        "hosp_lv": "3",
        "dise_chapter": "C",
        "adm_date": "2026-03-01",
        "dscg_date": "2026-03-09",
        "setl_date": "2026-03-10",
        "medfee_sumamt": "1000.00",
        "fulamt_ownpay_amt": "0.00",
        "overlmt_selfpay": "0.00",
        "preselfpay_amt": "0.00",
        "inscp_scp_amt": "1000.00",
        "fund_pay_sumamt": "600.00",
        "psn_part_amt": "400.00",
        "acct_pay": "0.00",
        "psn_cash_pay": "400.00",
        "vali_flag": "1",
        "refd_setl_flag": "0",
    } | changes


def registered(n: int, household: int | None = None, **changes: Any) -> dict[str, Any]:
    """A row of the household register: person n, head of household n unless told otherwise."""
    number = identity_number(n)
    return {
        "household_no": f"H{household if household is not None else n:05d}",
        "relation_code": "02" if household in (None, n) else "20",
        "psn_name": "王㛃",
        "certno": number,
        "sex": "1" if int(number[16]) % 2 else "2",
        "born_on": f"{number[6:10]}-{number[10:12]}-{number[12:14]}",
        "ethnicity": "01",
        "marital_code": "20",
        "phone": f"1990000{n:04d}",
        "address": "义安区五松镇荷花塘社区1号",
        "village_code": "340706100003",
        "grid_code": "340706100003001",
    } | changes


def on_dibao(n: int, **changes: Any) -> dict[str, Any]:
    """A row of the dibao list."""
    return {
        "family_no": f"D{n:05d}",
        "applicant_flag": "1",
        "psn_name": "李某",
        "certno": identity_number(n),
        "area_kind": "2",
        "category": "B",
        "member_count": "1",
        "monthly_amount": "650.00",
        "start_date": "2025-01-01",
        "review_date": "2026-06-01",
    } | changes


def in_tekun(n: int, **changes: Any) -> dict[str, Any]:
    """A row of the tekun list."""
    return {
        "psn_name": "李某",
        "certno": identity_number(n),
        "support_kind": "2",
        "selfcare_level": "1",
        "start_date": "2025-01-01",
        "monthly_amount": "900.00",
    } | changes


def renumbered(old: str, n: int) -> dict[str, str]:
    """A person's identity number became that of n."""
    day = "2026-11-10"
    fixed = {"event_no": f"E{n:04d}", "event_kind": "5", "event_date": day, "happened_on": day, "psn_name": "王某"}
    return {**fixed, "certno": identity_number(n), "old_certno": old}
