"""What was seen and what the ground makes likely, in one surface and its outlines."""

from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geo.analysis.corridors.brownian import support_of, surface_of
from geo.analysis.corridors.fusion import (
    Weights,
    count_votes,
    fit_weights,
    fuse,
    spread,
)
from geo.analysis.corridors.outlines import outline_corridors
from geo.analysis.corridors.prior import PRIOR, terrain_priors
from geo.analysis.terrain.bands import areas_below
from geo.findings.methods import Methods
from geo.findings.model import find_ends, travel_costs
from geo.grid import Grid, Surface
from geo.memory import Memory
from geo.privacy import Findings, masked, round_significant
from geo.schema import Layers
from geo.totals import Totals, mark_tracks, rows_of


@dataclass(frozen=True, slots=True)
class Fused:
    """Both in one.

    Parameters
    ----------
    surface
        Percent of the movement per square kilometre; its cells sum to all of it.
    outlines
        Smallest areas that hold the levels, for each basis on its own: `level`, `basis`
        ("observed" where enough tracks stand behind it, else "modelled"), `share_pct`
        of all movement that lies in it, `area_km2`, geometry.
    weights
        What was fitted.
    """

    surface: Surface
    outlines: gpd.GeoDataFrame
    weights: Weights


def with_fused(
    findings: Findings,
    totals: Totals,
    methods: Methods,
    *,
    memory: Memory | None = None,
) -> Findings:
    """Return the findings with what was seen and what is likely in one, if it can be.

    Parameters
    ----------
    findings
        What was found; the weights are put among its parameters.
    totals, methods
        As of `find_fused`.
    memory
        Where the priors may be that were found before.
    """
    grid = totals.movement["all"].grid
    priors = _recall_priors(findings.base, grid, methods, memory or Memory())
    found = find_fused(totals, priors, methods)
    if found is None:
        return findings
    weights = {
        "model.theta_per_h": found.weights.theta_per_h,
        "model.n0_tracks": found.weights.n0_tracks,
    }
    about = replace(findings.about, parameters={**findings.about.parameters, **weights})
    return replace(
        findings,
        about=about,
        models={**findings.models, "fused": found.outlines},
        model_surfaces={**findings.model_surfaces, "fused_movement": found.surface},
    )


def _recall_priors(
    base: Layers, grid: Grid, methods: Methods, memory: Memory
) -> dict[float, Surface]:
    """Return the priors as `find_priors`, from the memory if they are there."""

    def make() -> dict[str, NDArray[Any]]:
        found = find_priors(base, grid, methods)
        return {repr(theta): prior.values for theta, prior in found.items()}

    coarse = grid.coarsened(methods.model.prior_factor)
    return {
        float(theta): Surface(coarse, values, *PRIOR)
        for theta, values in memory.arrays("priors", "", make).items()
    }


def find_priors(base: Layers, grid: Grid, methods: Methods) -> dict[float, Surface]:
    """Return where the ground alone would lead people, by theta.

    It hangs on the base layers and the region file alone.

    Parameters
    ----------
    base
        Base layers, in the region's CRS.
    grid
        The fine grid.
    methods
        How.
    """
    if base.relief is None or not methods.model.entries:
        return {}
    coarse = grid.coarsened(methods.model.prior_factor)
    entries, exits = find_ends(base, grid.crs, methods.model)
    return terrain_priors(travel_costs(base, coarse, methods.model), entries, exits)


def find_fused(
    totals: Totals, priors: dict[float, Surface], methods: Methods
) -> Fused | None:
    """Join what was seen with what the ground makes likely.

    Parameters
    ----------
    totals
        Sums over parts. Of these only what the gate lets through is used: cells that
        at least k tracks stand behind, with their movement and their tracks rounded as
        the gate rounds them; and which tracks entered these cells, for the weights,
        which have one digit.
    priors
        Of `find_priors`.
    methods
        How.

    Returns
    -------
    Fused or None
        None without a prior, or if too few tracks can be told of.
    """
    movement = totals.movement["all"]
    grid = movement.grid
    shown = masked(surface_of(movement), support_of(movement), k=methods.k).values
    seen = np.isfinite(shown) & (shown > 0)
    if not (priors and seen.any()):
        return None
    cells = np.flatnonzero(seen)
    # What a track does where too few were may not decide its lot either.
    told = rows_of(totals.paths, seen.ravel()[totals.paths["cell"].to_numpy()])
    weights = fit_weights(
        count_votes(mark_tracks(told), cells, grid),
        {theta: spread(prior, grid, cells) for theta, prior in priors.items()},
        even=_even(priors, grid),
    )
    if weights is None:
        return None
    prior = spread(
        priors[weights.theta_per_h], grid, np.arange(grid.rows * grid.columns)
    )
    km2 = (grid.cell_m / 1000) ** 2
    share = fuse(
        _at_most_all(np.where(seen, shown, 0.0).ravel() * km2 / 100),
        prior / prior.sum(),
        n0=weights.n0_tracks,
        total=_rounded_total(totals.tracks, methods),
    )
    values = round_significant(100 * share / km2).reshape(grid.shape)
    surface = Surface(grid, values, "movement, seen or modelled", "%/km²")
    return Fused(surface, _outlines(surface, seen, methods), weights)


def _even(priors: dict[float, Surface], grid: Grid) -> float:
    """Return the share of each fine cell if all ground were as likely."""
    prior = next(iter(priors.values()))
    ground = int(np.isfinite(prior.values).sum())
    return float((grid.cell_m / prior.grid.cell_m) ** 2 / max(ground, 1))


def _rounded_total(tracks: int, methods: Methods) -> float:
    """Return a number of tracks as the gate rounds it."""
    step = methods.round_to
    return float(max(round(tracks / step) * step, methods.k))


def _at_most_all(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return shares that rounding has not brought above all there is."""
    return share / max(1.0, float(share.sum()))


def _outlines(
    surface: Surface, seen: NDArray[np.bool_], methods: Methods
) -> gpd.GeoDataFrame:
    """Outline what was seen and what was not, each on its own."""
    grid = surface.grid
    [areas] = areas_below(Surface(grid, np.where(seen, 0.0, 1.0), "unseen", "1"), [0.5])
    known = shapely.union_all(areas)
    rows = []
    for basis, part in (
        ("observed", np.where(seen, surface.values, 0.0)),
        ("modelled", np.where(seen, 0.0, surface.values)),
    ):
        drawn = Surface(grid, part, surface.name, surface.unit)
        if basis == "modelled":
            drawn = _in_larger_cells(drawn, methods.model.prior_factor)
        outlines = outline_corridors(drawn, levels=methods.levels)
        held = float(part.sum() / surface.values.sum())
        for level in sorted(set(outlines["level"])):
            pieces = outlines[outlines["level"] == level]
            whole = shapely.union_all(pieces.geometry.to_numpy())
            if basis == "modelled":
                whole = shapely.difference(whole, known)
            else:  # an outline runs around its cells, not along their edges
                known = shapely.union(known, whole)
            shape = _areas_of(whole, smallest=4 * grid.cell_m**2)
            rows.append((level, basis, level * held, shape))
    return _table([row for row in rows if not row[3].is_empty], grid.crs)


def _table(
    rows: list[tuple[int, str, float, shapely.MultiPolygon]], crs: str
) -> gpd.GeoDataFrame:
    """Return outlines as a frame."""
    shapes = [row[3] for row in rows]
    share = np.array([row[2] for row in rows], np.float64)
    return gpd.GeoDataFrame(
        {
            "level": np.array([row[0] for row in rows], np.int64),
            "basis": pd.Series([row[1] for row in rows], dtype="str"),
            "share_pct": round_significant(share),
            "area_km2": np.round(shapely.area(shapes) / 1e6).reshape(-1),
        },
        geometry=gpd.GeoSeries(shapes, dtype="geometry", crs=crs),
    )


def _in_larger_cells(surface: Surface, factor: int) -> Surface:
    """Return the mean of each larger cell, on whose grid the prior lies."""
    coarse = surface.grid.coarsened(factor)
    x, y = surface.grid.centre_of(np.arange(surface.values.size))
    total = np.bincount(
        coarse.cell_of(x, y), surface.values.ravel(), coarse.rows * coarse.columns
    )
    values = (total / factor**2).reshape(coarse.shape)
    return Surface(coarse, values, surface.name, surface.unit)


def _areas_of(shape: shapely.Geometry, *, smallest: float) -> shapely.MultiPolygon:
    """Return the parts of a shape that have an area worth showing."""
    parts = shapely.get_parts(shapely.set_precision(shape, 1.0))
    kept = [part for part in parts if part.area >= smallest]
    whole = shapely.normalize(shapely.MultiPolygon(kept))
    assert isinstance(whole, shapely.MultiPolygon)  # noqa: S101  (for the types)
    return whole
