"""`python tools/demo_table.py PHANTOMS RESULTS`: true and measured HC of each phantom, a line each."""

import csv
import sys
from pathlib import Path

phantoms, results = Path(sys.argv[1]), Path(sys.argv[2])
with open(phantoms / "training_set_pixel_size_and_HC.csv", newline="") as stream:
    truth = {row["filename"]: float(row["head circumference (mm)"]) for row in csv.DictReader(stream)}
with open(results / "measurements.csv", newline="") as stream:
    measured = {Path(row["path"]).name: row for row in csv.DictReader(stream)}

print(f"{'phantom':<14}{'true HC':>12}{'measured HC':>14}{'difference':>13}")
missed = 0
for name, hc in truth.items():
    row = measured[name]
    if row["hc_mm"]:
        found = float(row["hc_mm"])
        print(f"{name:<14}{hc:>9.1f} mm{found:>11.1f} mm{found - hc:>+10.1f} mm")
    else:
        missed += 1
        print(f"{name:<14}{hc:>9.1f} mm  {row['status']}: {row['reason']}")
print(f"overlays: {results / 'overlays'}")
sys.exit(missed == len(truth))
