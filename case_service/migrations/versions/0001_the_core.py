"""The core: units, staff, cases, work orders, visits, outcomes, and the record of actions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

REFUSE_CHANGE = """
create function refuse_change_of_action_log() returns trigger language plpgsql as $$
begin
    raise exception 'the action log may be added to and never changed';
end
$$
"""
NO_ROW_CHANGES = """
create trigger action_log_rows_stay before update or delete on action_log
for each row execute function refuse_change_of_action_log()
"""
NO_EMPTYING = """
create trigger action_log_stays before truncate on action_log
for each statement execute function refuse_change_of_action_log()
"""


def upgrade() -> None:
    op.execute(sa.schema.CreateSequence(sa.Sequence("case_number")))
    op.execute(sa.schema.CreateSequence(sa.Sequence("order_number")))
    op.create_table(
        "action_log",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=True),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("previous_hash", sa.String(), nullable=False),
        sa.Column("entry_hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_action_log")),
        sa.UniqueConstraint("entry_hash", name=op.f("uq_action_log_entry_hash")),
    )
    op.create_table(
        "calendar_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("is_working_day", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_calendar_day")),
    )
    op.create_table(
        "unit",
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("parent_code", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column(
            "level",
            sa.Enum(
                "city",
                "county",
                "town",
                "village",
                "grid",
                name="unitlevel",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["parent_code"], ["unit.code"], name=op.f("fk_unit_parent_code")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_unit")),
    )
    op.create_index(op.f("ix_unit_parent_code"), "unit", ["parent_code"], unique=False)
    op.create_index("ix_unit_path", "unit", ["path"], unique=False, postgresql_ops={"path": "text_pattern_ops"})
    op.create_table(
        "household_case",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("household_key", sa.String(), nullable=False),
        sa.Column(
            "matter",
            sa.Enum("hardship", name="matter", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "origin",
            sa.Enum(
                "warning",
                "application",
                "hotline",
                "visit",
                "referral",
                name="origin",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("unit_code", sa.String(), nullable=False),
        sa.Column(
            "status",
            sa.Enum("open", "closed", name="casestatus", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column(
            "outcome",
            sa.Enum(
                "helped",
                "referred",
                "already_receiving",
                "resolved_by_itself",
                "data_error",
                "moved_or_absent",
                "refused",
                "deceased",
                "duplicate",
                name="outcomekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["unit_code"], ["unit.code"], name=op.f("fk_household_case_unit_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_household_case")),
        sa.UniqueConstraint("number", name=op.f("uq_household_case_number")),
    )
    op.create_index("ix_household_case_closed", "household_case", ["household_key", "closed_at"], unique=False)
    op.create_index(op.f("ix_household_case_unit_code"), "household_case", ["unit_code"], unique=False)
    op.create_index(
        "uq_household_case_one_open",
        "household_case",
        ["household_key", "matter"],
        unique=True,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_table(
        "staff",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("username", sa.String(), nullable=False),
        sa.Column("display_name", sa.String(), nullable=False),
        sa.Column(
            "role",
            sa.Enum("grid_worker", "supervisor", name="role", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("unit_code", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=True),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("has_demo_password", sa.Boolean(), nullable=False),
        sa.Column("failed_sign_ins", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["unit_code"], ["unit.code"], name=op.f("fk_staff_unit_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff")),
        sa.UniqueConstraint("username", name=op.f("uq_staff_username")),
    )
    op.create_index(op.f("ix_staff_unit_code"), "staff", ["unit_code"], unique=False)
    op.create_table(
        "contact",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column("person_key", sa.String(), nullable=False),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_identity_number", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_phone", sa.LargeBinary(), nullable=True),
        sa.Column("sealed_address", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["household_case.id"], name=op.f("fk_contact_case_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sa.UniqueConstraint("case_id", "person_key", name=op.f("uq_contact_case_id_person_key")),
    )
    op.create_table(
        "sign_in_session",
        sa.Column("id_hash", sa.String(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("form_token", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_sign_in_session_staff_id")),
        sa.PrimaryKeyConstraint("id_hash", name=op.f("pk_sign_in_session")),
    )
    op.create_index(op.f("ix_sign_in_session_staff_id"), "sign_in_session", ["staff_id"], unique=False)
    op.create_table(
        "work_order",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("case_id", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum("home_visit", name="orderkind", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("unit_code", sa.String(), nullable=False),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("form_version", sa.String(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "unassigned", "open", "closed", name="orderstatus", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column(
            "level",
            sa.Enum("red", "orange", "yellow", name="level", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(status = 'closed') = (closed_at is not null)", name=op.f("ck_work_order_closed_at_when_closed")
        ),
        sa.CheckConstraint(
            "(status = 'unassigned') = (assignee_id is null)", name=op.f("ck_work_order_assignee_unless_unassigned")
        ),
        sa.CheckConstraint(
            "(status = 'unassigned') = (delivered_at is null)", name=op.f("ck_work_order_delivered_unless_unassigned")
        ),
        sa.ForeignKeyConstraint(["assignee_id"], ["staff.id"], name=op.f("fk_work_order_assignee_id")),
        sa.ForeignKeyConstraint(["case_id"], ["household_case.id"], name=op.f("fk_work_order_case_id")),
        sa.ForeignKeyConstraint(["unit_code"], ["unit.code"], name=op.f("fk_work_order_unit_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_order")),
        sa.UniqueConstraint("number", name=op.f("uq_work_order_number")),
    )
    op.create_index("ix_work_order_assignee_status", "work_order", ["assignee_id", "status"], unique=False)
    op.create_index(op.f("ix_work_order_case_id"), "work_order", ["case_id"], unique=False)
    op.create_index("ix_work_order_unit_status", "work_order", ["unit_code", "status"], unique=False)
    op.create_table(
        "clock_pause",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("paused_on", sa.Date(), nullable=False),
        sa.Column("resumed_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_clock_pause_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock_pause")),
    )
    op.create_index(op.f("ix_clock_pause_order_id"), "clock_pause", ["order_id"], unique=False)
    op.create_table(
        "received_warning",
        sa.Column("warning_id", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column(
            "level",
            sa.Enum("red", "orange", "yellow", name="level", native_enum=False, create_constraint=True, length=40),
            nullable=False,
        ),
        sa.Column("person_key", sa.String(), nullable=False),
        sa.Column("household_key", sa.String(), nullable=False),
        sa.Column("claim", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "disposition",
            sa.Enum(
                "opened",
                "joined",
                "withheld",
                name="dispositionkind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("order_id", sa.Integer(), nullable=True),
        sa.Column("withheld_reason", sa.String(40), nullable=True),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(disposition = 'withheld') = (expires_on is not null)", name=op.f("ck_received_warning_withheld_expires")
        ),
        sa.CheckConstraint(
            "(disposition = 'withheld') = (order_id is null)", name=op.f("ck_received_warning_order_unless_withheld")
        ),
        sa.CheckConstraint(
            "(disposition = 'withheld') = (withheld_reason is not null)",
            name=op.f("ck_received_warning_withheld_has_reason"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_received_warning_order_id")),
        sa.PrimaryKeyConstraint("warning_id", name=op.f("pk_received_warning")),
        sa.UniqueConstraint("sequence", name=op.f("uq_received_warning_sequence")),
    )
    op.create_index(op.f("ix_received_warning_household_key"), "received_warning", ["household_key"], unique=False)
    op.create_index(op.f("ix_received_warning_order_id"), "received_warning", ["order_id"], unique=False)
    op.create_table(
        "visit",
        sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("form_version", sa.String(), nullable=False),
        sa.Column("visited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by_id", sa.Integer(), nullable=False),
        sa.Column(
            "outcome",
            sa.Enum(
                "helped",
                "referred",
                "already_receiving",
                "resolved_by_itself",
                "data_error",
                "moved_or_absent",
                "refused",
                "deceased",
                "duplicate",
                name="outcomekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("data_error_field", sa.String(), nullable=True),
        sa.Column("sealed_answers", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_visit_order_id")),
        sa.ForeignKeyConstraint(["recorded_by_id"], ["staff.id"], name=op.f("fk_visit_recorded_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit")),
        sa.UniqueConstraint("order_id", name=op.f("uq_visit_order_id")),
    )
    op.create_table(
        "outcome",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("outcome_id", sa.String(), nullable=False),
        sa.Column("order_id", sa.Integer(), nullable=False),
        sa.Column("warning_id", sa.String(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "helped",
                "referred",
                "already_receiving",
                "resolved_by_itself",
                "data_error",
                "moved_or_absent",
                "refused",
                "deceased",
                "duplicate",
                name="outcomekind",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("data_error_field", sa.String(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'data_error') = (data_error_field is not null)", name=op.f("ck_outcome_data_error_names_field")
        ),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_outcome_order_id")),
        sa.ForeignKeyConstraint(["warning_id"], ["received_warning.warning_id"], name=op.f("fk_outcome_warning_id")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_outcome")),
        sa.UniqueConstraint("order_id", "warning_id", name=op.f("uq_outcome_order_id_warning_id")),
        sa.UniqueConstraint("outcome_id", name=op.f("uq_outcome_outcome_id")),
    )
    for statement in (REFUSE_CHANGE, NO_ROW_CHANGES, NO_EMPTYING):
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("outcome")
    op.drop_table("visit")
    op.drop_index(op.f("ix_received_warning_order_id"), table_name="received_warning")
    op.drop_index(op.f("ix_received_warning_household_key"), table_name="received_warning")
    op.drop_table("received_warning")
    op.drop_index(op.f("ix_clock_pause_order_id"), table_name="clock_pause")
    op.drop_table("clock_pause")
    op.drop_index("ix_work_order_unit_status", table_name="work_order")
    op.drop_index(op.f("ix_work_order_case_id"), table_name="work_order")
    op.drop_index("ix_work_order_assignee_status", table_name="work_order")
    op.drop_table("work_order")
    op.drop_index(op.f("ix_sign_in_session_staff_id"), table_name="sign_in_session")
    op.drop_table("sign_in_session")
    op.drop_table("contact")
    op.drop_index(op.f("ix_staff_unit_code"), table_name="staff")
    op.drop_table("staff")
    op.drop_index(
        "uq_household_case_one_open", table_name="household_case", postgresql_where=sa.text("status = 'open'")
    )
    op.drop_index(op.f("ix_household_case_unit_code"), table_name="household_case")
    op.drop_index("ix_household_case_closed", table_name="household_case")
    op.drop_table("household_case")
    op.drop_index("ix_unit_path", table_name="unit", postgresql_ops={"path": "text_pattern_ops"})
    op.drop_index(op.f("ix_unit_parent_code"), table_name="unit")
    op.drop_table("unit")
    op.drop_table("calendar_day")
    op.drop_table("action_log")
    op.execute("drop function refuse_change_of_action_log")
    op.execute(sa.schema.DropSequence(sa.Sequence("order_number")))
    op.execute(sa.schema.DropSequence(sa.Sequence("case_number")))
