"""`python tools/readme_pictures.py`: the README's pictures of measured phantoms, drawn by the bundled model."""

from pathlib import Path

import cv2
import numpy as np

from fetalhead.inference.measuring import measure_image
from fetalhead.inference.predictor import Predictor
from fetalhead.phantoms import head_phantom
from fetalhead.reports.overlay import draw_overlay

SEED = 7
CHOSEN = (0, 1, 3)
HEIGHT = 400

pictures = Path(__file__).resolve().parents[1] / "docs" / "pictures"
pictures.mkdir(exist_ok=True)
predictor = Predictor("standard")
overlays = []
for index in CHOSEN:
    image = head_phantom(SEED, index).image
    measurement, _ = measure_image(image, predictor)
    overlay = draw_overlay(image.pixels, measurement, "hadlock1984")
    width = round(overlay.shape[1] * HEIGHT / overlay.shape[0])
    overlays.append(cv2.resize(overlay, (width, HEIGHT), interpolation=cv2.INTER_AREA))
target = pictures / "phantoms.png"
cv2.imwrite(str(target), np.hstack(overlays), [cv2.IMWRITE_PNG_COMPRESSION, 9])
print(target)
