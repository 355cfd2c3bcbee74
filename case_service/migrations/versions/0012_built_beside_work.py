"""Indexes of the large tables are built, and their constraints checked, while people read and write.

Everything here is a transaction of its own and may be repeated: whoever is broken off starts it again. Constraints of
older migrations are only told to PostgreSQL there (`not valid`), which holds for every row from then on, and checked
here against the rows before.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012_built_beside_work"
down_revision = "0011_time_refused"
branch_labels = None
depends_on = None

INDEXES: dict[str, tuple[str, list[str]]] = {
    "ix_received_warning_disposed_on": ("received_warning", ["disposed_on"]),
    "ix_received_warning_disposition_unit": ("received_warning", ["disposition", "unit_code"]),
    "ix_work_order_follows_id": ("work_order", ["follows_id"]),
    "ix_work_order_referral_id": ("work_order", ["referral_id"]),
    # What happened to a case is read by the numbers of its orders.
    "ix_action_log_subject": ("action_log", ["subject"]),
    "ix_visit_order_id": ("visit", ["order_id"]),
    "ix_work_order_running": ("work_order", ["delivered_at"]),
    "uq_clock_pause_one_open": ("clock_pause", ["order_id"]),
    "uq_visit_that_counts": ("visit", ["order_id"]),
}
WHERE = {
    "ix_work_order_running": "status = 'open'",
    "uq_clock_pause_one_open": "resumed_on is null",
    "uq_visit_that_counts": "sent_back_at is null",
}
HALF_BUILT = "select indexrelid::regclass::text from pg_index where not indisvalid order by 1"
UNCHECKED = """
select format('alter table %s validate constraint %I', conrelid::regclass, conname) from pg_constraint
where not convalidated and conrelid <> 0 order by conname
"""


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for left_over in op.get_bind().scalars(sa.text(HALF_BUILT)).all():
            op.execute(f"drop index concurrently if exists {left_over}")
        for name, (table, columns) in INDEXES.items():
            where = sa.text(WHERE[name]) if name in WHERE else None
            op.create_index(
                name, table, columns, unique=name.startswith("uq_"), postgresql_where=where,
                postgresql_concurrently=True, if_not_exists=True,
            )  # fmt: skip
        # Only now: there is never a moment without one of the two.
        op.execute("alter table visit drop constraint if exists uq_visit_order_id")
        for check in op.get_bind().scalars(sa.text(UNCHECKED)).all():
            op.execute(check)


def downgrade() -> None:
    # The visit's indexes stay: the older version too has visits that were sent back.
    for name, (table, _) in INDEXES.items():
        if table != "visit":
            op.drop_index(name, table, if_exists=True)
