"""The record of actions is added to by one function, and by nothing else: it locks, numbers, chains and writes at once.

Between the lock and the end of the transaction no answer crosses to the service and back, which is what everybody
else who wants to record something waits for.
"""

from alembic import op

revision = "0009_append_in_one_step"
down_revision = "0008_reviews"
branch_labels = None
depends_on = None

SERVICE = "shouwang_service"
# `contents` is an entry as `case_service.action_log` writes it out to hash it, but for number and hash before.
APPEND = """
create function append_to_action_log(
  happened_at timestamptz, actors text[], actions text[], subjects text[], purposes text[], details jsonb[],
  contents text[]
) returns void language plpgsql volatile security definer set search_path from current as $$
declare
  last_sequence bigint;
  last_hash text;
  entry record;
begin
  perform pg_advisory_xact_lock(7340002);
  select sequence, entry_hash into last_sequence, last_hash from action_log order by sequence desc limit 1;
  last_sequence := coalesce(last_sequence, 0);
  last_hash := coalesce(last_hash, repeat('0', 64));
  for entry in
    select * from unnest(actors, actions, subjects, purposes, details, contents)
    as given(actor, action, subject, purpose, details, content)
  loop
    last_sequence := last_sequence + 1;
    insert into action_log (sequence, at, actor, action, subject, purpose, details, previous_hash, entry_hash)
    values (
      last_sequence, happened_at, entry.actor, entry.action, entry.subject, entry.purpose, entry.details, last_hash,
      encode(sha256(convert_to(
        '[' || last_sequence || ', ' || entry.content || ', "' || last_hash || '"]', 'UTF8'
      )), 'hex')
    )
    returning entry_hash into last_hash;
  end loop;
end $$
"""
SIGNATURE = "append_to_action_log(timestamptz, text[], text[], text[], text[], jsonb[], text[])"


def upgrade() -> None:
    op.execute(APPEND)
    op.execute(f"revoke execute on function {SIGNATURE} from public")
    op.execute(f"grant execute on function {SIGNATURE} to {SERVICE}")
    op.execute(f"revoke insert on action_log from {SERVICE}")


def downgrade() -> None:
    op.execute(f"grant insert on action_log to {SERVICE}")
    op.execute(f"drop function {SIGNATURE}")
