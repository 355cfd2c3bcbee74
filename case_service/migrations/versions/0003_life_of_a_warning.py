"""Why warnings wait, as a fixed vocabulary; on which night and for which unit they were disposed of."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

REASONS = (
    "residence_unknown",
    "source_on_hold",
    "already_helped_for_same_cause",
    "application_open",
    "recent_visit_found_no_hardship",
    "recent_visit_found_deceased",
    "worker_capacity_this_week",
)


def upgrade() -> None:
    words = ", ".join(f"'{reason}'" for reason in REASONS)
    op.create_check_constraint(
        op.f("ck_received_warning_withheldreason"),
        "received_warning", f"withheld_reason in ({words})", postgresql_not_valid=True,
    )  # fmt: skip
    op.add_column("received_warning", sa.Column("disposed_on", sa.Date(), nullable=True))
    op.add_column("received_warning", sa.Column("unit_code", sa.String(), nullable=True))
    op.create_foreign_key(
        op.f("fk_received_warning_unit_code"),
        "received_warning", "unit", ["unit_code"], ["code"], postgresql_not_valid=True,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_constraint(op.f("fk_received_warning_unit_code"), "received_warning")
    op.drop_column("received_warning", "unit_code")
    op.drop_column("received_warning", "disposed_on")
    op.drop_constraint(op.f("ck_received_warning_withheldreason"), "received_warning")
