"""The warnings of made-up households that the case service is filled and measured with; none is of anybody."""

from datetime import date
from decimal import Decimal
from hashlib import sha256

from schemas.messages import (
    Contact,
    Earning,
    Figure,
    HouseholdMember,
    HouseholdSum,
    HouseholdView,
    Level,
    Need,
    SourceDate,
    Text,
    WarningMessage,
)

MODEL = "medical_self_paid_year"
LEVELS = (Level.ORANGE, Level.YELLOW, Level.YELLOW, Level.RED)


def key_of(what: str, number: int) -> str:
    """As long and as random as a real key."""
    return sha256(f"{what}{number}".encode()).hexdigest()


def level_of(number: int) -> Level:
    """One in four is red, one in four orange."""
    return LEVELS[number % len(LEVELS)]


def contact_of(number: int) -> Contact:
    """Whom to visit; no identity number here has a right check digit."""
    return Contact(
        name=f"章试{number % 10_000:04d}",
        identity_number=f"3407061950{number % 9_999_999:07d}X",
        address=f"义安区五松镇城东村{number % 90 + 1}号",
        phone=f"1300{number % 10_000_000:07d}",
    )


def warning(number: int, grid_code: str, business_date: date) -> WarningMessage:
    """The warning of one household: three members, figures, questions and sources, as the models write them."""
    person = key_of("person", number)
    return WarningMessage(
        warning_id=f"W-W03-{number:020x}",
        model_id=MODEL,
        model_version=1,
        model_title=Text(zh="年度自付医疗费用过高", en="High self-paid medical cost this year"),
        level=level_of(number),
        person_key=person,
        household_key=key_of("household", number),
        village_code=grid_code[:12],
        grid_code=grid_code,
        reason=Text(
            zh="今年以来看病个人自付 16,842 元，超过低保家庭 5,000 元的关注线，最近一次出院是本月 12 日。",
            en="Paid 16,842 yuan for care this year, above the line of 5,000 for families on dibao.",
        ),
        figures=[
            Figure(label=_text("个人自付医疗费用"), value="16,842.50", unit=_text("元")),
            Figure(label=_text("最近一次出院"), value=business_date.isoformat()),
            Figure(label=_text("住院次数"), value="3", unit=_text("次")),
        ],
        receiving=[_text("城乡低保")],
        may_reach=[_text("临时救助"), _text("医疗救助")],
        quiet_days=90,
        check_at_door=[_text("还有多少医药费没有报销"), _text("家里谁在照顾病人，误工没有"), _text("是否借债治病")],
        data_as_of=business_date,
        rests_on=[
            SourceDate(title=_text("住院结算"), covers_until=business_date),
            SourceDate(title=_text("低保家庭及成员"), covers_until=None),
        ],
        hardship="medical",
        leading_figure=Decimal("16842.50"),
        household=_household(number, person),
        contact=contact_of(number),
    )


def _household(number: int, person: str) -> HouseholdView:
    return HouseholdView(
        members=[
            HouseholdMember(
                person_key=person, relation=_text("户主"), age=46, earns=[Earning.WAGE],
                monthly_income=Decimal("4001.00"), depends=[],
            ),
            HouseholdMember(
                person_key=key_of("mother", number), relation=_text("父母"), age=71, earns=[],
                depends=[Need.AGED, Need.SEVERELY_DISABLED],
            ),
            HouseholdMember(
                person_key=key_of("child", number), relation=_text("女"), age=11, earns=[], depends=[Need.MINOR]
            ),
        ],
        sums=[
            HouseholdSum(
                model_id=MODEL, figure="self_paid_total", label=_text("个人自付累计"), unit=_text("元"),
                value=Decimal("25000.00"),
            )
        ],
        claim_ids=[f"W-W03-{number:020x}"],
    )  # fmt: skip


def _text(zh: str) -> Text:
    return Text(zh=zh, en=zh)
