"""A square grid on the ground, and the surfaces that lie on it."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geo.errors import CRSError


@dataclass(frozen=True, slots=True)
class Grid:
    """Square cells in a projected CRS, rows from north to south.

    Parameters
    ----------
    crs
        Any text pyproj understands; its axes are in metres.
    west, north
        Outer corner of the north-western cell, in metres.
    cell_m
        Side of a cell, in metres.
    rows, columns
        Shape. Cells are numbered row by row, from 0.
    """

    crs: str
    west: float
    north: float
    cell_m: float
    rows: int
    columns: int

    @classmethod
    def covering(
        cls, bounds: tuple[float, float, float, float], *, crs: str, cell_m: float
    ) -> "Grid":
        """Return the smallest grid over (west, south, east, north), in metres.

        Corners are whole multiples of `cell_m`, so that grids of one cell size
        always line up and their surfaces can be added.

        Examples
        --------
        >>> Grid.covering((10, 20, 510, 480), crs="EPSG:32618", cell_m=250)
        Grid(crs='EPSG:32618', west=0, north=500, cell_m=250, rows=2, columns=3)
        """
        west, south, east, north = (edge / cell_m for edge in bounds)
        left, top = math.floor(west), math.ceil(north)
        return cls(
            crs=crs,
            west=left * cell_m,
            north=top * cell_m,
            cell_m=cell_m,
            rows=max(1, top - math.floor(south)),
            columns=max(1, math.ceil(east) - left),
        )

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns, as NumPy wants them."""
        return self.rows, self.columns

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north edge, in metres."""
        return (
            self.west,
            self.north - self.rows * self.cell_m,
            self.west + self.columns * self.cell_m,
            self.north,
        )

    def cell_of(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """Return the number of the cell under each point, -1 where there is none.

        A point on an edge belongs to the cell east or south of it; NaN to none.

        Examples
        --------
        >>> grid = Grid("EPSG:32618", 0, 500, 250, rows=2, columns=3)
        >>> x = np.array([0.0, 250.0, 749.9, 750.0, np.nan])
        >>> grid.cell_of(x, np.full(5, 250.0))
        array([ 3,  4,  5, -1, -1])
        """
        column = np.floor((x - self.west) / self.cell_m)
        row = np.floor((self.north - y) / self.cell_m)
        inside = (
            (column >= 0) & (column < self.columns) & (row >= 0) & (row < self.rows)
        )
        cell = np.full(np.shape(x), -1, dtype=np.int64)
        cell[inside] = row[inside] * self.columns + column[inside]
        return cell

    def centre_of(
        self, cell: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return x and y of the centre of each cell, in metres.

        Examples
        --------
        >>> grid = Grid("EPSG:32618", 0, 500, 250, rows=2, columns=3)
        >>> grid.centre_of(np.array([0, 5]))
        (array([125., 625.]), array([375., 125.]))
        """
        row, column = np.divmod(cell, self.columns)
        x = self.west + (column + 0.5) * self.cell_m
        y = self.north - (row + 0.5) * self.cell_m
        return x, y

    def squares_of(self, cell: NDArray[np.int64]) -> NDArray[np.object_]:
        """Return each cell as a polygon.

        Examples
        --------
        >>> grid = Grid("EPSG:32618", 0, 500, 250, rows=2, columns=3)
        >>> [square.bounds for square in grid.squares_of(np.array([5]))]
        [(500.0, 0.0, 750.0, 250.0)]
        """
        import shapely

        x, y = self.centre_of(cell)
        half = self.cell_m / 2
        squares: NDArray[np.object_] = shapely.box(
            x - half, y - half, x + half, y + half
        )
        return squares

    def coarsened(self, factor: int) -> "Grid":
        """Return the grid whose cells are `factor` times as wide, over the same ground.

        Corners stay whole multiples of the new cell, so coarse grids line up too.

        Examples
        --------
        >>> Grid("EPSG:32618", 0, 500, 250, rows=2, columns=3).coarsened(2)
        Grid(crs='EPSG:32618', west=0, north=500, cell_m=500, rows=1, columns=2)
        """
        if factor < 1:
            raise ValueError(f"factor is {factor}; it must be at least 1")
        return Grid.covering(self.bounds, crs=self.crs, cell_m=self.cell_m * factor)

    def check_metres(self) -> None:
        """Refuse a CRS whose squares are no squares on the ground.

        Raises
        ------
        CRSError
            If the CRS is unknown, or measures in degrees or anything but metres.

        Examples
        --------
        >>> Grid("EPSG:32618", 0, 500, 250, rows=2, columns=3).check_metres()
        """
        import pyproj

        try:
            target = pyproj.CRS.from_user_input(self.crs)
        except pyproj.exceptions.CRSError as error:
            raise CRSError(
                f"{self.crs!r} is not a coordinate reference system.",
                hint="Give an EPSG code or a PROJ string.",
            ) from error
        units = {axis.unit_conversion_factor for axis in target.axis_info}
        if not target.is_projected or units != {1.0}:
            raise CRSError(
                f"{target.name!r} does not measure in metres.",
                hint="Give a projected CRS, such as a UTM zone or an equal-area one.",
            )


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """One value for every cell of a grid.

    Parameters
    ----------
    grid
        Where the cells lie.
    values : (rows, columns) float array
        NaN where the value is unknown or withheld.
    name, unit
        What is measured, and in what: ``"trip density"``, ``"km/km²"``.
    """

    grid: Grid
    values: NDArray[np.floating]
    name: str
    unit: str

    def __post_init__(self) -> None:
        """Refuse values that do not fit the grid."""
        if self.values.shape != self.grid.shape:
            raise ValueError(
                f"{self.name!r} has shape {self.values.shape}, "
                f"but its grid has {self.grid.shape}"
            )

    def __add__(self, other: "Surface") -> "Surface":
        """Return the sum of two surfaces on one grid."""
        if (self.grid, self.unit) != (other.grid, other.unit):
            raise ValueError(f"cannot add {other.name!r}: another grid or unit")
        return Surface(self.grid, self.values + other.values, self.name, self.unit)
