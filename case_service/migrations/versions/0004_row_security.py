"""Requests run under a role that owns nothing, and row policies bound what it sees by who looks."""

from alembic import op

revision = "0004_row_security"
down_revision = "0004_roles"
branch_labels = None
depends_on = None

SERVICE = "shouwang_service"
# Read once per query, not once per row; missing settings match nothing.
LOOKER = "(select current_setting('shouwang.looker', true))"
PATH = "(select nullif(current_setting('shouwang.path', true), ''))"
STAFF_ID = "(select nullif(current_setting('shouwang.staff_id', true), '')::int)"
# A range over the index on `path`; no code holds a character as high as the tilde.
IN_SUBTREE = f"unit_code in (select code from unit where path ~>=~ {PATH} and path ~<~ ({PATH} || '~'))"
OF_ORDER = "exists (select 1 from work_order where work_order.id = {table}.order_id)"
OF_CASE = "exists (select 1 from household_case where household_case.id = {table}.case_id)"
ORDER_OF_CASE = "exists (select 1 from work_order where work_order.case_id = household_case.id)"
# What staff see, and what they may write where that is more.
STAFF = {
    "work_order": (
        f"({LOOKER} = 'subtree' or ({LOOKER} = 'assignee' and assignee_id = {STAFF_ID})) and {IN_SUBTREE}",
        None,
    ),
    "household_case": (
        f"({LOOKER} = 'subtree' and {IN_SUBTREE}) or {ORDER_OF_CASE}",
        f"({LOOKER} in ('subtree', 'assignee') and {IN_SUBTREE}) or {ORDER_OF_CASE}",
    ),
    "received_warning": (
        f"({LOOKER} = 'subtree' and {IN_SUBTREE}) or " + OF_ORDER.format(table="received_warning"),
        None,
    ),
    "contact": (OF_CASE.format(table="contact"), None),
    "clock_pause": (OF_ORDER.format(table="clock_pause"), None),
    "visit": (OF_ORDER.format(table="visit"), None),
    "outcome": (OF_ORDER.format(table="outcome"), None),
}
READ_BY_PIPELINE = ("clock_pause", "visit", "outcome")
# Outcomes are numbered without a gap over the whole city, also by whoever sees only some of them.
LAST_OUTCOME = """
create function last_outcome_sequence() returns bigint language sql stable security definer
set search_path from current as $$ select coalesce(max(sequence), 0) from outcome $$
"""


def upgrade() -> None:
    op.execute(f"grant select, insert, update on all tables in schema public to {SERVICE}")
    op.execute(f"grant usage, select on all sequences in schema public to {SERVICE}")
    op.execute(f"alter default privileges in schema public grant select, insert, update on tables to {SERVICE}")
    op.execute(f"alter default privileges in schema public grant usage, select on sequences to {SERVICE}")
    op.execute(f"revoke all on alembic_version from {SERVICE}")
    op.execute(f"revoke update on action_log from {SERVICE}")
    op.execute(LAST_OUTCOME)
    for table, (seen, written) in STAFF.items():
        # PostgreSQL tries permissive policies from the last name to the first: the cheap ones come first so.
        op.execute(f"create policy system on {table} to {SERVICE} using ({LOOKER} = 'system')")
        command = "for select " if table in READ_BY_PIPELINE else ""
        op.execute(f"create policy pipeline on {table} {command}to {SERVICE} using ({LOOKER} = 'pipeline')")
        check = f" with check ({written})" if written else ""
        op.execute(f"create policy bounded_staff on {table} to {SERVICE} using ({seen}){check}")
        op.execute(f"alter table {table} enable row level security")


def downgrade() -> None:
    for table in STAFF:
        op.execute(f"alter table {table} disable row level security")
        for policy in ("bounded_staff", "pipeline", "system"):
            op.execute(f"drop policy {policy} on {table}")
    op.execute("drop function last_outcome_sequence")
    op.execute(f"alter default privileges in schema public revoke select, insert, update on tables from {SERVICE}")
    op.execute(f"alter default privileges in schema public revoke usage, select on sequences from {SERVICE}")
    op.execute(f"revoke all on all sequences in schema public from {SERVICE}")
    op.execute(f"revoke all on all tables in schema public from {SERVICE}")
