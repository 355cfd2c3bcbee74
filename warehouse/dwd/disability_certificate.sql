-- Each person's certificate as last delivered, beside the last category and level that differed from it.
with earlier as (
  select version.person_key, version.disability_category, version.disability_level,
    row_number() over (
      partition by version.person_key order by version.known_on desc nulls last, version.delivery_id desc nulls last
    ) as version_rank
  from ods_disability_certificate_version as version
  join ods_disability_certificate as latest on latest.person_key = version.person_key
  where version.operation <> 'delete'
    and (version.disability_category <> latest.disability_category or version.disability_level <> latest.disability_level)
)
select certificate.person_key, certificate.disability_category as category, certificate.disability_level as level,
  certificate.first_certified_on, certificate.certified_on,
  case certificate.certificate_status
    when '有效' then 'valid' when '注销' then 'cancelled' when '冻结' then 'frozen' else 'moved_out'
  end as status,
  earlier.disability_category as previous_category, earlier.disability_level as previous_level,
  certificate.known_on, certificate.delivery_id, certificate.source_line
from ods_disability_certificate as certificate
left join earlier on earlier.person_key = certificate.person_key and earlier.version_rank = 1
