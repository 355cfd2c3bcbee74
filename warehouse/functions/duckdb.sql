-- The vocabulary of the layers and models on DuckDB. The other file holds the same names, with the same results.

-- Completed years of age. Someone born on 29 February turns on 1 March in a common year.
create or replace temp macro full_years(born_on, as_of) as
    cast(year(as_of) - year(born_on)
        - case when month(as_of) * 100 + day(as_of) < month(born_on) * 100 + day(born_on) then 1 else 0 end as integer);

create or replace temp macro days_between(earlier, later) as cast(date_diff('day', earlier, later) as integer);

create or replace temp macro days_before(on_day, n) as cast(on_day - cast(n as integer) as date);

-- The same day of an earlier month, or that month's last day where it is shorter.
create or replace temp macro months_before(on_day, n) as cast(on_day - to_months(cast(n as integer)) as date);

create or replace temp macro month_start(on_day) as cast(date_trunc('month', on_day) as date);

create or replace temp macro month_end(on_day) as cast(last_day(on_day) as date);

-- Whole months between the starts of two months: 2026-01-31 to 2026-02-01 is 1.
create or replace temp macro months_between_starts(earlier, later) as
    cast((year(later) - year(earlier)) * 12 + month(later) - month(earlier) as integer);

create or replace temp macro year_of(on_day) as cast(year(on_day) as integer);

create or replace temp macro month_of(on_day) as cast(month(on_day) as integer);

-- 2026-11-19
create or replace temp macro day_text(on_day) as cast(on_day as string);

-- 2026-11
create or replace temp macro month_text(on_day) as substr(cast(on_day as string), 1, 7);

-- 2026Q4
create or replace temp macro quarter_text(on_day) as cast(year(on_day) as string) || 'Q' || cast(quarter(on_day) as string);

-- 12345.00
create or replace temp macro amount_text(amount) as cast(cast(amount as decimal(16, 2)) as string);

-- Texts of a list, sorted, with commas between; nulls left out, null when nothing is left.
create or replace temp macro joined_text(items) as
    nullif(array_to_string(list_sort(items), ','), '');

-- The day on which somebody completes so many years, as full_years counts them.
create or replace temp macro birthday(born_on, age) as
    cast(born_on + to_months(cast(12 * age as integer)) as date)
        + case when day(born_on) > day(born_on + to_months(cast(12 * age as integer))) then 1 else 0 end;

-- The limit in whole yuan that applies in a tier of dws_assistance_tier; the last one where there is none.
create or replace temp macro limit_of_tier(tier, tekun, dibao, low_income, general) as
    cast(case tier when 'tekun' then tekun when 'dibao' then dibao when 'low_income' then low_income else general end as integer);
