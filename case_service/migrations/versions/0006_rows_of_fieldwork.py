"""Row policies for what grid workers do on orders; whoever handed an order over may still answer for it."""

from alembic import op

revision = "0006_rows_of_fieldwork"
down_revision = "0005"
branch_labels = None
depends_on = None

SERVICE = "shouwang_service"
LOOKER = "(select current_setting('shouwang.looker', true))"
PATH = "(select nullif(current_setting('shouwang.path', true), ''))"
STAFF_ID = "(select nullif(current_setting('shouwang.staff_id', true), '')::int)"
IN_SUBTREE = f"unit_code in (select code from unit where path ~>=~ {PATH} and path ~<~ ({PATH} || '~'))"
TABLES = ("hand_over", "more_time_request", "urgent_help", "addition", "photo")
# As its owner, because the policy of hand-overs asks for the order in turn.
HANDED_ON = """
create function handed_on_by(order_id int, staff_id int) returns boolean language sql stable security definer
set search_path from current as $$
select exists (select 1 from hand_over where hand_over.order_id = $1 and hand_over.from_id = $2)
$$
"""
BEFORE = f"({LOOKER} = 'subtree' or ({LOOKER} = 'assignee' and assignee_id = {STAFF_ID})) and {IN_SUBTREE}"
AFTER = (
    f"({LOOKER} = 'subtree' or ({LOOKER} = 'assignee' and (assignee_id = {STAFF_ID} or handed_on_by(id, {STAFF_ID})))) "
    f"and {IN_SUBTREE}"
)


def upgrade() -> None:
    op.execute(HANDED_ON)
    op.execute(f"alter policy bounded_staff on work_order using ({AFTER})")
    for table in TABLES:
        of_order = f"exists (select 1 from work_order where work_order.id = {table}.order_id)"
        op.execute(f"create policy system on {table} to {SERVICE} using ({LOOKER} = 'system')")
        op.execute(f"create policy bounded_staff on {table} to {SERVICE} using ({of_order})")
        op.execute(f"alter table {table} enable row level security")


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"alter table {table} disable row level security")
        for policy in ("bounded_staff", "system"):
            op.execute(f"drop policy {policy} on {table}")
    op.execute(f"alter policy bounded_staff on work_order using ({BEFORE})")
    op.execute("drop function handed_on_by")
