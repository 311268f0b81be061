"""`fetalhead info`: what is installed, and what there is to choose from."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from fetalhead import __version__
from fetalhead.catalog import COMMANDS, DATA_KINDS, DATASETS, DATING, MODELS, PLANES
from fetalhead.cli.command import parse
from fetalhead.errors import FetalheadError
from fetalhead.inference.model_folder import ModelFolder
from fetalhead.options import option


@dataclass
class InfoOptions:
    """Tell what is installed and what there is to choose from."""

    json: bool = option("write JSON to standard output", default=False)


def main(argv: Sequence[str]) -> int:
    options = parse(InfoOptions, argv, "fetalhead info")
    account = collect()
    print(json.dumps(account, indent=2) if options.json else _text(account))
    return 0


def collect() -> dict[str, Any]:
    """Everything that `info` tells, as plain data. Packages are looked up, never imported."""
    core, extras = _requirements()
    return {
        "fetalhead": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in core},
        "extras": {
            extra: {"installed": all(map(_version, names)), "packages": {name: _version(name) for name in names}}
            for extra, names in extras.items()
        },
        "models": [_model(name) for name in MODELS],
        "commands": COMMANDS,
        "planes": list(PLANES),
        "dating": DATING,
        "datasets": DATASETS,
        "data_kinds": DATA_KINDS,
    }


def _requirements() -> tuple[list[str], dict[str, list[str]]]:
    """The packages that the installed fetalhead asks for: always, and by extra."""
    try:
        lines = metadata.requires("fetalhead") or []
    except metadata.PackageNotFoundError:  # run from a source tree: there is nothing to read them from
        lines = []
    core: list[str] = []
    extras: dict[str, list[str]] = {}
    for line in lines:
        requirement, _, marker = line.partition(";")
        name = re.split(r"[\s<>=!~(]", requirement.strip(), maxsplit=1)[0]
        extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)", marker)
        names = extras.setdefault(extra[1], []) if extra else core
        names.append(name)
    return sorted(core), {extra: _spelled_out(names, extras) for extra, names in extras.items()}


def _spelled_out(names: list[str], extras: dict[str, list[str]]) -> list[str]:
    """An extra made of others, `fetalhead[video,dicom]`, as their packages."""
    packages: set[str] = set()
    for name in names:
        parts = re.fullmatch(r"fetalhead\[(.*)\]", name)
        for part in parts[1].split(",") if parts else []:
            packages.update(extras.get(part.strip(), []))
        if not parts:
            packages.add(name)
    return sorted(packages)


def _version(package: str) -> str | None:
    try:
        return metadata.version(package.partition("[")[0])
    except metadata.PackageNotFoundError:
        return None


def _model(name: str) -> dict[str, Any]:
    try:
        folder = ModelFolder.load(name)
    except FetalheadError as error:
        return {"name": name, "fault": str(error)}
    return {
        "name": name,
        "model_id": folder.model_id,
        "version": folder.version,
        "input_size": list(folder.input_size),
        "outputs": list(folder.outputs),
        "classes": list(folder.classes),
        "path": str(folder.path),
    }


def _text(account: dict[str, Any]) -> str:
    def shown(packages: dict[str, str | None]) -> str:
        return ", ".join(f"{name} {version or '(missing)'}" for name, version in packages.items())

    lines = [
        f"fetalhead {account['fetalhead']}, Python {account['python']}, {account['platform']}",
        "",
        f"packages: {shown(account['packages']) or 'not known, fetalhead runs from a source tree'}",
    ]
    for extra, state in account["extras"].items():
        lines.append(f"extra {extra}: {'installed' if state['installed'] else 'not installed'}")
        lines.append(f"    {shown(state['packages'])}")
    lines += ["", "models:"]
    for model in account["models"]:
        lines.append(f"  {model['name']}: {model.get('model_id') or model['fault']}")
    lines += ["", "commands:", *(f"  {name}: {text}" for name, text in account["commands"].items())]
    lines += ["", "planes: " + ", ".join(account["planes"])]
    lines += ["", "dating formulas:", *(f"  {name}: {source}" for name, source in account["dating"].items())]
    lines += ["", "data (--data KIND=DIR):", *(f"  {kind}: {text}" for kind, text in account["data_kinds"].items())]
    lines += ["", "data sets:"]
    for name, data in account["datasets"].items():
        lines.append(f"  {name}: {data['title']}")
        lines.append(f"    {data['citation']}; https://doi.org/{data['doi']}; {data['licence']}")
    return "\n".join(lines)
