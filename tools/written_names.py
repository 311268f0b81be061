"""How many names written over real heads are found: `python tools/written_names.py HC18 FETAL_HEAD_TV --count 240`.

Names, ids and hospitals are drawn over pictures in four fonts, sizes, greys and places, half of them saved as JPEG;
a line counts as found where its box covers three quarters of it. Every fourth picture of HC18 is looked at as it is.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from fetalhead.images.lettering import find_lettering, written_area

NAMES = ("DOE^JANE", "Anna Kowalska", "SMITH, MARY 12.03.1988", "St. Mary Hospital", "ID 4711-0815", "Maria")
FONTS = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSansMono", "DejaVuSerif")
GREYS = (255, 255, 220, 180, 140)
MENU = 500
"""Rows of HC18's pictures below this show the machine's menu in some."""


def is_found(picture: np.ndarray, rng: np.random.Generator) -> bool:
    height, width = picture.shape
    size = max(9, int(rng.uniform(0.022, 0.06) * height))
    font = ImageFont.truetype(str(Path(matplotlib.get_data_path(), "fonts", "ttf", f"{rng.choice(FONTS)}.ttf")), size)
    text, place = str(rng.choice(NAMES)), (rng.uniform(0.02, 0.5) * width, rng.uniform(0, 0.9) * height)
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    draw.text(place, text, font=font, fill=int(rng.choice(GREYS)))
    x0, y0, x1, y1 = (max(0, round(side)) for side in draw.textbbox(place, text, font=font))
    shown = np.asarray(image)
    if rng.random() < 0.5:
        shown = cv2.imdecode(cv2.imencode(".jpg", shown, [cv2.IMWRITE_JPEG_QUALITY, 85])[1], cv2.IMREAD_GRAYSCALE)
    return bool(written_area(shown)[y0:y1, x0:x1].mean() > 0.75)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hc18", type=Path)
    parser.add_argument("heads", type=Path, help="a mask folder")
    parser.add_argument("--count", type=int, default=240)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    own = sorted(options.hc18.glob("training_set/*HC.png"))
    files = [*own, *sorted((options.heads / "images").iterdir())]
    found = 0
    for number in range(options.count):
        picture = cv2.imread(str(files[rng.integers(len(files))]), cv2.IMREAD_GRAYSCALE)
        if number % 3 == 2:  # small pictures
            height, width = picture.shape
            picture = cv2.resize(picture, (400, 400 * height // width), interpolation=cv2.INTER_AREA)
        found += is_found(picture, rng)
    print(f"seed {options.seed}: {found} of {options.count} written lines found")
    clean = [cv2.imread(str(path), cv2.IMREAD_GRAYSCALE) for path in own[::4]]
    false = sum(any(box[1] < MENU for box in find_lettering(picture)) for picture in clean)
    print(f"{false} of {len(clean)} heads without writing have a line that is none")


if __name__ == "__main__":
    main()
