"""Agreement of `measurements.csv` with a site's own caliper values: all that can be said without outlines."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from fetalhead.errors import FetalheadError
from fetalhead.evaluation.summary import (
    SEED,
    WITHIN_PERCENT,
    FloatArray,
    Share,
    bootstrap_interval,
    percentile_interval,
    resamples,
    share_of,
)

NAMES = ("path", "filename", "file", "image", "name")
VALUES = ("hc_mm", "head circumference (mm)", "head_circumference_mm", "hc (mm)", "hc")
SUBJECTS = ("subject", "patient", "patient_id")
OUTLIER_PERCENT = 5
"""A difference of more than this share of the manual value is listed."""
SHOWN = 20
"""Outliers in the table for a person; `agreement.csv` has all."""
LIMIT = 1.96
"""SDs from the bias to either limit of agreement (Bland and Altman 1986)."""


@dataclass(frozen=True, slots=True)
class Pair:
    """One picture's two values."""

    path: str
    frame: str
    subject: str
    """As the manual file says; the picture itself where it says none."""
    measured_mm: float
    readings_mm: tuple[float, ...]
    """The manual values: one, or several where it was measured several times."""

    @property
    def manual_mm(self) -> float:
        """The mean of the readings."""
        return float(np.mean(self.readings_mm))

    @property
    def difference_mm(self) -> float:
        """Measured minus manual."""
        return self.measured_mm - self.manual_mm

    @property
    def percent(self) -> float:
        """The difference in percent of the manual value."""
        return 100 * self.difference_mm / self.manual_mm


@dataclass(frozen=True, slots=True)
class Unpaired:
    """What has no partner, by the reason, as lines to show."""

    not_measured: tuple[str, ...]
    """In the manual file, and measured without an HC in mm: no head, no scale, or an error."""
    only_manual: tuple[str, ...]
    only_measured: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """Lengths in mm, measured minus manual; the 95 % intervals are of the bias and of either limit."""

    images: int
    subjects: int
    bias: float
    bias_low: float
    bias_high: float
    sd: float
    """Of the differences; NaN for one picture, and so are the limits."""
    lower_limit: float
    lower_limit_low: float
    lower_limit_high: float
    upper_limit: float
    upper_limit_low: float
    upper_limit_high: float
    adf_mm: float
    adf_percent: float
    within: dict[int, Share]
    """By percent: the share of pictures that differ by at most so much of the manual value."""
    reader_sd: float
    """Within-picture SD of the manual values, where pictures were measured several times; NaN where none was."""


def read_pairs(measured: Path, manual: Path) -> tuple[list[Pair], Unpaired]:
    """Pairs by picture: the manual file names it as `measurements.csv` does, by the end of its path, or without suffix.

    Raises `FetalheadError` where a file is no such table, a value makes no sense, or a name fits several pictures.
    """
    rows, readings = _measured_rows(measured), _manual_values(manual)
    by_name: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        for name in _names_of(row["path"]):
            by_name[_key(name, row["frame"])].append(row)
    pairs, not_measured, only_manual, used = [], [], [], set()
    for key, (subject, values) in readings.items():
        found = by_name.get(key, [])
        if len(found) > 1:
            shown = ", ".join(sorted({row["path"] for row in found})[:2])
            raise FetalheadError(f"{manual}: {_shown(key)} fits several pictures ({shown}); give more of its path")
        if not found:
            only_manual.append(_shown(key))
            continue
        row = found[0]
        used.add((row["path"], row["frame"]))
        if not row["hc_mm"]:
            not_measured.append(f"{_shown(key)}: {row['status']}, {row['reason']}")
            continue
        pairs.append(Pair(row["path"], row["frame"], subject or row["path"], float(row["hc_mm"]), tuple(values)))
    only_measured = sum(bool(row["hc_mm"]) and (row["path"], row["frame"]) not in used for row in rows)
    return pairs, Unpaired(tuple(not_measured), tuple(only_manual), only_measured)


def agreement(pairs: Sequence[Pair]) -> Agreement:
    """The figures of one or more pairs."""
    differences = np.array([pair.difference_mm for pair in pairs])
    percent = np.abs([pair.percent for pair in pairs])
    subjects = np.array([pair.subject for pair in pairs])
    bias, sd = float(differences.mean()), float(differences.std(ddof=1)) if len(pairs) > 1 else math.nan
    lower = _limit_interval(differences, subjects, -LIMIT)
    upper = _limit_interval(differences, subjects, LIMIT)
    return Agreement(
        len(pairs), len(set(subjects)), bias, *bootstrap_interval(differences, subjects), sd,
        bias - LIMIT * sd, *lower, bias + LIMIT * sd, *upper,
        float(np.abs(differences).mean()), float(percent.mean()),
        {most: share_of(percent <= most, subjects) for most in WITHIN_PERCENT},
        _reader_sd(pairs),
    )  # fmt: skip


def outliers(pairs: Sequence[Pair]) -> list[Pair]:
    """The pairs that differ by more than `OUTLIER_PERCENT`, worst first."""
    return sorted((pair for pair in pairs if abs(pair.percent) > OUTLIER_PERCENT), key=lambda pair: -abs(pair.percent))


def _limit_interval(values: FloatArray, subjects: np.ndarray, deviations: float) -> tuple[float, float]:
    """The 95 % interval of mean + deviations x SD, by resampling subjects; NaN, NaN for fewer than two."""
    names, place = np.unique(subjects, return_inverse=True)
    if len(names) < 2:
        return math.nan, math.nan
    count = np.bincount(place).astype(float)
    total, squares = np.bincount(place, weights=values), np.bincount(place, weights=values**2)
    times = resamples(len(names), np.random.default_rng(SEED))
    number = times @ count
    mean = (times @ total) / number
    variance = np.maximum((times @ squares) / number - mean**2, 0) * number / np.maximum(number - 1, 1)
    return percentile_interval(mean + deviations * np.sqrt(variance))


def _reader_sd(pairs: Sequence[Pair]) -> float:
    """The within-picture SD of the manual values, pooled over pictures (Bland and Altman 1996)."""
    repeated = [np.asarray(pair.readings_mm) for pair in pairs if len(pair.readings_mm) > 1]
    if not repeated:
        return math.nan
    squares = sum(float(((values - values.mean()) ** 2).sum()) for values in repeated)
    return math.sqrt(squares / sum(len(values) - 1 for values in repeated))


def write_pairs(path: Path, pairs: Sequence[Pair]) -> None:
    """`agreement.csv`: a row a picture."""
    with open(path, "w", newline="", encoding="utf-8", errors="surrogateescape") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(
            ["path", "frame", "subject", "measured_mm", "manual_mm", "readings", "difference_mm", "difference_percent"]
        )
        for pair in pairs:
            manual, *differences = (f"{value:.4f}" for value in (pair.manual_mm, pair.difference_mm, pair.percent))
            writer.writerow(
                [pair.path, pair.frame, pair.subject, pair.measured_mm, manual, len(pair.readings_mm), *differences]
            )


def agreement_table(found: Agreement, pairs: Sequence[Pair]) -> str:
    """The figures and the outliers as lines of text for a person."""
    lines = [
        f"{found.images} pictures of {found.subjects} subjects, measured minus manual HC (95 % intervals)",
        f"bias {found.bias:+.2f} mm ({found.bias_low:+.2f} to {found.bias_high:+.2f}), SD {found.sd:.2f} mm",
        f"limits of agreement {found.lower_limit:+.2f} ({found.lower_limit_low:+.2f} to {found.lower_limit_high:+.2f}) "
        f"and {found.upper_limit:+.2f} ({found.upper_limit_low:+.2f} to {found.upper_limit_high:+.2f}) mm",
        f"mean absolute difference {found.adf_mm:.2f} mm, {found.adf_percent:.2f} %",
    ]
    for percent, share in found.within.items():
        lines.append(f"within {percent} %: {100 * share.share:.1f} % ({100 * share.low:.1f} to {100 * share.high:.1f})")
    if not math.isnan(found.reader_sd):
        lines.append(f"manual values of one picture: SD {found.reader_sd:.2f} mm")
    far = outliers(pairs)
    if far:
        lines += ["", f"farther off than {OUTLIER_PERCENT} %: {len(far)}"]
    for pair in far[:SHOWN]:
        name = f"{pair.path}, frame {pair.frame}" if pair.frame else pair.path
        lines.append(f"  {name}: {pair.measured_mm:.1f} against {pair.manual_mm:.1f} mm, {pair.percent:+.1f} %")
    return "\n".join(lines)


def _measured_rows(path: Path) -> list[dict[str, str]]:
    header, rows = _table(path)
    missing = {"path", "frame", "status", "reason", "hc_mm"} - set(header)
    if missing:
        raise FetalheadError(f"{path}: no measurements.csv of 'fetalhead measure': it has no column {min(missing)}")
    return rows


def _manual_values(path: Path) -> dict[str, tuple[str, list[float]]]:
    """Subject and values by key of the picture, in the order of the file."""
    header, rows = _table(path)
    name, value = _column(path, header, NAMES, "the picture"), _column(path, header, VALUES, "the manual HC in mm")
    subject = next((column for column in header if column.strip().lower() in SUBJECTS), None)
    found: dict[str, tuple[str, list[float]]] = {}
    for line, row in enumerate(rows, 2):
        text = (row[value] or "").strip()
        if not text:
            continue
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not 0 < number < 1000:
            raise FetalheadError(f"{path}, line {line}: {text!r} is no head circumference in mm")
        key = _key((row[name] or "").strip().replace("\\", "/"), (row.get("frame") or "").strip())
        found.setdefault(key, ((row[subject] or "") if subject else "", []))[1].append(number)
    if not found:
        raise FetalheadError(f"{path}: holds no manual HC")
    return found


def _table(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    try:
        with open(path, newline="", encoding="utf-8-sig", errors="surrogateescape") as stream:
            sample = stream.read(4096)
            stream.seek(0)
            header = sample.splitlines()[0] if sample.strip() else ""
            reader = csv.DictReader(stream, delimiter=";" if header.count(";") > header.count(",") else ",")
            return list(reader.fieldnames or ()), list(reader)
    except (OSError, csv.Error) as error:
        raise FetalheadError(f"{path}: cannot be read as a CSV file: {error}") from error


def _column(path: Path, header: Sequence[str], known: Sequence[str], what: str) -> str:
    by_name = {column.strip().lower(): column for column in header}
    for name in known:
        if name in by_name:
            return by_name[name]
    raise FetalheadError(f"{path}: no column for {what}; name it {known[0]}")


def _names_of(path: str) -> set[str]:
    """Everything that a manual file may call the picture at `path`: each end of its path, with and without suffix."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    ends = {"/".join(parts[start:]).replace("//", "/") for start in range(len(parts))}
    suffix = PurePosixPath(path).suffix
    return ends | {end.removesuffix(suffix) for end in ends}


def _key(name: str, frame: str) -> str:
    return f"{name}\n{frame}"


def _shown(key: str) -> str:
    name, frame = key.split("\n")
    return f"{name}, frame {frame}" if frame else name
