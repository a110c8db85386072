"""Name fetched layers in a region file, and change nothing else in it."""

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from geo.errors import ConfigError, OutputError

_KEYS = re.compile(r"^\s*(path|tiles|crs|credit)\s*=")


def lines_for(layer: str, *, path: str, credit: str) -> str:
    """Return what to write into a region file for a layer.

    Examples
    --------
    >>> print(lines_for("relief", path="layers/fetched/relief", credit="DEM: ©"))
    [layers.relief]
    path = "layers/fetched/relief"
    credit = "DEM: ©"
    """
    return f"[layers.{layer}]\npath = {_quoted(path)}\ncredit = {_quoted(credit)}"


def name_layers(region: Path, layers: Mapping[str, tuple[str, str]]) -> None:
    """Write paths and credits of layers into a region file.

    Parameters
    ----------
    region
        The file; its comments and all else stay as they are.
    layers
        Path and credit of each layer.

    Raises
    ------
    ConfigError
        If the file is written in a way in which that is not simple.
    OutputError
        If it cannot be written.
    """
    before = region.read_text(encoding="utf-8")
    text = before
    for layer, (path, credit) in layers.items():
        text = _with_layer(text, layer, path, credit)
    _check_same(before, text, layers, region)
    fresh = region.with_name(f".{region.name}.part")
    try:
        fresh.write_text(text, encoding="utf-8", newline="")
        fresh.replace(region)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise OutputError(f"{region} cannot be written: {error.strerror}.") from error


def _with_layer(text: str, layer: str, path: str, credit: str) -> str:
    """Return the text of a region file with another layer."""
    lines = text.splitlines()
    headers = [line.strip() for line in lines]
    inline = f"{layer} = {{ path = {_quoted(path)}, credit = {_quoted(credit)} }}"
    if f"[layers.{layer}]" in headers:
        at = headers.index(f"[layers.{layer}]")
        end = next(
            (k for k in range(at + 1, len(lines)) if headers[k].startswith("[")),
            len(lines),
        )
        rest = [line for line in lines[at + 1 : end] if not _KEYS.match(line)]
        block = lines_for(layer, path=path, credit=credit).splitlines()
        lines[at:end] = [*block, *rest]
    elif "[layers]" in headers:
        at = headers.index("[layers]")
        own = re.compile(rf"^\s*{layer}\s*=")
        there = [k for k in range(at + 1, len(lines)) if own.match(lines[k])]
        if there:
            lines[there[0]] = inline
        else:
            lines.insert(at + 1, inline)
    else:
        lines += ["", *lines_for(layer, path=path, credit=credit).splitlines()]
    return "\n".join(lines) + "\n"


def _check_same(
    before: str, after: str, layers: Mapping[str, tuple[str, str]], region: Path
) -> None:
    """Refuse a change of anything but the layers."""
    try:
        old, new = tomllib.loads(before), tomllib.loads(after)
        there = old.setdefault("layers", {})
        for layer, (path, credit) in layers.items():
            kept = {
                key: value
                for key, value in there.get(layer, {}).items()
                if key not in {"path", "tiles", "crs", "credit"}
            }
            there[layer] = {"path": path, "credit": credit} | kept
        same = old == new
    except tomllib.TOMLDecodeError:
        same = False
    if not same:
        raise ConfigError(
            f"{region} is written in a way that is not changed by machine.",
            hint="Copy the lines into it by hand.",
        )


def _quoted(text: str) -> str:
    """Return text as TOML quotes it."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
