"""Ten roles in place of two, and departments in the tree of units."""

import sqlalchemy as sa
from alembic import op

revision = "0004_roles"
down_revision = "0003"
branch_labels = None
depends_on = None

LEVELS_BEFORE = ("city", "county", "town", "village", "grid")
ROLES_BEFORE = ("grid_worker", "supervisor")
ROLES = (
    "grid_worker",
    "community",
    "town",
    "county",
    "city",
    "department_handler",
    "analyst",
    "system_administrator",
    "security_administrator",
    "audit_administrator",
)
# A supervisor keeps what they see: the subtree of their unit.
SUPERVISORS_BY_LEVEL = """
update staff set role = case unit.level when 'village' then 'community' when 'grid' then 'community' else unit.level end
from unit where unit.code = staff.unit_code and staff.role = 'supervisor'
"""


def upgrade() -> None:
    op.drop_constraint(op.f("ck_unit_unitlevel"), "unit")
    _words("unit", "unitlevel", "level", (*LEVELS_BEFORE, "department"))
    op.drop_constraint(op.f("ck_staff_role"), "staff")
    op.alter_column("staff", "role", existing_type=sa.String(40), nullable=True)
    op.execute(SUPERVISORS_BY_LEVEL)
    _words("staff", "role", "role", ROLES)


def downgrade() -> None:
    op.drop_constraint(op.f("ck_staff_role"), "staff")
    op.execute("update staff set role = 'supervisor' where role in ('community', 'town', 'county', 'city')")
    # What the older version has no word for cannot sign in there.
    op.execute("update staff set role = 'grid_worker', is_active = false where role is distinct from 'supervisor' "
               "and role is distinct from 'grid_worker'")  # fmt: skip
    op.alter_column("staff", "role", existing_type=sa.String(40), nullable=False)
    _words("staff", "role", "role", ROLES_BEFORE)
    op.drop_constraint(op.f("ck_unit_unitlevel"), "unit")
    op.execute("update staff set unit_code = unit.parent_code from unit "
               "where unit.code = staff.unit_code and unit.level = 'department'")  # fmt: skip
    op.execute("delete from unit where level = 'department'")
    _words("unit", "unitlevel", "level", LEVELS_BEFORE)


def _words(table: str, name: str, column: str, words: tuple[str, ...]) -> None:
    listed = ", ".join(f"'{word}'" for word in words)
    op.create_check_constraint(op.f(f"ck_{table}_{name}"), table, f"{column} in ({listed})")
