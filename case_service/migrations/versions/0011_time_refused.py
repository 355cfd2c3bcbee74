"""Whoever asked for more time in vain is told."""

from alembic import op

revision = "0011_time_refused"
down_revision = "0010_calendar_edition"
branch_labels = None
depends_on = None

NAME = "ck_message_happening"
BEFORE = ("new_order", "due_soon", "due_today", "overdue", "clock_paused", "clock_resumed")


def upgrade() -> None:
    _allow((*BEFORE, "time_refused"))


def downgrade() -> None:
    op.execute(
        "delete from dispatch_attempt where message_id in (select id from message where happening = 'time_refused')"
    )
    op.execute("delete from dispatch where message_id in (select id from message where happening = 'time_refused')")
    op.execute("delete from message where happening = 'time_refused'")
    _allow(BEFORE)


def _allow(happenings: tuple[str, ...]) -> None:
    op.drop_constraint(op.f(NAME), "message")
    listed = ", ".join(f"'{one}'" for one in happenings)
    op.create_check_constraint(op.f(NAME), "message", f"happening in ({listed})", postgresql_not_valid=True)
