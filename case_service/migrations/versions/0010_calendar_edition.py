"""A mark that changes with the calendar, so that every request need not read the calendar to know it is the same."""

import sqlalchemy as sa
from alembic import op

revision = "0010_calendar_edition"
down_revision = "0009_append_in_one_step"
branch_labels = None
depends_on = None

SERVICE = "shouwang_service"
TABLES = ("calendar_day", "calendar_override")
# Random, so that a change that was taken back never leaves the mark of a later one.
RENEW = """
create function renew_calendar_edition() returns trigger language plpgsql security definer
set search_path from current as $$
begin
  update calendar_edition set mark = gen_random_uuid();
  return null;
end $$
"""


def upgrade() -> None:
    op.create_table("calendar_edition", sa.Column("mark", sa.Uuid(), nullable=False))
    op.execute("insert into calendar_edition values (gen_random_uuid())")
    op.execute(f"revoke insert, update on calendar_edition from {SERVICE}")
    op.execute(RENEW)
    for table in TABLES:
        op.execute(
            f"create trigger renew_calendar_edition after insert or update or delete or truncate on {table} "
            "for each statement execute function renew_calendar_edition()"
        )


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"drop trigger renew_calendar_edition on {table}")
    op.execute("drop function renew_calendar_edition")
    op.drop_table("calendar_edition")
