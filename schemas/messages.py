"""What the pipeline and the case service say to each other over HTTP.

The pipeline PUTs warnings in batches and learns what became of each, and how fresh every
source is; the case service hands out the outcomes of visits. Both directions are idempotent by natural key, so
either side may repeat itself after a failure.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

# The model id under which a control visit stands: a household drawn by lot, of whom no warning tells.
CONTROL_VISIT = "control_visit"


def _written_out(value: object) -> object:
    """A day as the contract writes it; pydantic alone would also take a number for seconds since 1970."""
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or len(value) != len("2026-11-22"):
        raise ValueError("must be a day such as 2026-11-22")
    return date.fromisoformat(value)


def _a_number(value: object) -> object:
    """A number; pydantic alone would also take a truth value or a text for one."""
    if isinstance(value, bool | str):
        raise ValueError("must be a number")
    return value


Day = Annotated[date, BeforeValidator(_written_out)]
Whole = Annotated[int, BeforeValidator(_a_number)]
Number = Annotated[float, BeforeValidator(_a_number)]
# Said in plain words, so that programs which read the description can make one up.
_DECIMAL_TEXT = {"type": "string", "pattern": r"^-?[0-9]{1,12}(\.[0-9]+)?$"}
Amount = Annotated[Decimal, WithJsonSchema({"anyOf": [{"type": "number"}, _DECIMAL_TEXT]})]


class Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Level(StrEnum):
    """How urgent a warning is: red wants a call within a day, all want a visit."""

    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"


class Text(Message):
    """One text in the two languages of the screens."""

    zh: str
    en: str


class Figure(Message):
    """One number or date a claim rests on, ready to be shown beside its label."""

    label: Text
    value: str
    unit: Text | None = None


class Contact(Message):
    """Who to visit. The only place where a message may carry identity."""

    name: str
    identity_number: str
    address: str | None = None
    phone: str | None = None


class SourceDate(Message):
    """How far one source of a warning reached when it was found; no date where nothing ever came in."""

    title: Text
    covers_until: Day | None


class Earning(StrEnum):
    """What is seen to come in for a member of a household."""

    WAGE = "wage"
    PENSION = "pension"
    BENEFIT = "benefit"


class Need(StrEnum):
    """Why a member of a household depends on others."""

    MINOR = "minor"
    AGED = "aged"
    SEVERELY_DISABLED = "severely_disabled"
    STUDENT = "student"


class HouseholdMember(Message):
    """One member, never by name: who they are to the head, what they are seen to earn, and why they depend.

    `monthly_income` is what is known to come in each month; None where no source tells of any.
    """

    person_key: str
    relation: Text
    age: Whole | None
    earns: list[Earning]
    monthly_income: Amount | None = None
    depends: list[Need]


class HouseholdSum(Message):
    """What the same amount comes to over all members of whom a model claims something."""

    model_id: str
    figure: str
    label: Text
    unit: Text | None
    value: Amount


class HouseholdView(Message):
    """The household behind a warning. `claim_ids` are all claims that the warning takes together, its own first."""

    members: list[HouseholdMember]
    sums: list[HouseholdSum]
    claim_ids: list[str]


class GroupedClaim(Message):
    """A claim that a warning takes together with the one that leads it; the contact stands in `other_contacts`."""

    claim_id: str
    model_id: str
    model_version: Whole
    model_title: Text
    level: Level
    person_key: str
    reason: Text
    figures: list[Figure]
    check_at_door: list[Text]
    data_as_of: Day
    rests_on: list[SourceDate]
    leading_figure: Amount | None = None
    happened_on: Day | None = None


class WarningMessage(Message):
    """One household's hardship for the case service. `warning_id` is the natural key, and names the leading claim.

    What stands here beside `also` is that claim. `leading_figure` and `happened_on` say whether the claim tells more
    than an earlier visit could know; `score` ranks warnings as urgent as each other. `may_reach` is what help the
    claims may lead to, never a promise. `other_contacts` are by person key.
    """

    warning_id: str
    model_id: str
    model_version: Whole
    model_title: Text
    level: Level
    person_key: str
    household_key: str
    village_code: str = Field(pattern=r"^\d{12}$")
    grid_code: str | None = Field(default=None, pattern=r"^\d{15}$")
    reason: Text
    figures: list[Figure]
    receiving: list[Text]
    may_reach: list[Text] = Field(default_factory=list)
    quiet_days: Whole = Field(ge=0, le=3_660)
    check_at_door: list[Text]
    data_as_of: Day
    rests_on: list[SourceDate] = Field(default_factory=list)
    hardship: str | None = None
    leading_figure: Amount | None = None
    happened_on: Day | None = None
    score: Number | None = None
    household: HouseholdView | None = None
    also: list[GroupedClaim] = Field(default_factory=list)
    contact: Contact
    other_contacts: dict[str, Contact] = Field(default_factory=dict)


class WarningBatch(Message):
    """The warnings of one night in the order of need, in batches of at most 500: they are answered in this order."""

    business_date: Day
    warnings: list[WarningMessage] = Field(max_length=500)


class ReviewFindingMessage(Message):
    """What might end or reduce a benefit. `finding_id` is the natural key; no warning has such an id.

    It goes to people who review it after notice, and never opens, joins or changes an order.
    """

    finding_id: str = Field(pattern=r"^R-[A-Za-z0-9]+-[0-9a-f]{20}$")
    model_id: str
    model_version: Whole
    model_title: Text
    level: Level
    person_key: str
    household_key: str | None
    village_code: str | None = Field(default=None, pattern=r"^\d{12}$")
    source_count: Whole = Field(ge=1, le=100)
    reason: Text
    figures: list[Figure]
    data_as_of: Day
    rests_on: list[SourceDate] = Field(default_factory=list)
    contact: Contact


class ReviewFindingBatch(Message):
    """Findings of one night, in batches of at most 500."""

    business_date: Day
    findings: list[ReviewFindingMessage] = Field(max_length=500)


class ReviewFindingsTaken(Message):
    """The ids of all findings of a batch, which the case service keeps from here on."""

    finding_ids: list[str]


class DispositionKind(StrEnum):
    OPENED = "opened"
    JOINED = "joined"
    WITHHELD = "withheld"


class WithheldReason(StrEnum):
    """Why a warning waits. Each has a day on which it is looked at again; see WITHHELD."""

    RESIDENCE_UNKNOWN = "residence_unknown"
    SOURCE_ON_HOLD = "source_on_hold"
    ALREADY_HELPED = "already_helped_for_same_cause"
    APPLICATION_OPEN = "application_open"
    FOUND_NO_HARDSHIP = "recent_visit_found_no_hardship"
    FOUND_DECEASED = "recent_visit_found_deceased"
    WORKER_CAPACITY = "worker_capacity_this_week"


WITHHELD: Mapping[WithheldReason, Text] = {
    WithheldReason.RESIDENCE_UNKNOWN: Text(
        zh="户籍里没有住址，没有人可派", en="no address in the register, so nobody can be sent"
    ),
    WithheldReason.SOURCE_ON_HOLD: Text(
        zh="所依据的数据逾期未更新", en="the data that it rests on is later than agreed"
    ),
    WithheldReason.ALREADY_HELPED: Text(zh="近期已因同一原因得到救助", en="helped for the same cause lately"),
    WithheldReason.APPLICATION_OPEN: Text(zh="救助申请正在办理", en="an application for help is being decided"),
    WithheldReason.FOUND_NO_HARDSHIP: Text(zh="近期走访未发现困难", en="a recent visit found no hardship"),
    WithheldReason.FOUND_DECEASED: Text(
        zh="近期走访得知本人已去世", en="a recent visit found that the person has died"
    ),
    WithheldReason.WORKER_CAPACITY: Text(
        zh="网格员本周走访已满，按困难程度排队", en="the grid worker's week is full; ranked by need"
    ),
}


class Disposition(Message):
    """What became of one warning; a repeated PUT gets the first answer again.

    `order_number` stands with opened and joined, `reason` and `expires_on` with withheld.
    """

    warning_id: str
    kind: DispositionKind
    order_number: str | None = None
    case_number: str | None = None
    reason: WithheldReason | None = None
    expires_on: Day | None = None

    @model_validator(mode="after")
    def says_what_became_of_it(self) -> Self:
        """Withheld always has a reason and an expiry, anything else an order."""
        is_withheld = self.kind is DispositionKind.WITHHELD
        if is_withheld and (self.reason is None or self.expires_on is None):
            raise ValueError("withheld needs a reason and expires_on")
        if not is_withheld and (self.order_number is None or self.reason is not None):
            raise ValueError(f"{self.kind} needs an order_number and no reason")
        return self


class DispositionBatch(Message):
    dispositions: list[Disposition]


class OutcomeKind(StrEnum):
    """What a visit found, 办结结果. Yield counts helped and referred."""

    HELPED = "helped"
    REFERRED = "referred"
    ALREADY_RECEIVING = "already_receiving"
    RESOLVED_BY_ITSELF = "resolved_by_itself"
    DATA_ERROR = "data_error"
    MOVED_OR_ABSENT = "moved_or_absent"
    REFUSED = "refused"
    DECEASED = "deceased"
    DUPLICATE = "duplicate"


class OutcomeMessage(Message):
    """The outcome of one work order for one of the warnings it carried.

    `outcome_id` is unique per warning and never changes; no free text leaves the
    case service.
    """

    outcome_id: str
    warning_id: str
    model_id: str
    order_number: str
    outcome: OutcomeKind
    data_error_field: str | None = None
    delivered_at: datetime
    visited_at: datetime | None = None
    closed_at: datetime


class OutcomePage(Message):
    """Outcomes in the order they were closed; pass `next_cursor` to read on."""

    outcomes: list[OutcomeMessage]
    next_cursor: str | None


class UnitDeadlines(Message):
    """How the open work orders under one county stand against their clocks."""

    unit_code: str
    unit_name: str
    open: Whole
    due_soon: Whole
    overdue: Whole
    unassigned: Whole


class DeadlineReport(Message):
    """All counties, as of a moment; `provisional` where a due date enters an unpublished calendar year."""

    as_of: datetime
    counties: list[UnitDeadlines]
    provisional: bool


class SourceStatus(StrEnum):
    """Whether a class's data comes in: 已接入, 逾期未更新, 未接入."""

    CONNECTED = "connected"
    LATE = "late"
    NEVER_CONNECTED = "never_connected"


class ClassFreshness(Message):
    """What one extract class covers and until when."""

    extract_class: str
    title: Text
    department: str
    department_title: str
    status: SourceStatus
    covers_until: Day | None
    delivered_on: Day | None
    row_count: Whole = Field(ge=0)


class ModelHold(Message):
    """A model that claims nothing while a class is late, in one county or, without one, in the whole city."""

    extract_class: str
    model_title: Text
    county: str | None
    held_from: Day


class FreshnessReport(Message):
    """All classes as of one night, department by department. `business_date` is the natural key."""

    business_date: Day
    classes: list[ClassFreshness]
    holds: list[ModelHold] = Field(default_factory=list)
