"""Clock plans and the steps taken by them, who paused a clock, local days off, messages and their ways out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0006_clocks"
down_revision = "0006_rows_of_fieldwork"
branch_labels = None
depends_on = None

SERVICE = "shouwang_service"
LOOKER = "(select current_setting('shouwang.looker', true))"
OF_ORDER = "exists (select 1 from work_order where work_order.id = {table}.order_id)"
HAPPENINGS = ("new_order", "due_soon", "due_today", "overdue", "clock_paused", "clock_resumed")
CHANNELS = ("wecom_app", "wecom_bot", "dingtalk", "sms", "email")
STATES = ("waiting", "sent", "withdrawn", "inbox_only", "undeliverable")
SYSTEM_ONLY = ("dispatch", "dispatch_attempt")
# Whoever delivers an order, and however: it runs by the newest plan of that moment and by no later one.
PIN = """
create function pin_clock_plan() returns trigger language plpgsql as $$
begin
  if new.delivered_at is not null and new.plan_version is null then
    new.plan_version := (select max(version) from clock_plan);
  end if;
  return new;
end $$
"""
PINNING = {
    "pin_clock_plan_new": "before insert on work_order for each row when (new.delivered_at is not null)",
    "pin_clock_plan_delivered": "before update of delivered_at on work_order for each row "
    "when (old.delivered_at is null and new.delivered_at is not null)",
}


def upgrade() -> None:
    _clocks()
    _messages()
    for table in ("clock_step", "message", *SYSTEM_ONLY):
        op.execute(f"create policy system on {table} to {SERVICE} using ({LOOKER} = 'system')")
        op.execute(f"alter table {table} enable row level security")
    seen = OF_ORDER.format(table="clock_step")
    op.execute(f"create policy bounded_staff on clock_step for select to {SERVICE} using ({seen})")
    seen = OF_ORDER.format(table="message")
    op.execute(f"create policy bounded_staff on message to {SERVICE} using ({seen})")


def _clocks() -> None:
    op.create_table(
        "clock_plan",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", JSONB(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_clock_plan")),
    )
    op.add_column("work_order", sa.Column("plan_version", sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f("fk_work_order_plan_version"),
        "work_order", "clock_plan", ["plan_version"], ["version"], postgresql_not_valid=True,
    )  # fmt: skip
    op.execute(PIN)
    for trigger, occasion in PINNING.items():
        op.execute(f"create trigger {trigger} {occasion} execute function pin_clock_plan()")
    op.create_table(
        "clock_step",
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_clock_step_order_id")),
        sa.PrimaryKeyConstraint("order_id", "step", "due_on", name=op.f("pk_clock_step")),
    )
    for column in ("paused_by", "resumed_by", "resume_reason"):
        op.add_column("clock_pause", sa.Column(column, sa.String(), nullable=True))
    op.create_table(
        "calendar_override",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_working_day", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("entered_by", sa.String(), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_override")),
    )


def _messages() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("happening", sa.String(40), nullable=False),
        sa.Column("cause", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        _words("message", "happening", "happening", HAPPENINGS),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_message_staff_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_message_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
        sa.UniqueConstraint("staff_id", "cause", name=op.f("uq_message_staff_id_cause")),
    )
    op.create_index(op.f("ix_message_order_id"), "message", ["order_id"])
    op.create_index("ix_message_staff_unread", "message", ["staff_id"], postgresql_where=sa.text("read_at is null"))
    op.create_table(
        "dispatch",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("channel", sa.String(40), nullable=True),
        sa.Column("channel_since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refused_by", sa.String(), server_default="", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("receipt", sa.String(), nullable=True),
        _words("dispatch", "dispatchstate", "state", STATES),
        _words("dispatch", "channelname", "channel", CHANNELS),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_dispatch_message_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_dispatch")),
    )
    op.create_index(
        "ix_dispatch_waiting", "dispatch", ["next_attempt_at", "message_id"],
        postgresql_where=sa.text("state = 'waiting'"),
    )  # fmt: skip
    op.create_table(
        "dispatch_attempt",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("rate_key", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        _words("dispatch_attempt", "channelname", "channel", CHANNELS),
        sa.ForeignKeyConstraint(["message_id"], ["message.id"], name=op.f("fk_dispatch_attempt_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatch_attempt")),
    )
    op.create_index(op.f("ix_dispatch_attempt_message_id"), "dispatch_attempt", ["message_id"])
    op.create_index("ix_dispatch_attempt_rate_key_at", "dispatch_attempt", ["rate_key", "at"])
    op.create_table(
        "channel_hold",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_channel_hold")),
    )
    op.create_table(
        "staff_address",
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        _words("staff_address", "channelname", "channel", CHANNELS),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_staff_address_staff_id")),
        sa.PrimaryKeyConstraint("staff_id", "channel", name=op.f("pk_staff_address")),
    )


def _words(table: str, name: str, column: str, words: tuple[str, ...]) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} in ({listed})", name=op.f(f"ck_{table}_{name}"))


def downgrade() -> None:
    for table in ("staff_address", "channel_hold", "dispatch_attempt", "dispatch", "message", "calendar_override"):
        op.drop_table(table)
    for column in ("paused_by", "resumed_by", "resume_reason"):
        op.drop_column("clock_pause", column)
    op.drop_table("clock_step")
    for trigger in PINNING:
        op.execute(f"drop trigger {trigger} on work_order")
    op.execute("drop function pin_clock_plan")
    op.drop_column("work_order", "plan_version")
    op.drop_table("clock_plan")
