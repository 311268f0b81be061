"""`python tools/bench.py [HC18] [--only PART]`: speed on this machine, each set side by side in one run.

Parts: measuring, networks, training. Run it on an otherwise idle machine: another busy process costs the two-thread
computations far more than its share.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import psutil

ROUNDS = 3
STEPS = 3
BATCH = 8
COLD_STARTS = 5
NETWORK_ROUNDS, NETWORK_RUNS = 5, 20
PICTURES = 40


def training_speed() -> None:
    """Forward + backward + optimiser step, in images a second: best of three interleaved rounds."""
    from fetalhead.models.unet import Architecture, UNet  # first: it lets torchvision import beside a CPU torch

    import segmentation_models_pytorch as smp  # isort: skip
    import torch
    from torch.nn import functional

    wide = (256, 128, 64, 32, 16)
    native_bf16 = torch.cpu._is_avx512_bf16_supported()

    def library() -> torch.nn.Module:
        return smp.Unet("tu-tf_efficientnet_lite0", encoder_weights=None, in_channels=1, decoder_channels=wide)

    def light() -> torch.nn.Module:
        channels = (128, 64, 32, 16, 8)
        return smp.Unet("tu-tf_efficientnet_lite0", encoder_weights=None, in_channels=1, decoder_channels=channels)

    settings: list[tuple[str, Callable[[], torch.nn.Module], bool, bool, tuple[int, int]]] = [
        ("segmentation-models-pytorch as it comes", library, False, False, (192, 288)),
        ("+ channels_last", library, True, False, (192, 288)),
        ("+ light decoder", light, True, False, (192, 288)),
        ("+ logits at half resolution: fetalhead's", lambda: UNet(Architecture()), True, False, (192, 288)),
        ("fetalhead's at 256x384", lambda: UNet(Architecture()), True, False, (256, 384)),
    ]
    if native_bf16:
        settings.append(("fetalhead's with bf16", lambda: UNet(Architecture()), True, True, (192, 288)))

    def step(network: torch.nn.Module, optimizer: torch.optim.Optimizer, image: torch.Tensor, bf16: bool) -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            logits = network(image)
        logits = logits["head_logits"] if isinstance(logits, dict) else logits
        functional.binary_cross_entropy_with_logits(logits.float(), torch.zeros_like(logits.float())).backward()
        optimizer.step()
        optimizer.zero_grad()

    prepared = []
    for name, make, channels_last, bf16, grid in settings:
        layout = torch.channels_last if channels_last else torch.contiguous_format
        network = make().to(memory_format=layout)
        image = torch.rand(BATCH, 1, *grid).contiguous(memory_format=layout)
        optimizer = torch.optim.AdamW(network.parameters())
        step(network, optimizer, image, bf16)
        prepared.append((name, network, optimizer, image, bf16))
    best = dict.fromkeys((entry[0] for entry in prepared), 0.0)
    for _ in range(ROUNDS):
        for name, network, optimizer, image, bf16 in prepared:
            start = time.perf_counter()
            for _ in range(STEPS):
                step(network, optimizer, image, bf16)
            best[name] = max(best[name], STEPS * BATCH / (time.perf_counter() - start))
    first = next(iter(best.values()))
    print(f"\n| training, batch {BATCH}, forward + backward | images/s | ratio |\n| --- | --- | --- |")
    for name, speed in best.items():
        print(f"| {name} | {speed:.1f} | {speed / first:.1f} |")
    if not native_bf16:
        print("\nbf16 left out: this processor does not compute in it.")


def measuring_speed(hc18: Path) -> None:
    """Whole processes, from pressing Enter."""
    command = [sys.executable, "-m", "fetalhead"]
    print("\n| measuring | figure |\n| --- | --- |")
    print(f"| `fetalhead --help` | {_median_seconds([*command, '--help']):.2f} s |")
    with tempfile.TemporaryDirectory() as folder:
        phantoms = Path(folder) / "phantoms"
        subprocess.run([*command, "phantom", "--out", str(phantoms), "--count", "1", "--planes", "0"], check=True,
                       capture_output=True)
        image = next((phantoms / "training_set").glob("*_HC.png"))
        one = [*command, "measure", str(image), "--pixel-size", "0.1", "--out"]
        seconds = _median_seconds(one, *([f"{folder}/one{turn}"] for turn in range(COLD_STARTS)))
        print(f"| one image from a cold start, with overlay | {seconds:.2f} s |")
        if hc18.is_dir():
            seconds, peak = _seconds_and_peak(
                [*command, "measure", str(hc18 / "training_set"), "--exclude", "*_Annotation.png", "--pixel-size-csv",
                 str(hc18 / "training_set_pixel_size_and_HC.csv"), "--out", f"{folder}/all"],
            )
            count = len(list((hc18 / "training_set").glob("*HC.png")))
            print(f"| {count} HC18 images in one call, overlays included | {count / seconds:.1f} images/s |")
            print(f"| its memory at most, all processes (PSS) | {peak / 1e6:.0f} MB |")
        else:
            print(f"\nno HC18 data at {hc18}: its line is left out.")


def network_speed(hc18: Path) -> None:
    """Each bundled model: its network by onnxruntime and by eager torch, and `measure` without a drawn overlay.

    Milliseconds a picture, the best of interleaved rounds; `measure` is from the file to the judged HC, in one process.
    """
    import numpy as np
    import torch

    from fetalhead import measure
    from fetalhead.catalog import MODELS
    from fetalhead.inference.model_folder import model_path
    from fetalhead.inference.predictor import INPUT, Predictor
    from fetalhead.training.checkpoint import initial_network

    pictures = sorted((hc18 / "training_set").glob("*HC.png"))[::20][:PICTURES]
    for name in MODELS:
        folder = Predictor(name).folder
        network = initial_network(model_path(name))[0].eval().to(memory_format=torch.channels_last)
        found: dict[tuple[str, int, int], Callable[[], object]] = {}
        for threads in (1, 2):
            session = Predictor(name, threads=threads)._session
            for images in (1, 2):  # two: the picture and its mirror image
                batch = np.random.default_rng(0).standard_normal((images, 1, *folder.input_size)).astype(np.float32)
                tensor = torch.from_numpy(batch).contiguous(memory_format=torch.channels_last)
                found["onnxruntime", threads, images] = partial(session.run, list(folder.outputs), {INPUT: batch})
                found["eager torch", threads, images] = partial(network, tensor)
        best = dict.fromkeys(found, math.inf)
        for _ in range(NETWORK_ROUNDS):
            for key, run in found.items():
                torch.set_num_threads(key[1])
                with torch.inference_mode():
                    run()
                    best[key] = min(best[key], min(_milliseconds(run) for _ in range(NETWORK_RUNS)))
        height, width = folder.input_size
        print(f"\n| {name}, {height}x{width} | onnxruntime (ms) | eager torch (ms) | torch / onnxruntime |")
        print("| --- | --- | --- | --- |")
        for threads in (1, 2):
            for images, title in ((1, "one picture"), (2, "and its mirror image")):
                ours, theirs = best["onnxruntime", threads, images], best["eager torch", threads, images]
                plural = "s" if threads > 1 else ""
                print(f"| {title}, {threads} thread{plural} | {ours:.1f} | {theirs:.1f} | {theirs / ours:.2f} |")
        if not pictures:
            print(f"\nno HC18 data at {hc18}: measuring is left out.")
            continue
        times = [min(_milliseconds(partial(measure, path, 0.1, name)) for _ in range(ROUNDS)) for path in pictures]
        whole, alone = sum(times) / len(times), best["onnxruntime", 2, 2 if folder.flips else 1]
        print(f"\n`measure` of {len(times)} HC18 files without overlays: {whole:.1f} ms a picture, {whole / alone:.2f} "
              f"times its network ({alone:.1f} ms, 2 threads, {'with' if folder.flips else 'no'} mirror image)")


def _milliseconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - start)


def _seconds_and_peak(command: list[str]) -> tuple[float, int]:
    """Wall time of a command, and the most memory (bytes) that it and its children held at once."""
    start, peak = time.perf_counter(), 0
    process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        held = 0
        with contextlib.suppress(psutil.NoSuchProcess):
            for member in (process, *process.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    held += member.memory_full_info().pss
        peak = max(peak, held)
        time.sleep(0.2)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)}: status {process.returncode}")
    return time.perf_counter() - start, peak


def _median_seconds(command: list[str], *endings: list[str]) -> float:
    seconds = []
    for ending in endings or [[]] * COLD_STARTS:
        start = time.perf_counter()
        subprocess.run([*command, *ending], check=True, capture_output=True)
        seconds.append(time.perf_counter() - start)
    return sorted(seconds)[len(seconds) // 2]


if __name__ == "__main__":
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    parser = argparse.ArgumentParser(description="Speed on this machine; best on an idle one.")
    parser.add_argument("hc18", nargs="?", type=Path, default=Path("data/hc18"))
    parser.add_argument("--only", choices=("measuring", "networks", "training"))
    chosen = parser.parse_args()
    for part, bench in {
        "measuring": partial(measuring_speed, chosen.hc18),
        "networks": partial(network_speed, chosen.hc18),
        "training": training_speed,
    }.items():
        if chosen.only in (None, part):
            bench()
