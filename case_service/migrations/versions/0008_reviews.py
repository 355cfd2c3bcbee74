"""Findings that might end a benefit get tables of their own, which nothing about help refers to."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008_reviews"
down_revision = "0007_referrals"
branch_labels = None
depends_on = None

SERVICE = "shouwang_service"
LOOKER = "(select current_setting('shouwang.looker', true))"
PATH = "(select nullif(current_setting('shouwang.path', true), ''))"
IN_SUBTREE = f"unit_code in (select code from unit where path ~>=~ {PATH} and path ~<~ ({PATH} || '~'))"
STAFF = {
    "review_finding": f"{LOOKER} = 'subtree' and {IN_SUBTREE}",
    "review_step": "exists (select 1 from review_finding where review_finding.finding_id = review_step.finding_id)",
}
STATUSES = ("received", "corroborated", "noticed", "heard", "decided", "appealed", "closed", "dismissed")


def upgrade() -> None:
    op.create_table(
        "review_finding",
        sa.Column("finding_id", sa.String(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        _words("level", "level", False, "red", "orange", "yellow"),
        sa.Column("person_key", sa.String(), nullable=False),
        sa.Column("household_key", sa.String(), nullable=True),
        sa.Column("unit_code", sa.String(), nullable=False),
        sa.Column("source_count", sa.Integer(), nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("sealed_name", sa.LargeBinary(), nullable=False),
        sa.Column("sealed_identity_number", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        _words("reviewstatus", "status", False, *STATUSES),
        sa.ForeignKeyConstraint(["unit_code"], ["unit.code"], name=op.f("fk_review_finding_unit_code")),
        sa.PrimaryKeyConstraint("finding_id", name=op.f("pk_review_finding")),
    )
    op.create_index(op.f("ix_review_finding_unit_code"), "review_finding", ["unit_code"])
    op.create_table(
        "review_step",
        sa.Column("id", sa.Integer(), sa.Identity(), nullable=False),
        sa.Column("finding_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        _words("decision", "decision", True, "keep", "reduce", "stop"),
        sa.Column("sealed_text", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["finding_id"], ["review_finding.finding_id"], name=op.f("fk_review_step_finding_id")),
        sa.ForeignKeyConstraint(["by_id"], ["staff.id"], name=op.f("fk_review_step_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_step")),
    )
    op.create_index(op.f("ix_review_step_finding_id"), "review_step", ["finding_id"])
    for table, seen in STAFF.items():
        op.execute(f"create policy system on {table} to {SERVICE} using ({LOOKER} = 'system')")
        op.execute(f"create policy pipeline on {table} to {SERVICE} using ({LOOKER} = 'pipeline')")
        op.execute(f"create policy bounded_staff on {table} to {SERVICE} using ({seen})")
        op.execute(f"alter table {table} enable row level security")


def downgrade() -> None:
    op.drop_table("review_step")
    op.drop_table("review_finding")


def _words(name: str, column: str, nullable: bool, *words: str) -> sa.Column[str]:
    kind = sa.Enum(*words, native_enum=False, create_constraint=True, length=40, name=name)
    return sa.Column(column, kind, nullable=nullable)
