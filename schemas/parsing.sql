-- How text as delivered becomes typed values. Every macro gives null where the text cannot be read.

-- Full-width forms (U+FF01 to U+FF5E) become their ASCII twins; spaces of every kind, a leading apostrophe
-- (Excel's mark of text) and empty strings go.
create macro tidy_text(x) as nullif(trim(case when regexp_matches(x, '[\t\n\r　]')
  then translate(x, E'\t\n\r　', '    ') else x end), '');

-- What has as many bytes as characters is ASCII, where nothing is full-width; translate costs most of the reading.
create macro tidy_code(x) as nullif(trim(ltrim(trim(
  case when strlen(x) = length(x) then replace(replace(replace(x, E'\t', ' '), E'\n', ' '), E'\r', ' ')
  else translate(x, E'\t\n\r' || ' ０１２３４５６７８９ＸｘＡＢＣＤＥＦ．，－／：（）　￥＾｜',
    '    0123456789XxABCDEF.,-/:() ¥^|') end), '''‘’`')), '');

create macro amount_text(x) as replace(translate(tidy_code(x), '￥−', '¥-'), ' ', '');

-- What stands of a date before its time of day, with hyphens between year, month and day.
create macro date_text(x) as rtrim(translate(regexp_replace(
  regexp_replace(tidy_code(x), '\s*([年月])\s*', '\1', 'g'), '[ T日号].*$', ''), '年月/.', '----'), '-');

-- Years before 1800 are what systems write for an unknown day, such as 0001-01-01.
create macro plausible_day(x) as case when x >= date '1800-01-01' then x end;

create macro is_plain_amount(x) as regexp_full_match(x, '-?[0-9]{1,11}(\.[0-9]+)?');

-- 1234.5, 1,234.50, ¥1,234.50, 1,234.50元, (1,234.50) and -1,234.50; a comma stands only between thousands.
create macro read_amount(x) as case
when is_plain_amount(x) then cast(try_cast(x as decimal(18, 6)) as decimal(38, 6))
else try_cast(nullif(
  case when regexp_full_match(amount_text(x), '\([^()+-]*\)') then '-' else '' end
  || replace(regexp_extract(trim(amount_text(x), '()'), '^¥?([+-]?¥?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.[0-9]*)?)元?$', 1), ',', ''), '')
  as decimal(38, 6)) end;

create macro read_whole_number(x) as try_cast(
  case when regexp_full_match(amount_text(x), '[+-]?([0-9]+|[0-9]{1,3}(,[0-9]{3})+)(\.0*)?')
    then split_part(replace(amount_text(x), ',', ''), '.', 1) end as integer);

-- 2026-03-01, 2026/3/1, 2026.3.1, 2026年3月1日, 20260301; a time of day behind it is dropped. A spreadsheet's
-- number of a day (45717 is 2025-03-01) has five digits: with four it might be a year. A day is never made up.
create macro read_date(x) as case
  when regexp_full_match(x, '[0-9]{4}-[0-9]{2}-[0-9]{2}') then plausible_day(try_cast(x as date))
  when regexp_full_match(x, '[0-9]{8}')
    then plausible_day(try_cast(substr(x, 1, 4) || '-' || substr(x, 5, 2) || '-' || substr(x, 7, 2) as date))
  when regexp_full_match(tidy_code(x), '[0-9]{5}(\.[0-9]+)?')
    then date '1899-12-30' + try_cast(left(tidy_code(x), 5) as integer)
  when regexp_full_match(tidy_code(x), '[0-9]{8}(\.0|[0-9]{6})?')
    then plausible_day(try_strptime(left(tidy_code(x), 8), '%Y%m%d')::date)
  when regexp_full_match(date_text(x), '[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}')
    then plausible_day(try_strptime(date_text(x), '%Y-%m-%d')::date) end;

-- A month stands as its first day: 202603, 202603.0, 2026-03, 2026/3, 2026年3月, or a whole date.
create macro read_month(x) as case
  when regexp_full_match(tidy_code(x), '[0-9]{6}(\.0)?')
    then plausible_day(try_strptime(left(tidy_code(x), 6) || '01', '%Y%m%d')::date)
  when regexp_full_match(date_text(x), '[0-9]{4}-[0-9]{1,2}')
    then plausible_day(try_strptime(date_text(x) || '-1', '%Y-%m-%d')::date)
  else date_trunc('month', read_date(x))::date end;

create macro read_identity_text(x) as nullif(upper(replace(replace(tidy_code(x), ' ', ''), '-', '')), '');

-- The check character of GB 11643-1999 over the first seventeen digits; the lambda reads them as one number once.
create macro identity_check_character(x) as list_transform([try_cast(substr(x, 1, 17) as bigint)], lambda n:
  substr('10X98765432', cast(1 + (
    7 * (n // 10000000000000000 % 10) + 9 * (n // 1000000000000000 % 10) + 10 * (n // 100000000000000 % 10) + 5 * (n // 10000000000000 % 10)
    + 8 * (n // 1000000000000 % 10) + 4 * (n // 100000000000 % 10) + 2 * (n // 10000000000 % 10) + 1 * (n // 1000000000 % 10)
    + 6 * (n // 100000000 % 10) + 3 * (n // 10000000 % 10) + 7 * (n // 1000000 % 10) + 9 * (n // 100000 % 10)
    + 10 * (n // 10000 % 10) + 5 * (n // 1000 % 10) + 8 * (n // 100 % 10) + 4 * (n // 10 % 10)
    + 2 * (n // 1 % 10)) % 11 as integer), 1))[1];

-- Eighteen characters whose birth date exists and whose check character fits.
create macro is_identity_number(x) as coalesce(
  regexp_full_match(x, '[1-9][0-9]{16}[0-9X]')
  and plausible_day(try_strptime(substr(x, 7, 8), '%Y%m%d')::date) is not null
  and identity_check_character(x) = substr(x, 18, 1), false);

-- What a spreadsheet leaves of an identity number it took for a number: 3.4E+17, or digits lost to zeros.
create macro is_float_damaged(x) as coalesce(
  regexp_full_match(x, '[0-9](\.[0-9]+)?E\+?[0-9]+')
  or regexp_full_match(x, '[1-9][0-9]{14}0{3}')
  or regexp_full_match(x, '[1-9][0-9]{16,17}\.0+')
  or regexp_full_match(x, '[1-9][0-9]{15}00'), false);

-- Fifteen digits were given out until 1999; they become eighteen with the century and the check character. Not
-- repaired: 996 to 999 (born before 1900), and birth years 19 and 20, which may be the head of a number cut short.
create macro lengthened_identity(x) as case
  when regexp_full_match(x, '[1-9][0-9]{14}') and substr(x, 7, 2) not in ('19', '20') and substr(x, 13, 3) < '996'
    and try_strptime('19' || substr(x, 7, 6), '%Y%m%d') is not null
    then left(x, 6) || '19' || substr(x, 7) || identity_check_character(left(x, 6) || '19' || substr(x, 7)) end;

-- The lambda names the tidied text once; macros repeat it some forty times, which takes longer to plan than to run.
create macro read_identity_number(x) as case when is_identity_number(x) then x else list_transform(
  [read_identity_text(x)],
  lambda y: case when is_identity_number(y) then y else lengthened_identity(y) end)[1] end;

-- The identity number inside the number of a disability certificate: eighteen characters, then the category (1 to 7)
-- and the level (1 to 4), then up to two characters that mark a reissue, such as B1.
create macro certificate_identity(x) as list_transform([read_identity_text(x)], lambda y:
  case when regexp_full_match(y, '[0-9]{17}[0-9X][1-7][1-4]([A-Z]?[0-9]?)') and is_identity_number(left(y, 18))
    then left(y, 18) end)[1];

create macro is_masked(x) as coalesce(regexp_matches(x, '[*＊●×]{2,}|[Xx]{2,}'), false);

-- A number in scientific notation where a code or number of a case is promised: its digits are lost.
create macro is_number_damaged(x) as coalesce(regexp_full_match(tidy_code(x), '[0-9](\.[0-9]+)?[Ee]\+[0-9]+'), false);

create macro masked(x) as case
  when x is null then null
  when length(x) <= 2 then left(x, 1) || '*'
  when length(x) <= 4 then left(x, 1) || repeat('*', length(x) - 1)
  when length(x) < 15 then left(x, 3) || repeat('*', length(x) - 5) || right(x, 2)
  else left(x, 6) || repeat('*', length(x) - 10) || right(x, 4) end;
