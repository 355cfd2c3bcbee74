"""Second factors, recovery codes, the city's own sign-in, and sessions that say from where."""

import sqlalchemy as sa
from alembic import op

revision = "0004_sign_in"
down_revision = "0004_row_security"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("staff", sa.Column("must_change_password", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("staff", sa.Column("oidc_subject", sa.String(), nullable=True))
    op.create_unique_constraint(op.f("uq_staff_oidc_subject"), "staff", ["oidc_subject"])
    op.add_column("staff", sa.Column("sealed_second_factor", sa.LargeBinary(), nullable=True))
    op.add_column("staff", sa.Column("second_factor_step", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("staff", sa.Column("power_held", sa.String(), nullable=True))
    op.add_column("sign_in_session", sa.Column("second_factor_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("sign_in_session", sa.Column("device", sa.String(200), server_default="", nullable=False))
    op.create_table(
        "recovery_code",
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_recovery_code_staff_id")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_recovery_code")),
    )
    op.create_index(op.f("ix_recovery_code_staff_id"), "recovery_code", ["staff_id"])
    op.execute("grant delete on recovery_code to shouwang_service")


def downgrade() -> None:
    op.drop_table("recovery_code")
    op.drop_column("sign_in_session", "device")
    op.drop_column("sign_in_session", "second_factor_at")
    for column in ("power_held", "second_factor_step", "sealed_second_factor", "oidc_subject", "must_change_password"):
        op.drop_column("staff", column)
