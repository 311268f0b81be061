"""A run of `fetalhead measure`: from inputs to rows and pictures, without redoing what an earlier run did."""

from __future__ import annotations

import functools
import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fetalhead.biometry.bpd import CONVENTION
from fetalhead.biometry.known_age import KnownAges
from fetalhead.images.inputs import find_inputs
from fetalhead.inference.model_folder import ModelFolder
from fetalhead.inference.predictor import Predictor
from fetalhead.inference.workers import Ended, Gave, Lost, run_tasks, usable_cores
from fetalhead.measuring.csv_file import CsvFile
from fetalhead.measuring.earlier_results import drawn_in
from fetalhead.measuring.file_measurer import STAGES, FileMeasurer, MeasuredRow, Measuring
from fetalhead.measuring.given_pixel_size import GivenSizes
from fetalhead.measuring.ledger import Ledger
from fetalhead.measuring.out_folder import OutFolder
from fetalhead.measuring.plan import PlannedFile, out_of_reach, plan_files, take_over
from fetalhead.measuring.progress import Progress
from fetalhead.measuring.whole_files import write_whole
from fetalhead.reports.rows import STATUSES, Row, columns, error_row
from fetalhead.reports.run_record import run_record, versions

FILES_A_WORKER = 16
"""A further process pays for its start (about a second) from this many files on."""

MOST_WITH_ACCELERATOR = 4
"""Processes by default with a provider other than the CPU: each holds the model in the device's memory."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for, checked."""

    paths: Sequence[str]
    exclude: Sequence[str]
    out: Path
    sizes: GivenSizes
    ages: KnownAges | None
    """None where the age of the fetus was not given: there is no z-score then."""
    model: str
    provider: str
    dating: str
    save: tuple[str, ...]
    clean: bool
    """Whether what is drawn over a picture is taken out before the network sees it."""
    workers: int | None
    """None: as many as pay."""
    arguments: Mapping[str, Any]
    """As given, for the record, but for dates."""


class MeasuringRun:
    """One run. Rows are written as they come, and survive whatever ends it."""

    def __init__(self, request: Request) -> None:
        """Find the inputs and load the model. Raises `FetalheadError` for a model that cannot be used."""
        self._request = request
        self._start = time.perf_counter()
        self._out = OutFolder(request.out)
        self._model = ModelFolder.load(request.model)
        inputs = find_inputs(request.paths, request.exclude)
        files = [file for file in inputs.files if not self._out.wrote(file.path, request.paths)]
        drawn = {path: drawn_in(path, request.paths) for path in [*(file.path for file in files), *inputs.videos]}
        self._drawn = [folder for folder in drawn.values() if folder]
        self._passed_over = inputs.passed_over + len(inputs.files) - len(files) + len(self._drawn)
        files = [file for file in files if not drawn[file.path]]
        self._excluded = inputs.excluded
        self._videos = [video for video in inputs.video_files if not drawn[video.path]]
        self._planned = plan_files(
            files, request.sizes, request.ages, self._model, request.provider, request.dating, request.clean
        )
        self.columns = columns(request.ages is not None)
        """Of the rows, their first fields."""
        self._faults = [error_row(name, None, reason) for name, reason in inputs.errors]
        self._progress = Progress("fetalhead measure", len(self._planned))
        self._seconds = [0.0] * len(STAGES)
        self._measured = self._reused = self._left_out = self._out_of_reach = 0
        self._failed = False

    def run(self) -> int:
        """Measure what is not yet measured; gives the exit status: 0, 1 with faults, 130 after Ctrl-C.

        Raises `FetalheadError` where results cannot be written.
        """
        with self._out.in_use():
            return self._run()

    def rows(self) -> Iterator[Row]:
        """The rows there are, in input order; last come the paths where there is no input."""
        for planned in self._planned:
            yield from planned.rows_in_order()
        yield from self._faults

    def _run(self) -> int:
        kinds = ("overlays", *self._request.save)
        self._out.check_places(kinds)
        ledger = Ledger(self._out.ledger, self._out.scratch)
        if ledger.finished and not self._planned:
            self._tell_inputs()
            self._progress.say(f"nothing to measure: {self._out.path} stays as it was")
            return 1 if self._failed else 0
        asked = {planned.name for planned in self._planned}
        others = {name: file for name, file in ledger.finished.items() if name not in asked}
        kept = out_of_reach(self._planned, others, [row.path for row in self._faults])
        earlier = {name: file for name, file in ledger.finished.items() if name not in kept}
        stale = take_over(self._planned, earlier, self._out.path, kinds)
        self._reused = sum(len(planned.rows) for planned in self._planned)
        self._out_of_reach = sum(len(file.rows) for file in kept.values())
        self._left_out = sum(len(file.rows) for file in others.values()) - self._out_of_reach
        if stale and not all(planned.complete for planned in self._planned):
            Predictor(self._model, self._request.provider, threads=1)  # a network that cannot start costs no results
        # In this order: a kill in between leaves the next run all it needs to clear the rest, and what goes wrong
        # before the table is begun anew leaves the old one as it was.
        self._out.remove(stale)
        ledger.restart([*(planned.finished() for planned in self._planned if planned.rows), *kept.values()])
        table = CsvFile(self._out.measurements, self.columns, self.rows(), self._out.scratch)
        try:
            self._record(finished=False)
            self._tell_inputs()
            self._measure(table, ledger)
            table.rewrite(self.rows())
        except KeyboardInterrupt:
            self._record(finished=False)
            self._progress.say(
                f"stopped: {self._counts()['rows']} rows are in {self._out.measurements}; "
                "the same command goes on from there"
            )
            return 130
        finally:
            self._progress.clear()
            table.close()
            ledger.close()
        self._record(finished=True)
        self._progress.say(self._summary())
        return 1 if self._failed else 0

    def _tell_inputs(self) -> None:
        """Say what was asked for and is not measured, and what an earlier run measured and nobody asks for now."""
        if self._drawn:
            what = f"{_counted(len(self._drawn), 'picture')} of earlier results passed over, in {min(self._drawn)}"
            self._progress.say(what + (" and other folders" if len(set(self._drawn)) > 1 else ""))
        if self._left_out:
            rows = _counted(self._left_out, "row")
            self._progress.say(f"{rows} of an earlier run left out, of inputs not named now; another --out keeps both")
        if self._out_of_reach:
            rows = _counted(self._out_of_reach, "row")
            self._progress.say(f"{rows} of an earlier run left out until their inputs are there again")
        for video in self._videos:
            self._progress.say(f"{video.path}: a video, not measured: use 'fetalhead video'")
            self._failed |= video.named or not self._planned
        for row in self._faults:
            self._complain(row)

    def _measure(self, table: CsvFile, ledger: Ledger) -> None:
        open_files = []
        for planned in self._planned:
            if planned.given.refused:
                self._add(table, planned, error_row(planned.name, None, planned.given.refused))
                self._end(planned)
            elif planned.complete:
                self._end(planned)
            else:
                open_files.append(planned)
        workers = self._workers(len(open_files))
        measuring = Measuring(
            self._out.path,
            self._out.scratch,
            self._model.path,
            self._request.provider,
            max(1, usable_cores() // workers),
            self._request.dating,
            self._request.save,
            self._request.clean,
        )
        tasks = [planned.task() for planned in open_files]
        with closing(run_tasks(tasks, functools.partial(FileMeasurer, measuring), workers)) as events:
            for event in events:
                planned = open_files[event.task]
                match event:
                    case Gave(result=measured):
                        self._take(table, ledger, planned, measured)
                    case Lost(reason=reason):
                        row = error_row(planned.name, None, f"the process that measured it was lost ({reason})")
                        self._add(table, planned, row)
                        self._end(planned)
                    case Ended():
                        if not any(row.status == "error" for row in planned.rows):
                            ledger.complete(planned.name, planned.fingerprint, len(planned.rows))
                        self._end(planned)

    def _take(self, table: CsvFile, ledger: Ledger, planned: PlannedFile, measured: MeasuredRow) -> None:
        planned.content = measured.content
        if measured.row.status != "error":  # what failed is tried again next time: its cause may lie elsewhere
            ledger.add_row(planned.name, planned.fingerprint, measured.row, measured.pictures)
            self._measured += 1
            self._seconds = [sum(pair) for pair in zip(self._seconds, measured.seconds, strict=True)]
        self._add(table, planned, measured.row)

    def _add(self, table: CsvFile, planned: PlannedFile, row: Row) -> None:
        table.append(row)
        planned.rows.append(row)
        if row.status == "error":
            self._complain(row)

    def _complain(self, row: Row) -> None:
        self._failed = True
        frame = "" if row.frame is None else f"frame {row.frame}: "
        self._progress.say(f"{row.path}: {frame}{row.reason}")

    def _end(self, planned: PlannedFile) -> None:
        """Say what concerns the whole file, once its rows are there."""
        if planned.given.missing and any(row.pixel_size_source == "unknown" for row in planned.rows):
            self._failed = True
            self._progress.say(f"{planned.name}: {planned.given.missing}: in pixels only")
        self._progress.step()

    def _workers(self, files: int) -> int:
        if self._request.workers is not None:
            return max(1, min(self._request.workers, files))
        most = usable_cores()
        if self._request.provider != "cpu":
            most = min(most, MOST_WITH_ACCELERATOR)
        return max(1, min(most, math.ceil(files / FILES_A_WORKER)))

    def _counts(self) -> dict[str, int]:
        statuses = Counter(row.status for row in self.rows())
        return {
            "files": len(self._planned) + len(self._faults),
            "rows": statuses.total(),
            **{status: statuses[status] for status in STATUSES},
            "measured": self._measured,
            "reused": self._reused,
            "passed_over": self._passed_over,
            "excluded": self._excluded,
            "videos": len(self._videos),
        }

    def _record(self, finished: bool) -> None:
        total = time.perf_counter() - self._start
        count = self._measured
        values = {
            "command": "measure",
            "finished": finished,
            "versions": versions(),
            "model_id": self._model.model_id,
            "model_version": self._model.version,
            "arguments": self._request.arguments,
            "bpd_convention": CONVENTION,
            "counts": self._counts(),
            "timings": {
                "total_s": round(total, 3),
                "images_per_s": round(count / total, 2),
                "per_image_ms": {
                    stage: round(1000 * seconds / count, 2) if count else None
                    for stage, seconds in zip(STAGES, self._seconds, strict=True)
                },
            },
        }
        write_whole(self._out.run_record, run_record(values), self._out.scratch)

    def _summary(self) -> str:
        counts = self._counts()
        parts = [
            f"{counts['ok']} measured",
            f"{counts['no_head']} no head",
            f"{counts['no_scale']} no scale",
            _counted(counts["error"], "error"),
            f"{counts['passed_over']} passed over",
        ]
        if self._request.ages:
            without = sum(row.hc_mm is not None and row.hc_z is None for row in self.rows())
            parts.append(f"{without} measured without z-score")
        reused = f" ({counts['reused']} unchanged since an earlier run)" if counts["reused"] else ""
        return f"{', '.join(parts)}{reused}: {self._out.measurements}"


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
