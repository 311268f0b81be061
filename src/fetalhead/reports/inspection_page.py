"""The page of `fetalhead data inspect`: one HTML file with everything in it, that asks nothing of the network."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from fetalhead.datasets.inspection import PREVIEW, Inspection
from fetalhead.datasets.inspection_record import leak_line, record
from fetalhead.errors import FetalheadError, one_line
from fetalhead.images.geometry import Letterbox
from fetalhead.reports.contact_sheet import Tile, contact_sheet, draw_tile

MOST_LINES = 200
"""Of a list on the page; `inspection.json` has them all."""

MOST_PAIRS = 60
"""Near-duplicates shown side by side."""

JPEG_QUALITY = 82

STYLE = """
:root { color-scheme: dark }
body { background: #18181c; color: #e6e6e6; font: 15px/1.5 system-ui, sans-serif; max-width: 1680px; margin: 0 auto;
  padding: 24px }
h1 { font-size: 26px; margin: 0 0 4px } h2 { font-size: 19px; margin: 32px 0 8px }
table { border-collapse: collapse } th, td { text-align: left; padding: 4px 14px 4px 0; vertical-align: top }
th { color: #a5a5a5; font-weight: 500; white-space: nowrap } th code { white-space: normal }
tr { border-bottom: 1px solid #34343a }
code { overflow-wrap: anywhere } li { overflow-wrap: anywhere; margin: 2px 0 }
.sound { color: #7fd88f } .broken { color: #ff8a80 } .faint { color: #a5a5a5 }
.pairs { display: flex; flex-wrap: wrap; gap: 14px }
figure { margin: 0; width: 406px } figcaption { font-size: 13px; overflow-wrap: anywhere }
figure.leak { outline: 3px solid #eb463c } img { max-width: 100%; display: block }
"""


def sheet_of_set(inspection: Inspection, number: int, most: int) -> npt.NDArray[np.uint8] | None:
    """(H, W, 3) BGR contact sheet of a set: up to `most` with something wrong, then `most` others; None of nothing."""
    tiles = []
    for case, look in inspection.of_set(number):
        if look.preview is not None and look.shape is not None:
            matrix = Letterbox.fit(look.shape, PREVIEW).matrix
            ellipse = look.ellipse.transformed(matrix) if look.ellipse else None
            tiles.append(Tile(look.preview, case.name, ellipse, bool(look.faults)))
    shown = [tile for tile in tiles if tile.is_faulty][:most] + [tile for tile in tiles if not tile.is_faulty][:most]
    return contact_sheet(shown) if shown else None


def make_page(inspection: Inspection, sheets: Sequence[npt.NDArray[np.uint8] | None]) -> str:
    """The page as HTML; `sheets` are the sets' contact sheets, BGR."""
    found = record(inspection)
    body = [*_head(found), *_sets(found), *_lists(found), *_pairs(inspection), *_shared(found)]
    for number, sheet in enumerate(sheets):
        if sheet is not None:
            title = f"<h2>Contact sheet of <code>{escape(one_line(inspection.arguments[number]))}</code></h2>"
            body += [title, f'<img alt="contact sheet" src="{_as_url(sheet)}">']
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width"><title>fetalhead data inspect</title>\n'
        f"<style>{STYLE}</style></head><body>\n" + "\n".join(body) + "\n</body></html>\n"
    )


def _head(found: Mapping[str, Any]) -> Iterator[str]:
    yield "<h1>fetalhead data inspect</h1>"
    if found["sound"]:
        yield '<p class="sound">Nothing is broken, and no split has seen another\'s subjects or pictures.</p>'
    else:
        counts = f"{_count(found['faults'], 'fault')}, {_count(found['leaks'], 'leak')} between splits"
        yield f'<p class="broken">{counts}.</p>'


def _sets(found: Mapping[str, Any]) -> Iterator[str]:
    rows: dict[str, Callable[[Mapping[str, Any]], str]] = {
        "pictures": lambda one: str(one["pictures"]),
        "subjects": lambda one: f"{one['subjects']} (at most {one['most_of_a_subject']} pictures of one)",
        "readable": lambda one: str(one["readable"]),
        "with an outline": lambda one: str(one["with_outline"]),
        "by split, pictures": lambda one: _counts(one["pictures_by_split"]),
        "by split, subjects": lambda one: _counts(one["subjects_by_split"]),
        "by plane, pictures": lambda one: _counts(one["pictures_by_plane"]),
        "by plane, subjects": lambda one: _counts(one["subjects_by_plane"]),
        "sizes (width x height)": lambda one: _counts(one["sizes"]),
        "pixel size, mm": lambda one: _spread(one["pixel_size_mm"], 4),
        "pixel sizes from": lambda one: _counts(one["pixel_size_sources"]),
        "HC, mm": lambda one: _spread(one["hc_mm"], 1),
    }
    yield "<h2>What is there</h2><table>"
    yield "<tr><th></th>" + "".join(f"<th><code>{escape(one['data'])}</code></th>" for one in found["sets"]) + "</tr>"
    for title, cell in rows.items():
        yield f"<tr><th>{title}</th>" + "".join(f"<td>{escape(cell(one))}</td>" for one in found["sets"]) + "</tr>"
    yield "</table>"


def _lists(found: Mapping[str, Any]) -> Iterator[str]:
    if found["faults"]:
        yield f"<h2>{_count(found['faults'], 'fault')}</h2>"
        yield from _list(map(escape, found["faults"]), len(found["faults"]))
    if found["leaks"]:
        yield f"<h2>{_count(found['leaks'], 'leak')} between splits</h2>"
        lines = (escape(leak_line(leak)) for leak in found["leaks"])
        yield from _list(lines, len(found["leaks"]))
    if found["notes"]:
        yield "<h2>Notes</h2>"
        yield from _list(map(escape, found["notes"]), len(found["notes"]))


def _pairs(inspection: Inspection) -> Iterator[str]:
    members, leaking = inspection.members, {leak.members for leak in inspection.leaks}
    ordered = sorted(inspection.pairs, key=lambda pair: (pair.first, pair.second) not in leaking)
    yield f"<h2>{_count(ordered, 'pair')} of near-duplicates</h2>"
    if len(ordered) > MOST_PAIRS:
        yield f'<p class="faint">{MOST_PAIRS} of them are shown; <code>inspection.json</code> lists all.</p>'
    yield '<div class="pairs">'
    for pair in ordered[:MOST_PAIRS]:
        both = (pair.first, pair.second)
        try:
            pixels = [members[index].case.pixels() for index in both]
        except FetalheadError:
            continue  # gone since it was looked at
        tiles = [Tile(Letterbox.fit(p.shape, PREVIEW).to_grid(p), "") for p in pixels]  # type: ignore[arg-type]
        picture = np.hstack([draw_tile(tile)[:, :, ::-1] for tile in tiles])
        names = "<br>".join(_name(inspection, index) for index in both)
        kind = ' class="leak"' if both in leaking else ""
        told = f"{pair.likeness.correlation:.3f}, fine {pair.likeness.fine_correlation:.3f}"
        told += ", mirrored" if pair.mirrored else ""
        yield f'<figure{kind}><img alt="a pair" src="{_as_url(picture)}"><figcaption>{told}<br>{names}'
        yield "</figcaption></figure>"
    yield "</div>"


def _shared(found: Mapping[str, Any]) -> Iterator[str]:
    for title, word in (("patients_in_several_sets", "patient"), ("names_in_several_sets", "file name")):
        if shared := found[title]:
            yield f"<h2>{_count(shared, word)} in more than one set</h2>"
            yield from _list((f"{escape(key)}: {_names(pictures)}" for key, pictures in shared.items()), len(shared))


def _list(lines: Iterable[str], count: int) -> Iterator[str]:
    yield "<ul>"
    yield from (f"<li>{line}</li>" for _, line in zip(range(MOST_LINES), lines, strict=False))
    yield "</ul>"
    if count > MOST_LINES:
        yield f'<p class="faint">{count - MOST_LINES} more are in <code>inspection.json</code>.</p>'


def _names(pictures: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{escape(one['name'])} (set {one['set']}, {one['split']})" for one in pictures)


def _name(inspection: Inspection, index: int) -> str:
    member = inspection.members[index]
    return f"{escape(one_line(member.case.name))} (set {member.set_number + 1}, {member.case.split})"


def _count(things: Sequence[object] | Mapping[str, object], word: str) -> str:
    return f"{len(things) or 'no'} {word}{'' if len(things) == 1 else 's'}"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in counts.items())


def _spread(spread: Mapping[str, float] | None, digits: int) -> str:
    if spread is None:
        return "not told"
    return f"{spread['least']:.{digits}f} to {spread['most']:.{digits}f}, median {spread['median']:.{digits}f}"


def _as_url(picture: npt.NDArray[np.uint8]) -> str:
    done, content = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    if not done:
        raise FetalheadError(f"a picture of {picture.shape} could not be written as JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(content.tobytes()).decode("ascii")
