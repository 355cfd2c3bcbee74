-- The vocabulary of the layers and models on Spark. The other file holds the same names, with the same results.

-- Completed years of age. Someone born on 29 February turns on 1 March in a common year.
create or replace temporary function full_years(born_on date, as_of date) returns integer return
    year(as_of) - year(born_on)
        - case when month(as_of) * 100 + day(as_of) < month(born_on) * 100 + day(born_on) then 1 else 0 end;

create or replace temporary function days_between(earlier date, later date) returns integer return
    datediff(later, earlier);

create or replace temporary function days_before(on_day date, n integer) returns date return date_sub(on_day, n);

-- The same day of an earlier month, or that month's last day where it is shorter.
create or replace temporary function months_before(on_day date, n integer) returns date return add_months(on_day, -n);

create or replace temporary function month_start(on_day date) returns date return trunc(on_day, 'MM');

create or replace temporary function month_end(on_day date) returns date return last_day(on_day);

-- Whole months between the starts of two months: 2026-01-31 to 2026-02-01 is 1.
create or replace temporary function months_between_starts(earlier date, later date) returns integer return
    (year(later) - year(earlier)) * 12 + month(later) - month(earlier);

create or replace temporary function year_of(on_day date) returns integer return year(on_day);

create or replace temporary function month_of(on_day date) returns integer return month(on_day);

-- 2026-11-19
create or replace temporary function day_text(on_day date) returns string return cast(on_day as string);

-- 2026-11
create or replace temporary function month_text(on_day date) returns string return
    substr(cast(on_day as string), 1, 7);

-- 2026Q4
create or replace temporary function quarter_text(on_day date) returns string return
    cast(year(on_day) as string) || 'Q' || cast(quarter(on_day) as string);

-- 12345.00
create or replace temporary function amount_text(amount decimal(38, 2)) returns string return
    cast(cast(amount as decimal(16, 2)) as string);

-- Texts of a list, sorted, with commas between; nulls left out, null when nothing is left.
create or replace temporary function joined_text(items array<string>) returns string return
    nullif(array_join(array_sort(items), ','), '');

-- The day on which somebody completes so many years, as full_years counts them.
create or replace temporary function birthday(born_on date, age integer) returns date return
    date_add(
        add_months(born_on, 12 * age),
        case when day(born_on) > day(add_months(born_on, 12 * age)) then 1 else 0 end
    );

-- The limit in whole yuan that applies in a tier of dws_assistance_tier; the last one where there is none.
create or replace temporary function limit_of_tier(tier string, tekun integer, dibao integer, low_income integer, general integer) returns integer return
    case tier when 'tekun' then tekun when 'dibao' then dibao when 'low_income' then low_income else general end;
