"""The map in a browser without a network: it opens, answers, and asks for nothing."""

import re

import geopandas as gpd
import msgspec
import pandas as pd
import pytest
from shapely import Point

from geo.verdict import Estimate
from geo.write.page import write_map
from tests.releases import (
    CRS,
    corridors,
    crossings,
    emerging,
    evidence_layers,
    hotspots,
    make_release,
    model_layers,
    network_layers,
    point_layers,
    points,
)
from tests.test_verdict import verdict
from tests.test_write_page import HOSTILE

pytestmark = pytest.mark.browser

DESKTOP, PHONE = (1440, 900), (390, 844)


@pytest.fixture(scope="module")
def map_file(tmp_path_factory):
    return write_map(make_release(), tmp_path_factory.mktemp("map") / "index.html")


class Visit:
    """A page that remembers what it asked for and complained about."""

    def __init__(self, browser, path, *, size=DESKTOP, language="en-US"):
        width, height = size
        self.context = browser.new_context(
            viewport={"width": width, "height": height},
            locale=language,
            offline=True,
            has_touch=width < 600,
        )
        self.page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.requests, self.complaints = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("dialog", lambda dialog: self.complaints.append(dialog.message))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector(".leaflet-control-scale-line")

    def text(self, selector):
        return self.page.inner_text(selector)

    def pixels(self):
        """Return what the canvases of the map hold, as text to compare."""
        return self.page.evaluate(
            "() => [...document.querySelectorAll('#map canvas')]"
            ".map((canvas) => canvas.toDataURL()).join()"
        )

    def settle(self):
        self.page.evaluate(
            "() => new Promise((done) => requestAnimationFrame("
            "() => requestAnimationFrame(() => setTimeout(done, 30))))"
        )


@pytest.fixture
def visit(chromium, map_file):
    visits = []

    def open_map(path=map_file, **options):
        visits.append(Visit(chromium, path, **options))
        return visits[-1]

    yield open_map
    for opened in visits:
        opened.context.close()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("language", ["en-US", "es-PA"])
def test_it_opens_without_a_request_or_a_complaint(visit, map_file, size, language):
    opened = visit(size=size, language=language)

    foreign = [url for url in opened.requests if not url.startswith("data:")]
    assert foreign == [map_file.as_uri()]
    assert opened.complaints == []
    assert opened.page.evaluate("() => document.documentElement.lang") == language[:2]


def test_the_mark_is_the_first_thing_to_read(visit):
    opened = visit()

    assert "SIMULATED" in opened.text("#ribbons")
    assert "not real people" in opened.text("#ribbons")
    assert opened.page.locator("#ribbons").bounding_box()["y"] == 0


def test_an_internal_map_says_so(visit, tmp_path):
    path = write_map(
        make_release(level="internal", simulated=False, k=3, round_to=1),
        tmp_path / "index.html",
    )
    opened = visit(path)

    assert "INTERNAL" in opened.text("#ribbons")
    assert "SIMULATED" not in opened.text("#ribbons")


@pytest.mark.parametrize(
    "layer", ["corridors", "cells", "arrows", "crossings", "rivers"]
)
def test_a_layer_can_be_switched_off_and_on(visit, layer):
    opened = visit()
    box = opened.page.get_by_role("checkbox").and_(
        opened.page.locator(f"#show-{layer}")
    )
    opened.settle()
    before = opened.pixels()

    box.uncheck()
    opened.settle()
    without = opened.pixels()
    opened.page.locator(f"#show-{layer}").check()
    opened.settle()

    assert without != before
    assert opened.pixels() == before


def test_density_comes_with_its_unit(visit):
    opened = visit()
    opened.page.check("#show-density")

    assert "per km²" in opened.text("#layers")
    assert opened.page.locator(".pixels").count() == 1


def test_the_language_can_be_changed(visit):
    opened = visit()
    assert "Corridors" in opened.text("#layers")

    opened.page.click("[data-language=es]")

    assert "Corredores" in opened.text("#layers")
    assert "SIMULADO" in opened.text("#ribbons")
    assert opened.page.evaluate("() => document.documentElement.lang") == "es"
    assert opened.complaints == []


def test_every_text_is_translated(visit):
    opened = visit(language="es")
    opened.page.click("#open-tables")
    shown = opened.text("body")

    assert not re.search(r"\b(?:withheld|reason|layer|source)-\w+", shown)
    assert "{" not in shown
    assert "undefined" not in shown
    assert "[object" not in shown
    assert "NaN" not in shown


def test_months_are_walked_through_with_the_keys(visit):
    opened = visit()
    opened.settle()
    whole = opened.pixels()
    opened.page.focus("#slider")

    opened.page.keyboard.press("ArrowRight")
    opened.settle()

    assert opened.text("#month") == "August 2023"
    assert "in August 2023" in opened.text("#layers")
    assert opened.pixels() != whole
    assert opened.page.get_attribute("#slider", "aria-valuetext") == "August 2023"

    opened.page.keyboard.press("Home")
    opened.settle()
    assert opened.text("#month") == "Whole period"
    assert opened.pixels() == whole


def test_who_wants_less_motion_steps_by_hand(visit):
    opened = visit()
    opened.page.emulate_media(reduced_motion="reduce")

    opened.page.click("#play")
    opened.page.click("#play")

    assert opened.text("#month") == "September 2023"
    assert opened.page.get_attribute("#play", "aria-pressed") == "false"


def popup_at(opened, lat, lon):
    """Click on the map at a place, and read what opens."""
    point = opened.page.evaluate(
        "([lat, lon]) => { map.setView([lat, lon], map.getZoom(), { animate: false });"
        "const p = map.latLngToContainerPoint([lat, lon]);"
        "const box = map.getContainer().getBoundingClientRect();"
        "return [box.x + p.x, box.y + p.y]; }",
        [lat, lon],
    )
    opened.page.mouse.click(*point)
    return opened.text(".leaflet-popup-content")


def centre_in_degrees(layer, row):
    return layer.geometry.iloc[[row]].centroid.to_crs("EPSG:4326").iloc[0]


def test_a_square_says_how_many_and_how_sure(visit):
    opened = visit()
    point = centre_in_degrees(hotspots(), 0)

    said = popup_at(opened, point.y, point.x)

    assert "Hotspot" in said
    assert "99% confidence" in said
    assert re.search(r"Tracks\s+60", said)
    assert "north-west" in said


def test_what_hangs_on_the_grid_is_hatched_and_says_so(visit):
    opened = visit()
    point = centre_in_degrees(hotspots(), 1)

    assert "hatched: only on some grids" in opened.text("#layers")
    said = popup_at(opened, point.y, point.x)

    assert re.search(r"Same on shifted grids\s+63%", said)
    assert "do not build on it" in said


def test_change_over_time_is_a_choice_with_its_classes_and_reasons(visit, tmp_path):
    release = make_release(layers={"emerging": emerging()})
    opened = visit(write_map(release, tmp_path / "index.html"))
    opened.settle()
    before = opened.pixels()

    opened.page.get_by_role("button", name="Change", exact=True).click()
    opened.settle()

    legend = opened.text("#layers")
    assert "Consecutive hot spot" in legend
    assert "Intensifying cold spot" in legend
    assert "Sporadic" not in legend  # only classes that there are
    assert opened.pixels() != before
    point = centre_in_degrees(hotspots(), 0)
    said = popup_at(opened, point.y, point.x)
    assert "Change over time: Consecutive hot spot." in said
    assert "Hot in 3 of 12 months, cold in 0; hot in the last 3, never before" in said
    opened.page.click("[data-language=es]")
    assert "Punto frío en aumento" in opened.text("#layers")
    assert not opened.complaints


def test_it_says_whether_there_is_a_cluster_and_what_hotspots_foretell(visit, tmp_path):
    release = make_release(layers=evidence_layers())
    opened = visit(write_map(release, tmp_path / "index.html"))

    said = opened.text("#caveats")

    assert re.search(
        r"Moran.s I is 0\.36, .*p < 0\.001\)\. Busy squares lie together", said
    )
    assert re.search(r"General G is 0\.026, .*p 0\.69\)\. That may be chance", said)
    assert re.search(
        r"Likeliest circle: about 8\.1\d, -77\.6\d?, 6 km .* 60 tracks", said
    )
    assert "No stretch of rivers and routes holds more than chance" in said
    assert "In 9 months" in said
    assert "45% by the busiest squares of the month before (PAI 14, PEI 0.95)" in said
    assert not re.search(r"high-high|lisa", said, re.IGNORECASE)  # for analysts alone
    opened.page.click("[data-language=es]")
    said = opened.text("#caveats")
    assert "Los cuadros concurridos están juntos" in said
    assert "¿Dicen algo del mes siguiente?" in said
    assert "{" not in said
    assert not opened.complaints


def test_too_few_squares_for_a_test_of_the_whole_are_said(visit):
    assert "Too few squares are shown to ask." in visit().text("#caveats")


def test_too_few_months_for_change_over_time_are_said(visit):
    opened = visit()

    assert opened.page.get_by_role("button", name="Change", exact=True).count() == 0
    assert "it takes ten months, and there are 2" in opened.text("#caveats")


def test_a_corridor_says_what_it_holds(visit):
    opened = visit()
    outline = corridors().geometry.iloc[[0]].to_crs("EPSG:4326").iloc[0]
    west, south, *_ = outline.bounds

    said = popup_at(opened, south + 0.005, west + 0.03)

    assert "Corridor with 90% of the movement" in said
    assert re.search(r"Tracks\s+45", said)


def test_a_checkpoint_is_reached_with_the_keyboard(visit):
    opened = visit()
    opened.page.locator(".pin[aria-label^='Canaán']").focus()

    opened.page.keyboard.press("Enter")

    said = opened.text(".leaflet-popup-content")
    assert "receiving community" in said
    assert "since January 2021" in said
    assert re.search(r"came past\s+35 \(95 %: 24 to 49\)", said)
    assert "± 8,000 m" in said


def test_a_crossing_says_which_way_and_how_exactly(visit):
    opened = visit()
    opened.page.locator(".pin[aria-label^='Palo de las Letras']").focus()

    opened.page.keyboard.press("Enter")

    said = opened.text(".leaflet-popup-content")
    assert "into Panama" in said
    assert re.search(r"60\s+\(95 %: 45 to 78\)", said)
    assert "± 50 m" in said


def with_chances():
    """The crossings of a whole border of two reaches, of which one may be shown."""
    reach = crossings().iloc[[0]]
    told = {"expected": 61.2, "spread": 9.0, "gap_pct": 33.0, "role": ""}
    whole = reach.assign(
        target=0, kind="whole border", name="border (all reaches)", tracks=88
    )
    whole = whole.assign(**told | {"expected": 97.0}, part_of=None)
    lake = reach.assign(target=8, kind="whole river", name="Atrato", part_of=None)
    river = lake.assign(**told, direction="to the west bank", tracks=41)
    rows = [whole, reach.assign(**told, part_of=0), river]
    table = pd.concat(rows, ignore_index=True)
    return table.assign(part_of=table["part_of"].astype("Int64"))


def test_a_reach_says_what_is_expected_in_silences_and_of_its_whole(visit, tmp_path):
    release = make_release(layers={"crossings": with_chances()})
    opened = visit(write_map(release, tmp_path / "index.html"))
    pins = opened.page.locator(".pin[aria-label^='Palo'], .pin[aria-label^='Atrato']")
    assert pins.count() == 2  # a whole whose reaches are told has no disc of its own
    opened.page.locator(".pin[aria-label^='Palo de las Letras']").focus()

    opened.page.keyboard.press("Enter")

    said = opened.text(".leaflet-popup-content")
    assert re.search(r"60\s+60 expected \(95 %: 44 to 79\)", said)
    assert re.search(r"In silences over an hour\s+35%", said)
    assert re.search(r"Border \(all reaches\)\s+into Panama\s+90\s+95 expected", said)
    opened.page.click("[data-language=es]")
    opened.page.click("#open-tables")
    table = opened.page.locator("#tables table").nth(0)
    assert "Esperados" in table.locator("thead").inner_text()
    assert "Atrato (todos los tramos)" in table.locator("tbody").inner_text()
    assert "Río entero" in table.locator("tbody").inner_text()
    assert not opened.complaints


@pytest.fixture(scope="module")
def map_of_points(tmp_path_factory):
    release = make_release(layers=point_layers())
    return write_map(release, tmp_path_factory.mktemp("points") / "index.html")


def test_people_seen_at_places_are_told_apart_from_tracks(visit, map_of_points):
    opened = visit(map_of_points)
    point = centre_in_degrees(points(), 0)

    said = popup_at(opened, point.y, point.x)

    assert "Recorded points" in said
    assert re.search(r"People or incidents\s+130", said)
    assert "Recorded points" in opened.text("#layers")
    assert not opened.complaints


def test_a_badge_says_how_many_were_seen_at_a_crossing(visit, map_of_points):
    opened = visit(map_of_points)
    badge = opened.page.locator(".pin[aria-label$='Recorded at crossings']")
    assert badge.count() == 1
    badge.focus()

    opened.page.keyboard.press("Enter")

    said = opened.text(".leaflet-popup-content")
    assert re.search(r"People or incidents\s*210\s+\(95 %", said)
    opened.page.click("#open-tables")
    assert opened.page.locator("#tables table").count() == 7


@pytest.fixture(scope="module")
def map_of_models(tmp_path_factory):
    release = make_release(models=model_layers())
    return write_map(release, tmp_path_factory.mktemp("models") / "index.html")


@pytest.mark.parametrize("language", ["en-US", "es-PA"])
def test_models_are_drawn_when_asked_for_and_say_that_nobody_was_seen(
    visit, map_of_models, language
):
    opened = visit(map_of_models, language=language)
    english = language.startswith("en")
    word, nobody = (
        ("Model", "nobody was seen") if english else ("Modelo", "no se vio a nadie")
    )
    assert word in opened.text("#layers h3.model") or word.upper() in opened.text(
        "#layers h3.model"
    )
    for layer in ("cells", "corridors", "arrows", "crossings"):
        opened.page.uncheck(f"#show-{layer}")
    blank = opened.pixels()
    for key, fact in (
        ("modelled", r"Acandí\s*\S\s*Canaán Membrillo"),
        ("isochrones", r"0\s*\w+\s*1\s*h"),
        ("thoroughfares", r"10\s*%.*12"),
    ):
        assert not opened.page.is_checked(f"#show-{key}")
        opened.page.check(f"#show-{key}")
        opened.settle()
        assert opened.pixels() != blank
        assert nobody in opened.text("#layers")
        place = gpd.GeoSeries([Point(-4e3, -4e3)], crs=CRS).to_crs(4326)[0]
        said = popup_at(opened, place.y, place.x)
        assert nobody in said
        assert re.search(fact, said, re.DOTALL)
        assert re.search(r"3[.,]7 km", said)
        opened.page.evaluate("map.closePopup()")
        opened.page.wait_for_selector(".leaflet-popup", state="detached")
        opened.page.uncheck(f"#show-{key}")
    assert not opened.complaints


def test_the_fused_map_tells_what_was_seen_from_what_was_not(visit, map_of_models):
    opened = visit(map_of_models)
    for layer in ("cells", "corridors", "arrows", "crossings"):
        opened.page.uncheck(f"#show-{layer}")
    opened.page.check("#show-fused")
    opened.settle()
    places = gpd.GeoSeries(gpd.points_from_xy([0, -9e3], [0, -3e3]), crs=CRS).to_crs(
        4326
    )

    seen = popup_at(opened, places[0].y, places[0].x)
    opened.page.evaluate("map.closePopup()")
    opened.page.wait_for_selector(".leaflet-popup", state="detached")
    modelled = popup_at(opened, places[1].y, places[1].x)

    assert "ground together has 3.4%" in opened.text("#layers")
    assert "At least 10 tracks" in seen
    assert "nobody was seen" not in seen
    assert "nobody was seen" in modelled
    assert re.search(r"Of all movement\s+1.7\s*%", modelled)
    assert not opened.complaints


def test_bands_lead_to_the_kind_of_help_that_is_chosen(visit, map_of_models):
    opened = visit(map_of_models)
    opened.page.check("#show-isochrones")
    opened.settle()
    before = opened.pixels()

    opened.page.click("#layers .segments button:text-is('clinic')")
    opened.settle()

    assert opened.pixels() != before
    assert "1 to 2.5 hours" not in opened.text("#layers")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en-US", "Quickest ways between 12 places and posts"),
        ("es-PA", "Caminos más rápidos entre 12 lugares y puestos"),
    ],
)
def test_ways_between_all_places_say_between_how_many(
    visit, map_of_models, language, said
):
    opened = visit(map_of_models, language=language)
    opened.page.check("#show-thoroughfares")
    opened.settle()
    legend = opened.text("#layers")
    assert said in legend
    assert re.search(r"10\s*%", legend)
    assert not opened.complaints


def test_a_map_without_models_does_not_speak_of_them(visit):
    opened = visit()
    models = "#show-modelled, #show-thoroughfares, #show-fused, h3.model"
    assert opened.page.locator(models).count() == 0


@pytest.fixture(scope="module")
def map_of_routes(tmp_path_factory):
    release = make_release(layers=network_layers())
    return write_map(release, tmp_path_factory.mktemp("routes") / "index.html")


def test_routes_are_drawn_when_asked_for_and_say_who_goes_which_way(
    visit, map_of_routes
):
    opened = visit(map_of_routes)
    before = opened.pixels()
    assert not opened.page.is_checked("#show-network")

    opened.page.check("#show-network")
    opened.settle()
    assert opened.pixels() != before
    for layer in ("cells", "corridors", "arrows", "crossings", "points"):
        if opened.page.locator(f"#show-{layer}").count():
            opened.page.uncheck(f"#show-{layer}")
    middle = network_layers()["network"].geometry.centroid.to_crs(4326)
    said = popup_at(opened, middle[0].y, middle[0].x)

    assert re.search(r"junction 2 \S Bajo Chiquito", said)
    assert re.search(r"To Bajo Chiquito\s+40", said)
    assert re.search(r"To junction 2\s+10", said)
    assert re.findall(r"From end to end\s+(.*)", said) == ["6.5 h (5.5\u201329)"]
    assert re.search(r"Without stops\s+6 h", said)
    assert re.search(r"Line sure to\s+± 100 m", said)
    assert "Dashed" not in said
    assert re.findall(r"Means\s+(.*)", said) == ["on foot 100%", "on foot 100%"]
    assert not opened.complaints


def test_a_way_that_few_go_has_no_number_and_few_tracks_no_route(visit, map_of_routes):
    opened = visit(map_of_routes, language="es-PA")
    opened.page.click("#open-tables")
    table = opened.page.locator("#tables details", has_text="Rutas")

    rows = table.locator("tbody tr")
    assert rows.count() == 2
    assert rows.nth(1).inner_text().split("\t") == [
        "Acandí",
        "cruce 2",
        "35",
        "35",
        "\u2013",
        "0.6 h (0.6\u20130.7)",
        "\u2013",
        "en bote 85%",
        "10.8",
    ]


def test_a_route_that_lies_mostly_in_silences_is_dashed_and_says_so(
    visit, map_of_routes
):
    opened = visit(map_of_routes)
    opened.page.check("#show-network")
    opened.settle()
    for layer in ("cells", "corridors", "arrows", "crossings", "points"):
        if opened.page.locator(f"#show-{layer}").count():
            opened.page.uncheck(f"#show-{layer}")
    middle = network_layers()["network"].geometry.centroid.to_crs(4326)
    said = popup_at(opened, middle[1].y, middle[1].x)

    assert re.search(r"In silences over an hour\s+60", said)
    assert "so the line is a guess" in said
    assert re.search(r"Found again in\s+85", said)
    edges = "trocha.data.network.edges.map((row) => trocha.isBridged(row))"
    assert opened.page.evaluate(edges) == [False, True]
    drawn = """() => { const dashes = []; const { map } = trocha.stage;
        map.eachLayer((one) => one.options.dashArray === "9 7" && dashes.push(1));
        return dashes.length; }"""
    assert opened.page.evaluate(drawn) == 1


def test_in_a_month_routes_show_that_month(visit, map_of_routes):
    opened = visit(map_of_routes)
    opened.page.check("#show-network")
    opened.page.fill("#slider", "2")
    opened.settle()
    second = opened.pixels()
    opened.page.fill("#slider", "1")
    opened.settle()

    assert opened.pixels() != second
    assert not opened.complaints


def test_a_map_without_routes_does_not_offer_them(visit):
    assert visit().page.locator("#show-network").count() == 0


def test_a_map_without_points_does_not_speak_of_them(visit):
    opened = visit()
    assert opened.page.locator("#show-points").count() == 0
    assert "Recorded points" not in opened.text("#panel")


def test_the_tables_hold_the_numbers_of_the_map(visit):
    opened = visit()
    opened.page.click("#open-tables")

    tables = opened.page.locator("#tables table")
    assert tables.count() == 5
    assert tables.nth(0).locator("tbody tr").count() == 3
    assert "81,946" in tables.nth(1).inner_text()
    assert tables.nth(3).locator("tbody tr").count() == 5
    opened.page.keyboard.press("Escape")
    assert not opened.page.locator("#tables").is_visible()


def test_how_sure_it_is_stands_beside_the_map(visit):
    said = " ".join(visit().text("#caveats").split())

    assert "100 tracks from 3 files" in said
    assert "157,214 crossings" in said
    assert "12,345 read, 12,000 kept" in said
    assert "300 duplicates" in said
    assert "31% of the movement" in said
    assert "fewer than 10 tracks" in said
    assert "Río Tuquesa, ± 2,000 m" in said
    assert "bandwidth_m 3,000" in said


@pytest.mark.parametrize(
    ("cell_m", "language", "said"),
    [
        (3700.0, "en-US", "Coarse relief (3.7 km): valleys and ranges, no trails."),
        (3700.0, "es-PA", "Relieve grueso (3.7 km): valles y sierras, no senderos."),
        (30.0, "en-US", "Relief in cells of 30 m."),
        (30.0, "es-PA", "Relieve en celdas de 30 m."),
    ],
)
def test_how_coarse_the_relief_is_stands_beside_the_map(
    visit, tmp_path, cell_m, language, said
):
    path = write_map(make_release(relief_cell_m=cell_m), tmp_path / "index.html")
    told = " ".join(visit(path, language=language).text("#caveats").split())
    assert said in told.replace("3,7", "3.7")


def test_a_phone_shows_the_map_first(visit):
    opened = visit(size=PHONE)
    width = opened.page.evaluate("() => document.documentElement.scrollWidth")
    box = opened.page.locator("#map").bounding_box()

    assert width <= PHONE[0]
    assert box["height"] > PHONE[1] / 2
    assert not opened.page.locator("#contents").is_visible()

    opened.page.click("#handle")

    assert opened.page.locator("#contents").is_visible()
    assert not opened.page.locator("#caveats").is_visible()
    assert opened.page.evaluate("() => document.documentElement.scrollWidth") <= width


def test_a_finger_can_hit_every_control(visit):
    opened = visit(size=PHONE)
    opened.page.click("#handle")
    small = opened.page.evaluate(
        "() => [...document.querySelectorAll("
        "'button, summary, .layer label, input[type=range]')]"
        ".filter((e) => e.offsetParent && e.offsetHeight < 24).map((e) => e.outerHTML)"
    )
    assert small == []


@pytest.mark.parametrize("order", [1, -1])
def test_hostile_text_stays_text(visit, tmp_path, order):
    poison = " ".join(HOSTILE[::order])
    path = write_map(
        make_release(text=poison, region=f"x{poison}"), tmp_path / "index.html"
    )
    opened = visit(path)
    opened.page.click("#open-tables")
    opened.page.keyboard.press("Escape")
    for pin in opened.page.locator(".pin[role=button]").all():
        pin.focus()
        opened.page.keyboard.press("Enter")

    assert opened.page.evaluate("() => window.hurt") is None
    assert opened.page.locator("#title").text_content() == f"x{poison}"
    assert opened.complaints == []
    assert [url for url in opened.requests if not url.startswith("data:")] == [
        path.as_uri()
    ]


def test_nothing_to_show_is_said(visit, tmp_path):
    path = write_map(make_release(empty=True), tmp_path / "index.html")
    opened = visit(path)

    assert "Nothing is shown" in opened.text("#lead")
    assert opened.complaints == []


def judged(over, **changes):
    """A map whose corridors were validated, and hold so many times as much as lines."""
    low, high = over - 0.1, over + 0.1
    told = msgspec.to_builtins(
        verdict(over_straight=Estimate(value=over, low=low, high=high))
    )
    return make_release(validation=told | {"current": True} | changes)


def test_the_panel_says_how_well_the_corridors_predict(visit, tmp_path):
    page = visit(write_map(judged(1.5), tmp_path / "index.html"))

    assert "How well the corridors predict" in page.text("#caveats")
    assert "hold 1.5 times as much as straight lines" in page.text("#caveats")
    assert "hold 94% of the length of the footpaths" not in page.text("#caveats")
    assert page.page.locator(".trial tbody tr").count() == 2
    assert page.page.locator(".warning").count() == 0
    assert not page.complaints


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en-US", "no better than straight lines between the ends of journeys"),
        ("es-PA", "no son mejores que líneas rectas entre los extremos de los viajes"),
    ],
)
def test_a_corridor_no_better_than_a_straight_line_says_so_in_the_legend(
    visit, tmp_path, language, said
):
    path = write_map(judged(1.05), tmp_path / "index.html")
    page = visit(path, language=language)

    assert said in page.text("#layers .warning")
    assert said in page.text("#caveats")


def test_figures_of_other_data_are_called_old(visit, tmp_path):
    path = write_map(judged(1.5, current=False), tmp_path / "index.html")

    assert "have to be made again" in visit(path).text("#caveats")


def test_a_map_that_nobody_validated_says_nothing_of_it(visit):
    assert "predict" not in visit().text("#caveats")
