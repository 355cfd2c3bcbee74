"""Departments handle what they are referred by a table that can be changed, and closures may wait for approval."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007_referrals"
down_revision = "0006_clocks"
branch_labels = None
depends_on = None

SERVICE = "shouwang_service"
LOOKER = "(select current_setting('shouwang.looker', true))"
PATH = "(select nullif(current_setting('shouwang.path', true), ''))"
CASE_IN_SUBTREE = (
    "exists (select 1 from household_case join unit on unit.code = household_case.unit_code "
    f"where household_case.id = referral.case_id and {LOOKER} = 'subtree' "
    f"and unit.path ~>=~ {PATH} and unit.path ~<~ ({PATH} || '~'))"
)
# A department sees the referral of its order, and neither the case's others nor its visits.
STAFF = {
    "referral": f"exists (select 1 from work_order where work_order.referral_id = referral.id) or {CASE_IN_SUBTREE}",
    "handling": "exists (select 1 from work_order where work_order.id = handling.order_id)",
}
KINDS_BEFORE = ("home_visit", "follow_up")
KINDS = (*KINDS_BEFORE, "follow_up_visit", "department_handling")
# In the order in which they lean on each other.
HANG_ON_ORDERS = (
    "photo", "addition", "submission_receipt", "more_time_request", "hand_over", "urgent_help", "message", "clock_step",
    "clock_pause", "outcome", "visit",
)  # fmt: skip
STATUSES = ("unassigned", "offered", "open", "awaiting_approval", "returned", "closed")
ASSIGNEE = (
    "status = 'returned' or (status = 'closed' and kind = 'department_handling') "
    "or (status in ('unassigned', 'offered')) = (assignee_id is null)"
)
HELP_KINDS = (
    "basic_living", "emergency", "medical", "education", "housing", "employment", "disability_care", "elderly_care",
    "child_welfare",
)  # fmt: skip
# As shipped: kind of help, lead, beside it, working days, working days until somebody looks in again.
RULES: tuple[tuple[str, str, list[str], int, int | None], ...] = (
    ("basic_living", "civil_affairs", [], 20, 60),
    ("emergency", "civil_affairs", [], 5, 20),
    ("medical", "medical_insurance", ["civil_affairs"], 15, 40),
    ("education", "education", [], 15, 60),
    ("housing", "housing", ["civil_affairs"], 30, 60),
    ("employment", "human_resources", [], 15, 40),
    ("disability_care", "disabled_persons_federation", ["civil_affairs"], 20, 60),
    ("elderly_care", "civil_affairs", [], 15, 40),
    ("child_welfare", "civil_affairs", ["education"], 10, 20),
)


def upgrade() -> None:
    rule = op.create_table(
        "dispatch_rule",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        _words("helpkind", "kind", *HELP_KINDS),
        sa.Column("lead", sa.String(), nullable=False),
        sa.Column("others", sa.ARRAY(sa.String()), nullable=False),
        sa.Column("working_days", sa.Integer(), nullable=False),
        sa.Column("follow_up_days", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("working_days between 1 and 250", name=op.f("ck_dispatch_rule_working_days_in_a_year")),
        sa.CheckConstraint("follow_up_days between 1 and 250", name=op.f("ck_dispatch_rule_follow_up_days_in_a_year")),
        sa.CheckConstraint("not lead = any(others)", name=op.f("ck_dispatch_rule_lead_is_not_beside_itself")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["staff.id"], name=op.f("fk_dispatch_rule_changed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatch_rule")),
    )
    op.create_index(
        "uq_dispatch_rule_current", "dispatch_rule", ["kind"], unique=True,
        postgresql_where=sa.text("superseded_at is null"),
    )  # fmt: skip
    shipped = datetime(2025, 1, 1, tzinfo=UTC)
    named = ("kind", "lead", "others", "working_days", "follow_up_days")
    op.bulk_insert(
        rule,
        [{**dict(zip(named, row, strict=True)), "reason": "as shipped", "changed_at": shipped} for row in RULES],
    )
    op.create_table(
        "referral",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        _words("helpkind", "kind", *HELP_KINDS),
        sa.Column("rule_id", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_by_id", sa.Integer(), nullable=False),
        sa.Column("sealed_note", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["household_case.id"], name=op.f("fk_referral_case_id")),
        sa.ForeignKeyConstraint(["rule_id"], ["dispatch_rule.id"], name=op.f("fk_referral_rule_id")),
        sa.ForeignKeyConstraint(["opened_by_id"], ["staff.id"], name=op.f("fk_referral_opened_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referral")),
    )
    op.create_index(op.f("ix_referral_case_id"), "referral", ["case_id"])
    _orders()
    op.create_table(
        "handling",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        _words("handlingresult", "result", "helped", "already_receiving", "not_eligible", "declined", "returned"),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=False),
        sa.Column("sealed_text", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_handling_order_id")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["staff.id"], name=op.f("fk_handling_recorded_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handling")),
        sa.UniqueConstraint("order_id", name=op.f("uq_handling_order_id")),
    )
    _visits_sent_back()
    for table, seen in STAFF.items():
        op.execute(f"create policy system on {table} to {SERVICE} using ({LOOKER} = 'system')")
        op.execute(f"create policy bounded_staff on {table} to {SERVICE} using ({seen})")
        op.execute(f"alter table {table} enable row level security")


def downgrade() -> None:
    op.execute("drop policy bounded_staff on referral")
    op.execute("delete from visit where sent_back_at is not null")
    op.drop_index(op.f("ix_visit_order_id"), "visit", if_exists=True)
    op.execute("alter table visit drop constraint if exists uq_visit_order_id")
    op.create_unique_constraint(op.f("uq_visit_order_id"), "visit", ["order_id"])
    op.drop_column("visit", "sent_back_reason")
    op.drop_column("visit", "sent_back_at")
    op.drop_table("handling")
    # The older version knows neither departments' orders nor follow-ups, nor a visit that waits.
    _drop_orders_of_later_kinds()
    op.execute("update work_order set status = 'open' where status = 'awaiting_approval'")
    op.execute("delete from visit using work_order where work_order.id = order_id and status = 'open'")
    op.drop_constraint(op.f("ck_work_order_assignee_unless_unassigned"), "work_order")
    op.create_check_constraint(
        op.f("ck_work_order_assignee_unless_unassigned"), "work_order",
        "(status = 'unassigned') = (assignee_id is null)",
    )  # fmt: skip
    _order_words("orderstatus", "status", "unassigned", "open", "closed")
    _order_words("orderkind", "kind", *KINDS_BEFORE)
    for column in ("basis", "is_lead", "referral_id", "working_days"):
        op.drop_column("work_order", column)
    op.drop_table("referral")
    op.drop_table("dispatch_rule")


def _drop_orders_of_later_kinds() -> None:
    """What hangs on them goes too; a warning that joined one stands under the case's first order again."""
    later = "select id from work_order where kind in ('follow_up_visit', 'department_handling')"
    for table in ("dispatch_attempt", "dispatch"):
        op.execute(f"delete from {table} where message_id in (select id from message where order_id in ({later}))")
    for table in HANG_ON_ORDERS:
        op.execute(f"delete from {table} where order_id in ({later})")
    op.execute(
        "update received_warning set order_id = (select min(first.id) from work_order as first"
        " join work_order as joined on joined.case_id = first.case_id"
        f" where joined.id = received_warning.order_id and first.id not in ({later}))"
        f" where order_id in ({later})"
    )
    op.execute(f"update work_order set follows_id = null where follows_id in ({later})")
    op.execute(f"delete from work_order where id in ({later})")


def _orders() -> None:
    op.add_column("work_order", sa.Column("working_days", sa.Integer(), nullable=True))
    op.add_column("work_order", sa.Column("referral_id", sa.Integer(), nullable=True))
    op.add_column("work_order", sa.Column("is_lead", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("work_order", sa.Column("basis", postgresql.JSONB(), nullable=True))
    op.create_foreign_key(
        op.f("fk_work_order_referral_id"),
        "work_order", "referral", ["referral_id"], ["id"], postgresql_not_valid=True,
    )  # fmt: skip
    _order_words("orderkind", "kind", *KINDS)
    _order_words("orderstatus", "status", *STATUSES)
    op.drop_constraint(op.f("ck_work_order_assignee_unless_unassigned"), "work_order")
    op.create_check_constraint(
        op.f("ck_work_order_assignee_unless_unassigned"), "work_order", ASSIGNEE, postgresql_not_valid=True
    )


def _visits_sent_back() -> None:
    op.add_column("visit", sa.Column("sent_back_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("visit", sa.Column("sent_back_reason", sa.String(), nullable=True))
    op.create_check_constraint(
        op.f("ck_visit_sent_back_with_reason"),
        "visit", "(sent_back_at is null) = (sent_back_reason is null)", postgresql_not_valid=True,
    )  # fmt: skip


def _order_words(name: str, column: str, *words: str) -> None:
    op.drop_constraint(op.f(f"ck_work_order_{name}"), "work_order")
    listed = ", ".join(f"'{word}'" for word in words)
    op.create_check_constraint(
        op.f(f"ck_work_order_{name}"), "work_order", f"{column} in ({listed})", postgresql_not_valid=True
    )


def _words(name: str, column: str, *words: str) -> sa.Column[str]:
    return sa.Column(column, sa.Enum(*words, native_enum=False, create_constraint=True, length=40, name=name),
                     nullable=False)  # fmt: skip
