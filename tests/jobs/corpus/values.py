"""Values as departments write them: dates, amounts, identity numbers."""

from tests.jobs.corpus.case import Case, csv_bytes, held, lines, mended, spoiled, table, text
from tests.jobs.people import identity_number

NUMBER = identity_number(0)
WRONG_CHECK = NUMBER[:-1] + ("0" if NUMBER[-1] != "0" else "1")

IDENTITY = [
    mended(
        "an identity number with spaces and an apostrophe",
        csv_bytes(certno=f" '{NUMBER[:6]} {NUMBER[6:]}"),
        "identity_tidied",
    ),
    mended(
        "a full-width identity number",
        csv_bytes(certno=NUMBER.translate({48 + n: 0xFF10 + n for n in range(10)})),
        "identity_tidied",
    ),
    mended("a lower-case x", csv_bytes(certno="11010519491231002x"), "identity_tidied", whole=True),
    mended("fifteen digits", csv_bytes(certno="130503670401001"), "identity_15_digits", whole=True),
    spoiled("fifteen digits that may be eighteen cut short", csv_bytes(certno="340702200512081"), "identity_checksum"),
    spoiled("a masked identity number", csv_bytes(certno="3407**********1234"), "identity_masked"),
    spoiled("an identity number in scientific notation", csv_bytes(certno="3.40702E+17"), "identity_float_damaged"),
    spoiled(
        "an identity number that lost its last digits", csv_bytes(certno="340702199001011200"), "identity_float_damaged"
    ),
    spoiled("an identity number with a wrong check character", csv_bytes(certno=WRONG_CHECK), "identity_checksum"),
    spoiled("an identity number without its X", csv_bytes(certno="11010519491231002"), "identity_checksum"),
    spoiled("no identity number", csv_bytes(certno=""), "missing_required"),
    spoiled("a settlement number in scientific notation", csv_bytes(setl_id="3.40702E+17"), "number_damaged"),
]

DATES = [
    Case(f"a date as {form}", csv_bytes(setl_date=form))
    for form in (
        "20260310",
        "2026/3/10",
        "2026.03.10",
        "2026年3月10日",
        "46091",
        "46091.5",
        "20260310.0",
        "2026-03-10 08:30:00",
    )
]
WRONG_DATES = [
    spoiled("a date of zeros", csv_bytes(setl_date="0000-00-00"), "impossible_date"),
    spoiled("a month where a day is promised", csv_bytes(setl_date="2026年3月"), "impossible_date"),
    spoiled("a day that does not exist", csv_bytes(setl_date="2026-02-30"), "impossible_date"),
    spoiled("the end of time where the future is excluded", csv_bytes(setl_date="9999-12-31"), "future_date"),
    spoiled("the beginning of time", csv_bytes(adm_date="0001-01-01"), "impossible_date"),
]

AMOUNTS = [
    Case("an amount with thousands, yuan and full-width digits", csv_bytes(medfee_sumamt='"１,000.00元"')),
    Case("an amount with a yuan sign", csv_bytes(medfee_sumamt="￥1000")),
    spoiled("a negative amount", csv_bytes(preselfpay_amt="-1.00"), "negative_amount"),
    spoiled("an amount with a comma for a point", csv_bytes(acct_pay='"0,5"'), "not_a_number"),
    spoiled("an amount beyond all measure", csv_bytes(acct_pay="9" * 30), "not_a_number"),
    spoiled("an amount in words", csv_bytes(acct_pay="若干"), "not_a_number"),
]

ROWS_AGAINST_EACH_OTHER = [
    Case(
        "one key with two contents",
        text([*lines(table())[:-1], lines(table(insutype="310"))[1]]),
        accepted=10,
        rejected=2,
        reasons=frozenset({"duplicate_key"}),
        whole=True,
    ),
    held(
        "identity numbers masked throughout",
        text([line.replace("340702", "****02") for line in lines(table())]),
        "expect_column_values_to_not_be_null",
        whole=True,
    ),
]

CASES = [*IDENTITY, *DATES, *WRONG_DATES, *AMOUNTS, *ROWS_AGAINST_EACH_OTHER]
