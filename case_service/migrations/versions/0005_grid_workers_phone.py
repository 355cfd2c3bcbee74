"""What grid workers do on an order: follow-ups, hand-overs, more time, urgent help, photos, receipts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004_service_tokens"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _order_kinds("home_visit", "follow_up")
    op.add_column("work_order", sa.Column("follows_id", sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f("fk_work_order_follows_id"),
        "work_order", "work_order", ["follows_id"], ["id"], postgresql_not_valid=True,
    )  # fmt: skip
    op.create_table(
        "hand_over",
        _id(),
        _order(),
        _staff("from_id"),
        _staff("to_id"),
        _staff("by_id"),
        _moment("at"),
        _words(
            "handoverreason", "reason",
            "on_leave", "moved_grid", "knows_family", "related", "too_much", "assigned_anew",
        ),
        *_keys("hand_over", order_id="work_order", from_id="staff", to_id="staff", by_id="staff"),
    )  # fmt: skip
    op.create_index(op.f("ix_hand_over_order_id"), "hand_over", ["order_id"])
    op.create_index(op.f("ix_hand_over_from_id"), "hand_over", ["from_id"])
    op.create_table(
        "more_time_request",
        _id(),
        _order(),
        _staff("asked_by_id"),
        _moment("asked_at"),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        _words("moretimereason", "reason", "in_hospital", "away", "papers", "weather", "other"),
        sa.Column("sealed_note", sa.LargeBinary(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("is_granted", sa.Boolean(), nullable=True),
        sa.CheckConstraint(
            "(decided_at is null) = (is_granted is null)", name=op.f("ck_more_time_request_decided_whole")
        ),
        sa.CheckConstraint(
            "(decided_at is null) = (decided_by_id is null)", name=op.f("ck_more_time_request_decided_by_somebody")
        ),
        *_keys("more_time_request", order_id="work_order", asked_by_id="staff", decided_by_id="staff"),
    )
    op.create_index(op.f("ix_more_time_request_order_id"), "more_time_request", ["order_id"])
    op.create_index(
        "uq_more_time_request_one_waiting",
        "more_time_request",
        ["order_id"],
        unique=True,
        postgresql_where=sa.text("decided_at is null"),
    )
    op.create_table(
        "urgent_help",
        _id(),
        _order(),
        sa.Column("papers_order_id", sa.Integer(), nullable=False),
        _staff("given_by_id"),
        _moment("given_at"),
        _moment("recorded_at"),
        _words("helpgiven", "kind", "cash", "goods", "treatment", "shelter", "care"),
        sa.Column("sealed_details", sa.LargeBinary(), nullable=False),
        sa.UniqueConstraint("papers_order_id", name=op.f("uq_urgent_help_papers_order_id")),
        *_keys("urgent_help", order_id="work_order", papers_order_id="work_order", given_by_id="staff"),
    )
    op.create_index(op.f("ix_urgent_help_order_id"), "urgent_help", ["order_id"])
    op.create_table(
        "addition",
        _id(),
        _order(),
        _staff("recorded_by_id"),
        _moment("recorded_at"),
        sa.Column("form_version", sa.String(), nullable=False),
        sa.Column("sealed_answers", sa.LargeBinary(), nullable=False),
        *_keys("addition", order_id="work_order", recorded_by_id="staff"),
    )
    op.create_index(op.f("ix_addition_order_id"), "addition", ["order_id"])
    op.create_table(
        "photo",
        _id(),
        _order(),
        sa.Column("addition_id", sa.Integer(), nullable=True),
        _staff("recorded_by_id"),
        _moment("recorded_at"),
        sa.Column("sealed_picture", sa.LargeBinary(), nullable=False),
        *_keys("photo", order_id="work_order", addition_id="addition", recorded_by_id="staff"),
    )
    op.create_index(op.f("ix_photo_order_id"), "photo", ["order_id"])
    op.create_table(
        "submission_receipt",
        sa.Column("key", sa.String(), nullable=False),
        _staff("staff_id"),
        _order(),
        sa.Column("content_hash", sa.String(), nullable=False),
        _moment("received_at"),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_submission_receipt")),
        *_references("submission_receipt", staff_id="staff", order_id="work_order"),
    )
    op.create_index(op.f("ix_submission_receipt_order_id"), "submission_receipt", ["order_id"])


def downgrade() -> None:
    for table in ("submission_receipt", "photo", "addition", "urgent_help", "more_time_request", "hand_over"):
        op.drop_table(table)
    op.drop_constraint(op.f("fk_work_order_follows_id"), "work_order")
    op.drop_column("work_order", "follows_id")
    _order_kinds("home_visit")


def _order_kinds(*kinds: str) -> None:
    words = ", ".join(f"'{kind}'" for kind in kinds)
    op.drop_constraint(op.f("ck_work_order_orderkind"), "work_order")
    op.create_check_constraint(
        op.f("ck_work_order_orderkind"), "work_order", f"kind in ({words})", postgresql_not_valid=True
    )


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), sa.Identity(always=False), nullable=False)


def _order() -> sa.Column[int]:
    return sa.Column("order_id", sa.Integer(), nullable=False)


def _staff(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _moment(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _words(vocabulary: str, column: str, *words: str) -> sa.Column[str]:
    kind = sa.Enum(*words, name=vocabulary, native_enum=False, create_constraint=True, length=40)
    return sa.Column(column, kind, nullable=False)


def _keys(table: str, **references: str) -> list[sa.Constraint]:
    return [sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")), *_references(table, **references)]


def _references(table: str, **references: str) -> list[sa.Constraint]:
    return [
        sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"))
        for column, to in references.items()
    ]
