"""From text as delivered to dates, amounts, codes and identity numbers; what cannot be read is empty."""

import numpy as np
import pandas as pd

FULL_WIDTH = str.maketrans(
    "０１２３４５６７８９ＸｘＡＢＣＤＥＦ．，－／：（）　￥＾｜", "0123456789XxABCDEF.,-/:() ¥^|"
)
QUOTES = "'‘’`"
EARLIEST = pd.Timestamp("1800-01-01")
WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
CHECK_CHARACTERS = np.frombuffer(b"10X98765432", dtype=np.uint8)
WHOLE = r"[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.0*)?"
AMOUNT = r"[+-]?¥?[+-]?(?:[0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.[0-9]*)?"


def tidied(text: pd.Series) -> pd.Series:
    """Without full-width digits, spaces around and Excel's apostrophe."""
    return text.str.translate(FULL_WIDTH).str.strip().str.lstrip(QUOTES).str.strip()


def amounts(text: pd.Series) -> pd.Series:
    """1234.5, 1,234.50, ¥1,234.50, 1,234.50元, (1,234.50)."""
    found = pd.to_numeric(text, errors="coerce")
    left = text[found.isna() & (text != "")]
    if len(left):
        clean = tidied(left).str.replace(" ", "")
        negative = clean.str.fullmatch(r"\([^()+-]*\)")
        clean = clean.str.strip("()").str.removesuffix("元")
        clean = clean.where(clean.str.fullmatch(AMOUNT)).str.replace(r"[¥,]", "", regex=True)
        numbers = pd.to_numeric(clean, errors="coerce")
        found.loc[left.index] = numbers.where(~negative, -numbers)
    return found


def decimals(text: pd.Series, places: int) -> pd.Series:
    return amounts(text).round(places)


def whole_numbers(text: pd.Series) -> pd.Series:
    """12, 1,234 and 12.0; no currency."""
    found = pd.to_numeric(text, errors="coerce")
    left = text[found.isna() & (text != "")]
    if len(left):
        clean = tidied(left).str.replace(" ", "")
        found.loc[left.index] = pd.to_numeric(clean.where(clean.str.fullmatch(WHOLE)).str.replace(",", ""))
    return found.where((found % 1 == 0) & (found.abs() < 2**31))


def dates(text: pd.Series) -> pd.Series:
    """2026-03-01, 2026/3/1, 2026.3.1, 2026年3月1日, 20260301, 45717."""
    found = pd.to_datetime(text, format="%Y-%m-%d", errors="coerce")
    left = text[found.isna() & (text != "")]
    if len(left):
        found.loc[left.index] = _rare_dates(tidied(left))
    return found.where(found >= EARLIEST)


def _rare_dates(text: pd.Series) -> pd.Series:
    eight = text.str.fullmatch(r"[0-9]{8}(?:\.0|[0-9]{6})?")
    found = pd.to_datetime(text.str[:8].where(eight), format="%Y%m%d", errors="coerce")
    serial = text.str.fullmatch(r"[0-9]{5}(?:\.[0-9]+)?")
    if serial.any():
        days = pd.to_numeric(text[serial].str[:5])
        found.loc[days.index] = pd.to_datetime(days, unit="D", origin="1899-12-30")
    parts = text[~eight & ~serial].str.extract(
        r"^([0-9]{4})\s*[-/.年]\s*([0-9]{1,2})\s*[-/.月]\s*([0-9]{1,2})(?:[ T日号].*)?$"
    )
    if len(parts):
        found.loc[parts.index] = _from_parts(parts[0], parts[1], parts[2])
    return found


def months(text: pd.Series) -> pd.Series:
    """202603, 2026-03, 2026/3, 2026年3月, or a whole date; a month stands as its first day."""
    six = text.str.fullmatch(r"[0-9]{6}")
    found = pd.to_datetime((text + "01").where(six), format="%Y%m%d", errors="coerce")
    left = text[~six & (text != "")]
    if len(left):
        clean = tidied(left)
        parts = clean.str.extract(r"^([0-9]{4})[-/.年]?([0-9]{1,2})(?:\.0|月)?$")
        read = _from_parts(parts[0], parts[1], pd.Series("1", parts.index))
        whole = dates(clean.where(read.isna(), ""))
        found.loc[left.index] = read.fillna(whole.dt.to_period("M").dt.to_timestamp())
    return found.where(found >= EARLIEST)


def _from_parts(year: pd.Series, month: pd.Series, day: pd.Series) -> pd.Series:
    padded = year + month.str.zfill(2) + day.str.zfill(2)
    return pd.to_datetime(padded, format="%Y%m%d", errors="coerce")


def identity_numbers(text: pd.Series) -> pd.Series:
    """Eighteen characters that exist, fifteen made eighteen; empty where neither is certain."""
    usual = text.str.fullmatch(r"[0-9]{17}[0-9X]")
    number = text.where(usual)
    left = text[~usual & (text != "")]
    if len(left):
        clean = tidied(left).str.replace(r"[ -]", "", regex=True).str.upper()
        number.loc[left.index] = _lengthened(clean)
    return number.where(_exists(number))


def _exists(number: pd.Series) -> pd.Series:
    found = pd.Series(False, number.index)
    full = number[number.fillna("").str.fullmatch(r"[1-9][0-9]{16}[0-9X]")]
    if len(full):
        characters = full.to_numpy().astype("S18").view(np.uint8).reshape(-1, 18)
        right = _check_characters(characters[:, :17]) == characters[:, 17]
        born = pd.to_datetime(full.str[6:14], format="%Y%m%d", errors="coerce")
        found.loc[full.index] = right & born.notna().to_numpy()
    return found


def _check_characters(digits: np.ndarray) -> np.ndarray:
    weighted = (digits.astype(np.int64) - ord("0")) @ WEIGHTS
    return np.asarray(CHECK_CHARACTERS[weighted % 11])


def _lengthened(text: pd.Series) -> pd.Series:
    short = text[text.str.fullmatch(r"[1-9][0-9]{14}") & ~text.str[6:8].isin(["19", "20"]) & (text.str[12:15] < "996")]
    if len(short):
        body = short.str[:6] + "19" + short.str[6:]
        digits = body.to_numpy().astype("S17").view(np.uint8).reshape(-1, 17)
        text = text.copy()
        text.loc[short.index] = body + pd.Series(_check_characters(digits), short.index).map(chr)
    return text


def identity_faults(text: pd.Series) -> pd.Series:
    """Why numbers that could not be read could not."""
    clean = tidied(text).str.replace(r"[ -]", "", regex=True).str.upper()
    damaged = clean.str.fullmatch(
        r"[0-9](?:\.[0-9]+)?E\+?[0-9]+|[1-9][0-9]{14}0{3}|[1-9][0-9]{16,17}\.0+|[1-9][0-9]{15}00"
    )
    hidden = text.str.contains(r"[*＊●×]{2,}|[Xx]{2,}", regex=True)
    faults = np.select([damaged, hidden], ["identity_float_damaged", "identity_masked"], "identity_checksum")
    return pd.Series(faults, text.index)
