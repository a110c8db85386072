"""Accumulated costs by one tool, in a process of its own: see bench_costs.py.

    python cost_peers.py TOOL KIND FOLDER --rounds 3

FOLDER holds friction and relief; the costs in seconds go there too. Prints one line
of JSON: the best wall and processor seconds of the rounds, and the peak memory.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

CELL_M = 30.0
Grids = dict[str, np.ndarray]
Task = Callable[[], np.ndarray]


def trocha(grids: Grids, kind: str, folder: Path) -> Task:  # noqa: ARG001
    from geo.analysis.terrain.costs import costs_of, langmuir, level, tobler
    from geo.analysis.terrain.travel import accumulate
    from geo.grid import Grid, Surface

    rows, columns = grids["friction"].shape
    grid = Grid("EPSG:32618", 0, rows * CELL_M, CELL_M, rows=rows, columns=columns)
    friction = Surface(grid, grids["friction"], "friction", "s/m")
    relief = Surface(grid, grids["relief"], "relief", "m")
    walk = {"cost": level, "walk": langmuir, "tobler": tobler}[kind.rstrip("16")]()
    many = 16 if kind.endswith("16") else 8
    start = rows // 2 * columns + columns // 2

    def task() -> np.ndarray:
        costs = costs_of(friction, walk=walk, relief=relief, neighbours=many)
        return accumulate(costs, start).hours.values * 3600.0

    return task


def skimage(grids: Grids, kind: str, folder: Path) -> Task:  # noqa: ARG001
    from skimage.graph import MCP_Geometric

    friction = grids["friction"]
    start = tuple(side // 2 for side in friction.shape)

    def task() -> np.ndarray:
        return MCP_Geometric(friction).find_costs([start])[0] * CELL_M

    return task


def xrspatial(grids: Grids, kind: str, folder: Path) -> Task:  # noqa: ARG001
    import xarray
    from xrspatial import cost_distance

    def array(values: np.ndarray) -> xarray.DataArray:
        rows, columns = values.shape
        place = {"y": -CELL_M * np.arange(rows), "x": CELL_M * np.arange(columns)}
        return xarray.DataArray(
            values, dims=["y", "x"], coords=place, attrs={"res": (CELL_M, CELL_M)}
        )

    friction = array(grids["friction"])
    source = np.zeros(friction.shape)
    source[tuple(side // 2 for side in friction.shape)] = 1
    marked = array(source)

    def task() -> np.ndarray:
        return cost_distance(marked, friction).values

    return task


def whitebox(grids: Grids, kind: str, folder: Path) -> Task:  # noqa: ARG001
    from whitebox_workflows import WbEnvironment

    tool = WbEnvironment()
    friction = tool.read_raster(str(folder / "friction.tif"))
    source = tool.read_raster(str(folder / "source.tif"))

    def task() -> np.ndarray:
        found = tool.cost_distance(source, friction)
        return (found[0] if isinstance(found, tuple) else found).to_numpy()

    return task


def itinera(grids: Grids, kind: str, folder: Path) -> Task:  # noqa: ARG001
    """Make the graph, which is what it needs for each friction, and search it."""
    from itinera import accumulated_cost, build_conductance_friction, rowcol_to_node

    friction = grids["friction"]
    rows, columns = friction.shape

    def task() -> np.ndarray:
        graph, *_ = build_conductance_friction(friction, CELL_M)
        start = rowcol_to_node(rows // 2, columns // 2, columns)
        return accumulated_cost(graph, start).reshape(friction.shape)

    return task


def grass(grids: Grids, kind: str, folder: Path) -> Task:
    """Run with its import before, and its own reading and writing of rasters."""
    rows, columns = grids["friction"].shape
    x, y = (columns // 2 + 0.5) * CELL_M, (rows - rows // 2 - 0.5) * CELL_M
    knight = "-k " if kind.endswith("16") else ""
    how = f"start_coordinates={x},{y} output=found memory=3000 --q --o"
    if kind.startswith("cost"):
        command = f"r.cost {knight}input=friction {how}"
    else:
        command = f"r.walk {knight}elevation=relief friction=friction lambda=1 {how}"
    sides = f"n={rows * CELL_M} s=0 w=0 e={columns * CELL_M}"
    size = f"north={rows * CELL_M} south=0 west=0 east={columns * CELL_M}"
    lines = [f"g.region {sides} res={CELL_M}"]
    for name in ("friction", "relief"):
        grids[name].astype("<f8").tofile(folder / f"{name}.bin")
        lines.append(
            f"r.in.bin -d input={folder}/{name}.bin output={name} bytes=8 --q --o "
            f"{size} rows={rows} cols={columns}"
        )
    (folder / "import.sh").write_text("set -e\n" + "\n".join(lines))
    timed = f"TIMEFORMAT='%R %U %S'\n{{ time {command} ; }} 2> {folder}/times\n"
    out = f"r.out.bin -f input=found output={folder}/found.bin bytes=8 --q --o\n"
    (folder / "run.sh").write_text("set -e\n" + timed + out)
    session = ["grass", str(folder / "grass/PERMANENT"), "--exec", "bash"]
    if not (folder / "grass").exists():
        make = ["grass", "-e", "-c", "XY", str(folder / "grass")]
        for one in (make, [*session, str(folder / "import.sh")]):
            subprocess.run(one, check=True, capture_output=True)  # noqa: S603

    def task() -> np.ndarray:
        run = [*session, str(folder / "run.sh")]
        subprocess.run(run, check=True, capture_output=True)  # noqa: S603
        found = np.fromfile(folder / "found.bin", "<f8").reshape(rows, columns)
        return found * (CELL_M if kind.startswith("cost") else 1.0)

    return task


TOOLS = {
    "trocha": trocha,
    "grass": grass,
    "skimage": skimage,
    "xrspatial": xrspatial,
    "whitebox": whitebox,
    "itinera": itinera,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool", choices=list(TOOLS))
    parser.add_argument("kind")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()

    def grids_of(cut: int | None) -> Grids:
        names = ("friction", "relief")
        return {
            name: np.ascontiguousarray(
                np.load(options.folder / f"{name}.npy")[:cut, :cut]
            )
            for name in names
        }

    make = TOOLS[options.tool]
    if options.tool in {"trocha", "xrspatial"}:  # what compiles on its first call
        make(grids_of(50), options.kind, options.folder)()
    task = make(grids_of(None), options.kind, options.folder)
    wall, cpu = [], []
    for _ in range(options.rounds):
        begun, worked = time.perf_counter(), time.process_time()
        found = task()
        wall.append(time.perf_counter() - begun)
        cpu.append(time.process_time() - worked)
        if options.tool == "grass":
            times = (options.folder / "times").read_text().split()[-3:]
            wall[-1], cpu[-1] = float(times[0]), float(times[1]) + float(times[2])
    np.save(options.folder / f"{options.tool}.npy", found)
    who = resource.RUSAGE_CHILDREN if options.tool == "grass" else resource.RUSAGE_SELF
    peak = resource.getrusage(who).ru_maxrss // 1024
    json.dump({"wall_s": min(wall), "cpu_s": min(cpu), "peak_mib": peak}, sys.stdout)


if __name__ == "__main__":
    main()
