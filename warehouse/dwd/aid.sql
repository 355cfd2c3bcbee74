-- Help that was given in money, by what for: temporary aid, medical aid and aid to students. An award may stand for a
-- whole household.
select person_key, award_no as aid_id, 'temporary_aid' as source_class, award_date as aided_on,
  case cause
    when '1' then 'illness' when '2' then 'accident' when '3' then 'accident' when '4' then 'education'
    when '5' then 'unemployment' else 'other'
  end as cause,
  amount, known_on, delivery_id, source_line
from ods_temporary_aid
union all
select person_key, record_id as aid_id, 'medical_aid' as source_class, pay_date as aided_on, 'illness' as cause,
  maf_pay as amount, known_on, delivery_id, source_line
from ods_medical_aid
where record_kind = '1' and maf_pay > 0
union all
select person_key, aid_no as aid_id, 'student_aid' as source_class, awarded_on as aided_on, 'education' as cause,
  amount, known_on, delivery_id, source_line
from ods_student_aid
