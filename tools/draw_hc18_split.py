"""Draws the split of HC18 once: `python tools/draw_hc18_split.py DIR > src/fetalhead/datasets/split_files/hc18.csv`."""

import csv
import sys
from collections import defaultdict
from pathlib import Path
from statistics import fmean

from fetalhead.datasets.hc18 import HC_COLUMN, TRAINING_CSV
from fetalhead.datasets.splits import draw_split

SEED = 2018

root = Path(sys.argv[1])
with open(root / TRAINING_CSV, newline="") as stream:
    rows = [row for row in csv.DictReader(stream) if (root / "training_set" / row["filename"]).is_file()]
by_subject = defaultdict(list)
for row in rows:
    by_subject[row["filename"].partition("_")[0]].append(float(row[HC_COLUMN]))
split = draw_split({subject: fmean(values) for subject, values in by_subject.items()}, SEED)

writer = csv.writer(sys.stdout, lineterminator="\n")
writer.writerow(["filename", "split"])
writer.writerows([row["filename"], split[row["filename"].partition("_")[0]]] for row in rows)
