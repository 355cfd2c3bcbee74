-- Every statement known on the date that one key of a person was followed by another, and whether it is followed.
select former_key, next_key, person_key, kind, standing, valid_from, valid_to, source_class, known_on, delivery_id,
  source_line
from ods_person_link
