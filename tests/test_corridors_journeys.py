"""Journeys: how long they took from node to node, and by which means."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString

from geo.analysis.corridors.journeys import read_journeys
from geo.analysis.corridors.network import make_network
from geo.trails import TRAILS, join_trails, make_trails
from tests.test_corridors_network import EAST, NONE, NORTH, WEST, lines
from tests.test_corridors_traffic import GRID

NETWORK = make_network(lines(WEST, NORTH, EAST), targets=NONE, places=NONE)
LAND, SEA = np.ones(GRID.shape, bool), np.zeros(GRID.shape, bool)
NO_RIVER = gpd.GeoDataFrame({"precision_m": []}, geometry=[])
START = pd.Timestamp("2024-03-31T22:00Z").as_unit("ms")
HOUR = pd.Timedelta("1h")


def river(precision_m):
    return gpd.GeoDataFrame({"precision_m": [precision_m]}, geometry=[WEST])


def trail(track, *legs, every_min=10.0, rest=None):
    """The trail of a track that goes along legs: km/h, then corners; rests in hours.

    `rest` is a leg after which the track rests, and for how many hours.
    """
    rows, clock = [], START
    for n, (speed_kmh, *corners) in enumerate(legs):
        way = LineString(corners)
        hours = way.length / 1000 / speed_kmh
        at = np.arange(0, hours, every_min / 60)
        for h in [*at, hours]:
            place = way.interpolate(h * speed_kmh * 1000)
            rows.append((clock + h * HOUR, place.x, place.y, -1))
        clock += hours * HOUR
        if rest and rest[0] == n:
            rows[-1] = (*rows[-1][:3], n)
            clock += rest[1] * HOUR
            rows.append((clock, *rows[-1][1:3], n))
    table = pd.DataFrame(rows, columns=["time", "x_m", "y_m", "stop"])
    table = table.drop_duplicates("time").assign(track=np.int64(track), trip=track)
    table["time"] = table["time"].astype("datetime64[ms, UTC]")
    return make_trails(table, GRID)


def read(*trails, land=LAND, rivers=NO_RIVER, network=NETWORK):
    return read_journeys(
        join_trails(trails), network, grid=GRID, land=land, rivers=rivers
    )


class TestTimes:
    """Hand oracles: walks of known speed along a line of 10 km."""

    def test_a_walk_at_four_kmh_takes_two_hours_and_a_half(self):
        made = read(trail(1, (4, (-500, 0), (12_000, 0)))).times

        assert made[["edge", "track", "ahead"]].values.tolist() == [[1, 1, True]]
        assert made["hours"].tolist() == pytest.approx([2.5], abs=0.03)
        assert made["moving_hours"].tolist() == made["hours"].tolist()

    def test_the_way_back_is_timed_apart(self):
        made = read(
            trail(1, (4, (-500, 0), (12_000, 0)), (2, (12_000, 0), (-500, 0)))
        ).times

        assert made["ahead"].tolist() == [False, True]
        assert made["hours"].tolist() == pytest.approx([5.0, 2.5], abs=0.06)

    def test_a_rest_on_the_way_counts_and_can_be_taken_away(self):
        way = (4, (-500, 0), (4_000, 0)), (4, (4_000, 0), (12_000, 0))
        made = read(trail(1, *way, rest=(0, 9))).times

        assert made["hours"].tolist() == pytest.approx([11.5], abs=0.05)
        assert made["moving_hours"].tolist() == pytest.approx([2.5], abs=0.05)

    def test_a_rest_at_the_end_belongs_to_no_journey(self):
        out = (4, (-1_500, 0), (0, 0)), (4, (0, 0), (10_000, 0))
        rested = read(trail(1, *out, (4, (10_000, 0), (12_000, 0)), rest=(0, 9)))
        arrived = read(trail(1, *out, (4, (10_000, 0), (12_000, 0)), rest=(1, 9)))

        assert rested.times["hours"].tolist() == pytest.approx([2.5], abs=0.05)
        assert arrived.times["hours"].tolist() == pytest.approx([2.5], abs=0.05)

    def test_whoever_does_not_reach_an_end_is_not_timed(self):
        assert read(trail(1, (4, (-500, 0), (9_000, 0)))).times.empty

    def test_whoever_goes_another_way_is_not_timed(self):
        around = (0, 0), (0, -1_000), (5_000, -3_000), (10_000, -1_000), (10_000, 0)
        assert read(trail(1, (4, *around))).times.empty

    def test_each_edge_of_a_long_walk_is_timed(self):
        made = read(trail(1, (4, (0, 0), (10_000, 0), (10_000, 9_000)))).times

        assert made["edge"].tolist() == [1, 2]
        assert made["hours"].tolist() == pytest.approx([2.5, 2.25], abs=0.1)

    def test_a_silence_on_the_way_does_not_hide_a_journey(self):
        whole = trail(1, (4, (-500, 0), (12_000, 0)))
        middle = whole["east"].between(60, 120)
        made = read(whole[~middle].reset_index(drop=True)).times

        assert np.diff(whole.loc[~middle, "second"]).max() > 3600 / 4
        assert made["hours"].tolist() == pytest.approx([2.5], abs=0.05)

    @pytest.mark.parametrize(("night_h", "timed"), [(9, 1), (23, 1), (30, 0)])
    def test_a_night_without_a_word_belongs_to_a_journey(self, night_h, timed):
        whole = trail(1, (4, (-500, 0), (12_000, 0)))
        late = whole["east"] > 100
        whole["second"] += 3600 * night_h * late
        whole["begins"] |= late & ~late.shift(fill_value=False)
        made = read(whole).times

        assert len(made) == timed
        assert made["hours"].tolist() == [pytest.approx(2.5 + night_h, abs=0.2)] * timed
        assert (made["moving_hours"] < 2.6).all()

    def test_of_two_journeys_the_first_counts(self):
        slow, fast = (2, (-500, 0), (11_000, 0)), (4, (-500, 0), (11_000, 0))
        back = (4, (11_000, 0), (-500, 0))
        made = read(trail(1, slow, back, fast)).times

        ahead = made.loc[made["ahead"], "hours"].tolist()
        assert ahead == pytest.approx([5.0], abs=0.05)

    def test_a_ring_has_no_ends_to_be_timed_between(self):
        ring = [(2_000, 2_000), (8_000, 2_000), (8_000, 8_000), (2_000, 8_000)]
        ring = make_network(
            lines(LineString([*ring, ring[0]])), targets=NONE, places=NONE
        )
        found = read(trail(1, (4, *ring.edges.geometry[0].coords)), network=ring)

        assert found.times.empty
        assert len(found.ways) == 1


class TestMeans:
    """On foot, by boat, or neither."""

    @pytest.mark.parametrize(
        ("speed_kmh", "land", "rivers", "foot", "boat"),
        [
            (4, LAND, NO_RIVER, True, False),
            (4, LAND, river(500.0), True, False),
            (20, LAND, river(500.0), False, True),
            (20, LAND, NO_RIVER, False, False),
            (20, SEA, NO_RIVER, False, True),
            (4, SEA, NO_RIVER, False, True),
        ],
    )
    def test_it_is_told_by_speed_and_water(self, speed_kmh, land, rivers, foot, boat):
        way = trail(1, (speed_kmh, (0, 0), (10_000, 0)), every_min=2)
        row = read(way, land=land, rivers=rivers).ways.iloc[0]

        assert (row["foot"], row["boat"]) == (foot, boat)

    def test_the_greater_part_of_the_way_decides(self):
        half = (4, (2_500, 0), (4_500, 0)), (20, (4_500, 0), (7_500, 0))
        row = read(trail(1, *half, every_min=2), rivers=river(500.0)).ways.iloc[0]

        assert (row["foot"], row["boat"]) == (False, True)

    def test_single_fixes_tell_no_means(self):
        row = read(trail(1, (4, (0, 0), (10_000, 0)), every_min=75)).ways.iloc[0]

        assert (row["foot"], row["boat"]) == (False, False)

    def test_the_month_is_when_the_track_was_there(self):
        ways = read(trail(1, (4, (-500, 0), (12_000, 0)))).ways
        month = pd.to_datetime(ways["second"], unit="s").dt.strftime("%Y-%m-%dT%H")

        assert START.strftime("%m") == "03"
        assert month.tolist()[0] == "2024-03-31T22"
        late = read(trail(1, (4, (-9_000, 500), (-900, 0), (12_000, 0)))).ways
        when = pd.to_datetime(late["second"], unit="s").dt.strftime("%Y-%m")
        assert when.tolist()[0] == "2024-04"


speeds = st.sampled_from([3.0, 5.0, 16.0])
ends = st.sampled_from([(0, 0), (10_000, 0), (10_000, 9_000), (22_000, 0)])


def moves(way):
    """Whether a way leads anywhere."""
    return len({*way}) > 1


class TestInvariants:
    """What holds for every crowd."""

    @given(
        st.lists(
            st.tuples(speeds, st.lists(ends, min_size=2, max_size=4).filter(moves)),
            min_size=1,
            max_size=4,
        ),
        st.randoms(),
    )
    @settings(max_examples=20, deadline=None)
    def test_parts_add_up_and_their_order_does_not_matter(self, ways, random):
        walks = [trail(n, (speed, *way)) for n, (speed, way) in enumerate(ways)]
        whole = read(*walks)
        shuffled = random.sample(walks, len(walks))
        for table, again, apart in zip(
            whole, read(*shuffled), zip(*map(read, walks), strict=True), strict=True
        ):
            by = [name for name in ("edge", "track", "ahead") if name in table]
            want = table.sort_values(by, ignore_index=True)
            for other in (again, pd.concat([table[:0], *apart])):
                got = other.sort_values(by, ignore_index=True)
                pd.testing.assert_frame_equal(got, want, check_dtype=False)
        assert (whole.times["moving_hours"] <= whole.times["hours"] + 1e-9).all()
        assert (whole.times["hours"] > 0).all()
        assert not (whole.ways["foot"] & whole.ways["boat"]).any()

    def test_without_trails_or_lines_there_is_nothing(self):
        nobody = pd.DataFrame({n: np.zeros(0, kind) for n, kind in TRAILS.items()})
        assert [len(table) for table in read(nobody)] == [0, 0]

        nowhere = make_network(lines(), targets=NONE, places=NONE)
        walk = trail(1, (4, (0, 0), (9_000, 0)))
        assert [len(table) for table in read(walk, network=nowhere)] == [0, 0]
