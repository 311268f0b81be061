"""`fetalhead agree measurements.csv manual.csv --out DIR`: agreement with manual values."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from fetalhead.cli.command import parse
from fetalhead.cli.shared import writing
from fetalhead.errors import FetalheadError, WrongUsage
from fetalhead.options import option


@dataclass(frozen=True)
class Options:
    """Compare measured HC with manual values. Example: fetalhead agree results/measurements.csv manual.csv --out agree

    The manual file is a CSV with the columns path (or filename) and hc_mm, and subject, where pictures share one.
    """

    files: list[str] = option("measurements.csv, then the CSV of manual values", positional=True)
    out: str = option("folder for agreement.json, agreement.csv and bland_altman.png")


def main(argv: Sequence[str]) -> int:
    options = parse(Options, argv, "fetalhead agree")
    if len(options.files) != 2:
        raise WrongUsage(f"wants measurements.csv and one CSV of manual values, not {len(options.files)} files")

    from fetalhead.evaluation import figures
    from fetalhead.evaluation.agreement import accepted, agreement, agreement_table, verdicts, write_pairs
    from fetalhead.evaluation.agreement_pairs import read_pairs
    from fetalhead.evaluation.results import BOOTSTRAP, plain, write_document

    figures.require_matplotlib()
    measured, manual = map(Path, options.files)
    pairs, unpaired = read_pairs(measured, manual)
    for line in unpaired.only_manual:
        print(f"fetalhead agree: {line}: {measured} has no row for it", file=sys.stderr)
    for line in unpaired.not_measured:
        print(f"fetalhead agree: {line}", file=sys.stderr)
    if not pairs:
        raise FetalheadError(f"{manual}: none of its pictures has an HC in mm in {measured}")
    found, sure = agreement(pairs), accepted(pairs)
    counts = {
        "verdicts": verdicts(pairs),
        "accepted": asdict(sure) if sure else None,
        "manual_not_measured": len(unpaired.not_measured),
        "manual_only": len(unpaired.only_manual),
        "measured_only": unpaired.only_measured,
    }
    with writing(Path(options.out)) as out:
        out.mkdir(parents=True, exist_ok=True)
        write_document(out / "agreement.json", plain({**asdict(found), **counts, "bootstrap": BOOTSTRAP}))
        write_pairs(out / "agreement.csv", pairs)
        plot = figures.agreement_plot([(pair.measured_mm, pair.manual_mm) for pair in pairs], ("measured", "manual"))
        figures.save(plot, out / "bland_altman.png")
    print(agreement_table(found, sure, pairs))
    print(f"\nwritten to {out}", file=sys.stderr)
    return 1 if unpaired.only_manual else 0
