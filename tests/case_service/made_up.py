"""Made-up places' people and warnings. No identity number here has a right check digit."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import count
from pathlib import Path

from schemas.messages import (
    ClassFreshness,
    Contact,
    Earning,
    Figure,
    FreshnessReport,
    GroupedClaim,
    HouseholdMember,
    HouseholdSum,
    HouseholdView,
    Level,
    ModelHold,
    Need,
    ReviewFindingBatch,
    ReviewFindingMessage,
    SourceDate,
    SourceStatus,
    Text,
    WarningBatch,
    WarningMessage,
)

CITY = "340700000000"
YIAN = "340706000000"
WUSONG = "340706100000"
VILLAGE = "340706100200"
OTHER_VILLAGE = "340706100208"
SHUNAN = "340706101000"
FAR_COUNTY = "340722000000"
CIVIL_AFFAIRS = f"{YIAN}-civil_affairs"
HOUSING = f"{YIAN}-housing"
GRID = f"{VILLAGE}001"
SECOND_GRID = f"{VILLAGE}002"
GRID_WITHOUT_WORKER = f"{VILLAGE}003"
OTHER_GRID = f"{OTHER_VILLAGE}001"

GRIDS_CSV = f"""grid_code,village_code,name,effective_from
{GRID},{VILLAGE},第一网格,2024-01-01
{SECOND_GRID},{VILLAGE},第二网格,2024-01-01
{GRID_WITHOUT_WORKER},{VILLAGE},第三网格,
{OTHER_GRID},{OTHER_VILLAGE},第一网格,2024-01-01
"""
DEPARTMENTS_CSV = f"""department,division_code,name
civil_affairs,{YIAN},义安区民政局
housing,{YIAN},义安区住房和城乡建设局
"""
STAFF_CSV = f"""username,display_name,role,unit_code,phone
city,方城,city,{CITY},
yian,易安,county,{YIAN},
yian2,易审,county,{YIAN},
yian3,易复,county,{YIAN},
wusong,武松镇,town,{WUSONG},
village,郝村,community,{VILLAGE},
shunan,顺安镇,town,{SHUNAN},
far,袁方,county,{FAR_COUNTY},
civil,闵正,department_handler,{CIVIL_AFFAIRS},
civil2,闵辅,department_handler,{CIVIL_AFFAIRS},
housing,房建,department_handler,{HOUSING},
analyst,费析,analyst,{CITY},
system,席统,system_administrator,{CITY},
security,安全,security_administrator,{CITY},
audit,沈季,audit_administrator,{CITY},
g{GRID},葛一,grid_worker,{GRID},13000000001
g{SECOND_GRID},葛二,grid_worker,{SECOND_GRID},13000000002
g{OTHER_GRID},葛三,grid_worker,{OTHER_GRID},13000000003
"""


def write_directory(folder: Path) -> tuple[Path, Path, Path]:
    """Write the three files of the directory: grids, staff, departments."""
    folder.mkdir(parents=True, exist_ok=True)
    contents = {"grids.csv": GRIDS_CSV, "staff.csv": STAFF_CSV, "departments.csv": DEPARTMENTS_CSV}
    for name, content in contents.items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder / "grids.csv", folder / "staff.csv", folder / "departments.csv"


WORKER, SECOND_WORKER, OTHER_WORKER = f"g{GRID}", f"g{SECOND_GRID}", f"g{OTHER_GRID}"

NAME = "章试验"
IDENTITY_NUMBER = "34070619500101000Y"
PHONE = "13000001234"
ADDRESS = "城东村假想组八号"
BUSINESS_DATE = date(2025, 11, 21)

_numbers: Iterator[int] = count(1)


def warning(**changes: object) -> WarningMessage:
    """A realistic warning; each call makes another one about the same household unless told otherwise."""
    given: dict[str, object] = {
        "warning_id": f"w-{next(_numbers)}",
        "model_id": "medical_self_paid_year",
        "model_version": 1,
        "model_title": Text(zh="年度自付医疗费用过高", en="High self-paid medical cost this year"),
        "level": Level.ORANGE,
        "person_key": "person-1",
        "household_key": "household-1",
        "village_code": VILLAGE,
        "grid_code": GRID,
        "reason": Text(
            zh="今年以来看病个人自付 16,842 元，超过低保家庭 5,000 元的关注线。",
            en="Paid 16,842 yuan for care this year, above the line of 5,000 for families on dibao.",
        ),
        "figures": [
            Figure(
                label=Text(zh="个人自付医疗费用", en="Self-paid medical cost"),
                value="16,842.50",
                unit=Text(zh="元", en="yuan"),
            ),
            Figure(label=Text(zh="最近一次出院", en="Last discharge"), value="2025-11-12"),
        ],
        "quiet_days": 90,
        "receiving": [Text(zh="城乡低保", en="Subsistence allowance")],
        "check_at_door": [
            Text(zh="还有多少医药费没有报销", en="How much of the bills is not reimbursed yet"),
            Text(zh="家里谁在照顾病人，误工没有", en="Who cares for the patient, do they miss work"),
        ],
        "data_as_of": date(2025, 11, 20),
        "rests_on": [
            SourceDate(title=Text(zh="住院结算", en="Inpatient settlements"), covers_until=date(2025, 11, 20)),
            SourceDate(title=Text(zh="低保家庭及成员", en="Subsistence allowance"), covers_until=None),
        ],
        "contact": Contact(name=NAME, identity_number=IDENTITY_NUMBER, address=ADDRESS, phone=PHONE),
    }
    return WarningMessage.model_validate(given | changes)


def finding(**changes: object) -> ReviewFindingMessage:
    """Somebody who is paid a pension and died by two sources."""
    given: dict[str, object] = {
        "finding_id": f"R-R01-{next(_numbers):020x}",
        "model_version": 1,
        "source_count": 2,
        "model_id": "benefit_while_dead_or_held",
        "model_title": Text(zh="死亡后仍领待遇", en="Paid after death"),
        "reason": Text(zh="殡葬和死亡证明均显示 6 月去世，10 月仍发放养老金。", en="Died in June, paid in October."),
        **warning().model_dump(include={"level", "person_key", "household_key", "village_code", "figures",
                                        "data_as_of", "rests_on", "contact"}),
    }  # fmt: skip
    return ReviewFindingMessage.model_validate(given | changes)


def finding_batch(*findings: ReviewFindingMessage) -> dict[str, object]:
    """Findings as they go over the wire."""
    return ReviewFindingBatch(business_date=BUSINESS_DATE, findings=list(findings)).model_dump(mode="json")


def grouped_claim(**changes: object) -> GroupedClaim:
    """A claim about another member of the household, to go along with a warning."""
    same = warning().model_dump(include={"model_id", "model_version", "check_at_door", "data_as_of", "rests_on"})
    given: dict[str, object] = {
        **same,
        "claim_id": f"c-{next(_numbers)}",
        "model_title": Text(zh="新办或加重残疾证", en="Newly certified as disabled"),
        "level": Level.YELLOW,
        "person_key": "person-2",
        "reason": Text(zh="2026年11月新办肢体二级残疾证。", en="First certified as disabled in November 2026."),
        "figures": [Figure(label=Text(zh="残疾等级", en="Level of disability"), value="2")],
    }
    return GroupedClaim.model_validate(given | changes)


def household(**changes: object) -> HouseholdView:
    """A head who earns, an aged mother in care and a child, with what two members paid in all."""
    given: dict[str, object] = {
        "members": [
            HouseholdMember(
                person_key="person-1", relation=Text(zh="户主", en="head"), age=46, earns=[Earning.WAGE],
                monthly_income=Decimal("4001.00"), depends=[],
            ),
            HouseholdMember(
                person_key="person-2", relation=Text(zh="父母", en="parent"), age=71, earns=[],
                depends=[Need.AGED, Need.SEVERELY_DISABLED],
            ),
            HouseholdMember(
                person_key="person-3", relation=Text(zh="女", en="daughter"), age=11, earns=[], depends=[Need.MINOR]
            ),
        ],
        "sums": [
            HouseholdSum(
                model_id="medical_self_paid_year", figure="self_paid_total",
                label=Text(zh="个人自付累计", en="Self-paid in all"), unit=Text(zh="元", en="yuan"),
                value=Decimal("25000.00"),
            )
        ],
        "claim_ids": ["w-1", "c-1"],
    }  # fmt: skip
    return HouseholdView.model_validate(given | changes)


def visit_answers(**changes: object) -> dict[str, object]:
    """The answers of a visit as programs send them."""
    given: dict[str, object] = {
        "visited_at": "2025-11-21T09:00:00+08:00",
        "visit_kind": "warned",
        "questions": {},
        "note": "住院三次，家里只有老伴照顾",
        "place": "home",
        "outcome": "helped",
    }
    return given | changes


def batch(*warnings: WarningMessage, business_date: date = BUSINESS_DATE) -> dict[str, object]:
    """A batch as it goes over the wire."""
    return WarningBatch(business_date=business_date, warnings=list(warnings)).model_dump(mode="json")


def freshness(business_date: date = BUSINESS_DATE, late: str = "dibao") -> dict[str, object]:
    """Three departments' classes as they go over the wire; one class is late, one never connected."""
    given = [
        ("medical_insurance", "市医疗保障局", "inpatient_settlement", "住院结算", "Inpatient settlements"),
        (
            "medical_insurance",
            "市医疗保障局",
            "chronic_outpatient_settlement",
            "门诊慢特病结算",
            "Outpatient settlements",
        ),
        ("civil_affairs", "市民政局", "dibao", "低保家庭及成员", "Subsistence allowance members"),
        ("civil_affairs", "市民政局", "marginal_and_rigid", "低保边缘与刚性支出困难", "Marginal and rigid-expenditure"),
        ("public_security", "市公安局", "custody", "在押与强制隔离戒毒", "Custody and compulsory rehabilitation"),
    ]
    classes = []
    for at, (department, department_title, name, zh, en) in enumerate(given):
        status = SourceStatus.LATE if name == late else SourceStatus.CONNECTED
        status = SourceStatus.NEVER_CONNECTED if name == "custody" else status
        known = status is not SourceStatus.NEVER_CONNECTED
        classes.append(
            ClassFreshness(
                extract_class=name,
                title=Text(zh=zh, en=en),
                department=department,
                department_title=department_title,
                status=status,
                covers_until=date(2025, 9 if name == late else 11, 20) if known else None,
                delivered_on=date(2025, 11, 21) if known else None,
                row_count=(12_345 + at) if known else 0,
            )
        )
    title = Text(zh="年度自付医疗费用超限", en="Self-paid medical cost over the yearly limit")
    holds = [
        ModelHold(extract_class=late, model_title=title, county=county, held_from=date(2025, 11, 19))
        for county in ("义安区", None)
    ]
    return FreshnessReport(business_date=business_date, classes=classes, holds=holds).model_dump(mode="json")
