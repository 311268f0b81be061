"""Draws the split of HC18 once: `python tools/draw_hc18_split.py DIR src/fetalhead/datasets/split_files/hc18.csv`."""

import csv
import sys
from pathlib import Path

from fetalhead.datasets.hc18 import HC_COLUMN, TRAINING_CSV, subject_of
from fetalhead.datasets.splits import split_pictures, write_split

SEED = 2018

root, target = Path(sys.argv[1]), Path(sys.argv[2])
with open(root / TRAINING_CSV, newline="") as stream:
    rows = [row for row in csv.DictReader(stream) if (root / "training_set" / row["filename"]).is_file()]
hc_of = {row["filename"]: float(row[HC_COLUMN]) for row in rows}
write_split(target, split_pictures({name: subject_of(name) for name in hc_of}, hc_of, SEED))
