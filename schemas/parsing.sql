-- How text as delivered becomes typed values. Every macro gives null where the text cannot be read.

-- Full-width forms (U+FF01 to U+FF5E) become their ASCII twins; spaces of every kind, a leading apostrophe
-- (Excel's mark of text) and empty strings go.
create macro half_width(x) as translate(x,
  '０１２３４５６７８９ＸｘＡＢＣＤＥＦ．，－／：（）　￥＾｜',
  '0123456789XxABCDEF.,-/:() ¥^|');

create macro tidy_text(x) as nullif(trim(replace(replace(x, chr(9), ' '), '　', ' ')), '');

create macro tidy_code(x) as nullif(ltrim(trim(replace(half_width(x), chr(9), ' ')), ''''), '');

create macro read_amount(x) as try_cast(nullif(regexp_extract(
  replace(replace(tidy_code(x), ',', ''), ' ', ''), '^[¥￥]?([+-]?[0-9]+(\.[0-9]+)?)元?$', 1), '')
  as decimal(38, 6));

create macro read_whole_number(x) as try_cast(
  case when regexp_full_match(replace(tidy_code(x), ',', ''), '[+-]?[0-9]+(\.0+)?')
    then split_part(replace(tidy_code(x), ',', ''), '.', 1) end as integer);

-- 2026-03-01, 2026/3/1, 2026.3.1, 2026年3月1日, 20260301; a time of day behind it is dropped.
create macro read_date(x) as coalesce(
  try_strptime(regexp_replace(replace(replace(replace(replace(replace(split_part(split_part(tidy_code(x), ' ', 1), 'T', 1),
    '年', '-'), '月', '-'), '日', ''), '/', '-'), '.', '-'), '-$', ''), '%Y-%m-%d'),
  case when regexp_full_match(tidy_code(x), '[0-9]{8}') then try_strptime(tidy_code(x), '%Y%m%d') end)::date;

-- A month stands as its first day: 202603, 2026-03, 2026/3, 2026年3月, or a whole date.
create macro read_month(x) as coalesce(
  case when regexp_full_match(tidy_code(x), '[0-9]{6}') then try_strptime(tidy_code(x) || '01', '%Y%m%d') end,
  try_strptime(regexp_replace(replace(replace(replace(tidy_code(x), '年', '-'), '月', ''), '/', '-'), '-$', '') || '-1', '%Y-%m-%d'),
  date_trunc('month', read_date(x)))::date;

create macro read_identity_text(x) as nullif(upper(replace(replace(tidy_code(x), ' ', ''), '-', '')), '');

-- The check character of GB 11643-1999 over the first seventeen digits.
create macro identity_check_character(x) as substr('10X98765432', 1 + (
  7 * try_cast(substr(x, 1, 1) as integer) + 9 * try_cast(substr(x, 2, 1) as integer)
  + 10 * try_cast(substr(x, 3, 1) as integer) + 5 * try_cast(substr(x, 4, 1) as integer)
  + 8 * try_cast(substr(x, 5, 1) as integer) + 4 * try_cast(substr(x, 6, 1) as integer)
  + 2 * try_cast(substr(x, 7, 1) as integer) + 1 * try_cast(substr(x, 8, 1) as integer)
  + 6 * try_cast(substr(x, 9, 1) as integer) + 3 * try_cast(substr(x, 10, 1) as integer)
  + 7 * try_cast(substr(x, 11, 1) as integer) + 9 * try_cast(substr(x, 12, 1) as integer)
  + 10 * try_cast(substr(x, 13, 1) as integer) + 5 * try_cast(substr(x, 14, 1) as integer)
  + 8 * try_cast(substr(x, 15, 1) as integer) + 4 * try_cast(substr(x, 16, 1) as integer)
  + 2 * try_cast(substr(x, 17, 1) as integer)) % 11, 1);

-- Eighteen characters whose birth date exists and whose check character fits.
create macro is_identity_number(x) as coalesce(
  regexp_full_match(x, '[1-9][0-9]{16}[0-9X]')
  and try_strptime(substr(x, 7, 8), '%Y%m%d') is not null
  and identity_check_character(x) = substr(x, 18, 1), false);

-- What a spreadsheet leaves of an identity number it took for a number: 3.4E+17, or digits lost to zeros.
create macro is_float_damaged(x) as coalesce(
  regexp_full_match(x, '[0-9](\.[0-9]+)?E\+?[0-9]+')
  or regexp_full_match(x, '[1-9][0-9]{14}0{3}')
  or regexp_full_match(x, '[1-9][0-9]{16,17}\.0+')
  or regexp_full_match(x, '[1-9][0-9]{15}00'), false);

create macro read_identity_number(x) as case when is_identity_number(read_identity_text(x)) then read_identity_text(x) end;

create macro masked(x) as case
  when x is null then null
  when length(x) <= 2 then left(x, 1) || '*'
  when length(x) <= 4 then left(x, 1) || repeat('*', length(x) - 1)
  when length(x) < 15 then left(x, 3) || repeat('*', length(x) - 5) || right(x, 2)
  else left(x, 6) || repeat('*', length(x) - 10) || right(x, 4) end;
