"""Orders count their changes, and answers to changes are kept under the key of their request."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004_api"
down_revision = "0004_service_tokens"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A constant default is kept in the catalogue: no row is rewritten.
    op.add_column("work_order", sa.Column("version", sa.Integer(), server_default="1", nullable=False))
    op.create_table(
        "idempotent_answer",
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("request_hash", sa.String(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_idempotent_answer_staff_id")),
        sa.PrimaryKeyConstraint("staff_id", "key", name=op.f("pk_idempotent_answer")),
    )


def downgrade() -> None:
    op.drop_table("idempotent_answer")
    op.drop_column("work_order", "version")
