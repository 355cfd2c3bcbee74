-- The families that live together on the date: how many belong, and how many of them count.
with member as (
  select membership.family_key, membership.source_class, membership.person_key,
    max(case when exclusion.person_key is not null then 1 else 0 end) as is_excluded
  from dwd_family_membership as membership
  left join dwd_family_exclusion as exclusion
    on exclusion.person_key = membership.person_key
    and exclusion.valid_from <= :as_of and coalesce(exclusion.valid_to, :as_of) >= :as_of
  where membership.valid_from <= :as_of and coalesce(membership.valid_to, :as_of) >= :as_of
  group by membership.family_key, membership.source_class, membership.person_key
)
select member.family_key, member.source_class, cast(count(*) as integer) as listed_count,
  cast(sum(1 - member.is_excluded) as integer) as member_count,
  cast(count(distinct person.household_key) as integer) as registered_household_count
from member
left join dwd_person as person on person.person_key = member.person_key
group by member.family_key, member.source_class
