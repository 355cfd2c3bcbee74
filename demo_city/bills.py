"""What one medical settlement consists of, in whole cents; the parts always add up."""

import numpy as np
import numpy.typing as npt
import pandas as pd

Cents = npt.NDArray[np.int64]

AMOUNTS = (
    "medfee_sumamt", "fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt",
    "fund_pay_sumamt", "psn_part_amt", "acct_pay", "psn_cash_pay",
)  # fmt: skip


def drawn_bills(
    rng: np.random.Generator, total: Cents, fund_share: npt.NDArray[np.float64], has_account: npt.NDArray[np.bool_]
) -> pd.DataFrame:
    """Split totals into what is outside coverage, what the fund pays and what the person bears."""
    size = len(total)
    outside = _part(total, rng.uniform(0.02, 0.12, size))
    above_limit = _part(total, rng.uniform(0, 0.03, size))
    before = _part(total, rng.uniform(0.02, 0.07, size))
    covered = total - outside - above_limit - before
    return _bills(
        outside, above_limit, before, covered, _part(covered, fund_share), has_account * rng.uniform(0, 0.5, size)
    )


def bills_with_self_paid(self_paid: Cents) -> pd.DataFrame:
    """Bills whose self-paid cost is exactly so much."""
    before = _part(self_paid, np.full(len(self_paid), 0.2))
    share = self_paid - before
    covered = share * 4
    outside = _part(self_paid, np.full(len(self_paid), 0.25))
    return _bills(outside, outside // 5, before, covered, covered - share, np.zeros(len(self_paid)))


def self_paid(bills: pd.DataFrame) -> Cents:
    """Personal burden without what is outside coverage or above the price limit, never below zero."""
    own: pd.Series = bills["psn_part_amt"] - bills["fulamt_ownpay_amt"] - bills["overlmt_selfpay"]
    cents: Cents = np.maximum(own.to_numpy(np.int64), 0)
    return cents


def with_more_from_the_fund(bills: pd.DataFrame) -> pd.DataFrame:
    """The same bills after a manual reimbursement: the fund pays a fifth of what was left."""
    moved = (bills["psn_cash_pay"] // 5).clip(upper=(bills["inscp_scp_amt"] - bills["fund_pay_sumamt"]))
    return bills.assign(
        fund_pay_sumamt=bills["fund_pay_sumamt"] + moved,
        psn_part_amt=bills["psn_part_amt"] - moved,
        psn_cash_pay=bills["psn_cash_pay"] - moved,
    )


def _bills(
    outside: Cents,
    above_limit: Cents,
    before: Cents,
    covered: Cents,
    fund: Cents,
    account_share: npt.NDArray[np.float64],
) -> pd.DataFrame:
    total = outside + above_limit + before + covered
    burden = total - fund
    account = _part(burden, account_share)
    columns = (total, outside, above_limit, before, covered, fund, burden, account, burden - account)
    return pd.DataFrame(dict(zip(AMOUNTS, columns, strict=True)))


def _part(amount: Cents, share: npt.NDArray[np.float64]) -> Cents:
    return np.rint(amount * share).astype(np.int64)
