-- Number n of the orders lies with worker n modulo the workers; the lowest numbers are the oldest, the highest open.
create temporary table made on commit drop as
select
  n as id,
  to_char(opened_at at time zone 'Asia/Shanghai', 'YYYYMMDD') || lpad(n::text, 6, '0') as number,
  worker.id as worker_id,
  worker.unit_code,
  (array['orange', 'yellow', 'yellow', 'red'])[n % 4 + 1] as level,
  n > :closed as is_open,
  opened_at,
  case when n <= :closed then opened_at + interval '2 days 3 hours' end as closed_at,
  encode(sha256(('household' || n)::bytea), 'hex') as household_key,
  encode(sha256(('person' || n)::bytea), 'hex') as person_key,
  'W-W03-' || lpad(to_hex(n), 20, '0') as warning_id
from
  generate_series(1, :orders) as n
  cross join lateral (
    select case
      when n > :closed then cast(:at as timestamptz) - interval '5 hours' * ((n - :closed) % 18)
      else cast(:at as timestamptz) - interval '5 days' - interval '1 day' * (:days * (:closed - n) / (:closed + 1))
    end as opened_at
  ) as opening
  join (
    select id, unit_code, row_number() over (order by id) - 1 as place from staff where role = 'grid_worker'
  ) as worker on worker.place = n % :workers;
analyze made;
insert into household_case (id, number, household_key, matter, origin, unit_code, status, outcome, opened_at, closed_at)
select
  id, 'GA' || number, household_key, 'hardship', 'warning', unit_code, case when is_open then 'open' else 'closed' end,
  case when not is_open then 'helped' end, opened_at, closed_at
from made order by id;
insert into work_order (
  id, number, case_id, kind, unit_code, assignee_id, form_version, status, level, opened_at, delivered_at, closed_at
)
select
  id, 'GD' || number, id, 'home_visit', unit_code, worker_id, :form, case when is_open then 'open' else 'closed' end,
  level, opened_at, opened_at, closed_at
from made order by id;
insert into received_warning (
  warning_id, sequence, business_date, model_id, level, person_key, household_key, claim, received_at, disposition,
  order_id, disposed_on, unit_code
)
select
  warning_id, id, cast(opened_at as date), 'medical_self_paid_year', level, person_key, household_key,
  jsonb_set(cast(:claim as jsonb), '{household,members,0,person_key}', to_jsonb(person_key)) || jsonb_build_object(
    'warning_id', warning_id, 'level', level, 'person_key', person_key, 'household_key', household_key,
    'grid_code', unit_code, 'village_code', left(unit_code, 12)
  ),
  opened_at, 'opened', id, cast(opened_at as date), unit_code
from made order by id;
insert into outcome (sequence, outcome_id, order_id, warning_id, kind)
select id, 'GD' || number || ':' || warning_id, id, warning_id, 'helped' from made where not is_open order by id;
insert into message (staff_id, order_id, happening, cause, written_at, read_at)
select
  worker_id, id, 'new_order', 'GD' || number || '/delivered/' || cast(opened_at at time zone 'Asia/Shanghai' as date),
  opened_at, case when not is_open then closed_at end
from made order by id;
insert into dispatch (message_id, state, channel_since, next_attempt_at, settled_at)
select id, 'inbox_only', written_at, written_at, written_at from message;
insert into clock_step (order_id, step, due_on, taken_at)
select id, 'delivered/' || worker_id, cast(opened_at at time zone 'Asia/Shanghai' as date), opened_at
from made order by id;
insert into sign_in_session (id_hash, staff_id, form_token, started_at, last_seen_at)
select
  encode(sha256(('session' || id)::bytea), 'hex'), id, 'not-in-use', cast(:at as timestamptz) - interval '3 days',
  cast(:at as timestamptz) - interval '3 days'
from staff;
select
  setval(pg_get_serial_sequence('household_case', 'id'), :orders),
  setval(pg_get_serial_sequence('work_order', 'id'), :orders),
  setval(pg_get_serial_sequence('received_warning', 'sequence'), :orders),
  setval('case_number', :orders),
  setval('order_number', :orders)
