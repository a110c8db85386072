"""Fetching layers, from a server on this machine: whole, checked, or not at all."""

import json
import re
import socket
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import rasterio
from click.testing import CliRunner

from geo.cli import main
from geo.config import load_config
from geo.errors import InputError, OutputError
from geo.fetching import LAYERS, SOURCES, Plan, fetch, plan_fetch, transfer
from geo.fetching.sources import glo30, waterways, world_cover
from geo.fetching.transfer import Manner, MissingError, check_address, download
from geo.files import digest_file
from geo.read.layers import read_layers

BOUNDS = (-77.6, 7.8, -77.4, 8.2)
WAITED: list[float] = []
MANNER = Manner(timeout_s=5, tries=3, pause_s=1, wait=WAITED.append)


class Site:
    """What a server has, and what it was asked."""

    def __init__(self):
        self.files = {}
        self.asked = []
        self.ranges = []
        self.release = threading.Event()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.lstrip("/").partition("?")[0].rpartition("/")[2]
                site.asked.append(self.path)
                site.ranges.append(self.headers.get("Range"))
                answer = site.files.get(name)
                if answer is None:
                    self.send_error(404)
                elif callable(answer):
                    answer(self)
                else:
                    send(self, answer)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"


def send(handler, data, *, status=200, etag='"1"', length=None, **headers):
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(data) if length is None else length))
    handler.send_header("ETag", etag)
    handler.send_header("Last-Modified", "Mon, 01 Mar 2021 00:00:00 GMT")
    for key, value in headers.items():
        handler.send_header(key.replace("_", "-"), value)
    handler.end_headers()
    handler.wfile.write(data)


@pytest.fixture
def site(monkeypatch):
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    WAITED.clear()
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever, args=(0.01,))
    thread.start()
    yield site
    site.release.set()
    site.server.shutdown()
    site.server.server_close()
    thread.join()


def tile(folder, piece, *, size=0.01, dtype="float32", crs="EPSG:4326", **more):
    """The bytes of a GeoTIFF that covers what a piece should; it rises eastwards."""
    west, south, east, north = more.pop("bounds", piece.bounds)
    shape = (round((north - south) / size), round((east - west) / size))
    values = np.full(shape, 10) if dtype == "uint8" else np.arange(shape[1]) + 1
    path = folder / "made.tif"
    with rasterio.open(
        path, "w", driver="GTiff", count=1, dtype=dtype, crs=crs,
        height=shape[0], width=shape[1],
        transform=rasterio.Affine(size, 0, west, 0, -size, north),
    ) as file:  # fmt: skip
        file.write(np.broadcast_to(values, shape).astype(dtype), 1)
    data = path.read_bytes()
    path.unlink()
    return data


def plans(site, home, *layers):
    """Plans that ask this server."""
    made = []
    for layer in layers:
        made += plan_fetch(BOUNDS, home=home, only=[layer], base=f"{site.url}/{layer}")
    return made


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def serve(site, plan, folder, **options):
    dtype = "uint8" if plan.source.layer == "cover" else "float32"
    for piece in plan.pieces:
        name = piece.url.rpartition("/")[2]
        site.files[name] = tile(folder, piece, **{"dtype": dtype} | options)


def way(number, *spots, **tags):
    line = [{"lat": lat, "lon": lon} for lon, lat in spots]
    return {"type": "way", "id": number, "tags": tags, "geometry": line}


WAYS = {
    "version": 0.6,
    "osm3s": {"timestamp_osm_base": "2024-05-01T00:00:00Z"},
    "elements": [
        way(2, (-77.5, 8), (-77.45, 8.1), waterway="river", name="Río Ñu", boat="yes"),
        way(1, (-77.5, 8), (-77.6, 8.1), waterway="stream", note="of a person"),
        way(3, (10, 8), (11, 8.1), waterway="river"),
        way(4, (-77.5, 8), (-77.6, 8.1), waterway="dam"),
        {"type": "node", "id": 5, "lat": 8, "lon": -77.5},
    ],
}


BENT = (
    '{"elements": [{"type": "way", "tags": {"waterway": "river"}, '
    '"geometry": [{"lat": 1e999, "lon": 1}, {"lat": 1, "lon": 1}]}]}'
)
FLAT = (
    '{"type": "FeatureCollection", "features": [{"properties": {"waterway": "river"}, '
    '"geometry": {"type": "LineString", "coordinates": "x"}}]}'
)


def left_over(home):
    """What lies in the folder that is neither a layer nor its provenance."""
    layer = re.compile(r"([NS]\d+[EW]\d+\.tif|waterways\.geojson|.*\.provenance\.json)")
    return [
        path.name
        for path in home.rglob("*")
        if path.is_file() and not layer.fullmatch(path.name)
    ] + [path.name for path in home.rglob(".*")]


# --- what is asked of whom


def test_tiles_are_named_by_their_south_western_corner():
    east_of_greenwich = glo30("https://e.org", (9.5, -1.5, 10.5, 0.5))
    names = [piece.name for piece in east_of_greenwich]
    assert names == [
        "S02E009.tif", "S02E010.tif", "S01E009.tif", "S01E010.tif",
        "N00E009.tif", "N00E010.tif",
    ]  # fmt: skip
    covers = world_cover("https://e.org", (-0.5, -0.5, 0.5, 0.5))
    assert [piece.name for piece in covers] == [
        "S03W003.tif", "S03E000.tif", "N00W003.tif", "N00E000.tif",
    ]  # fmt: skip
    assert covers[0].bounds == (-3, -3, 0, 0)


def test_the_question_about_waterways_names_the_bounds_south_first():
    [piece] = waterways("https://e.org/api", (-78, 7, -77, 8))
    assert "%287.0000%2C-78.0000%2C8.0000%2C-77.0000%29" in piece.url


def test_the_services_are_https_and_say_their_terms():
    assert set(LAYERS) == {"relief", "cover", "waterways"}
    for source in SOURCES.values():
        check_address(source.base)
        assert source.licence
        assert source.credit


def test_the_whole_earth_is_refused(home):
    with pytest.raises(InputError, match="takes 64,800 files of Copernicus DEM GLO-30"):
        plan_fetch((-180, -90, 180, 90), home=home, only=["relief"])


def test_a_plan_asks_nothing_and_says_what_how_much_and_under_which_terms(home):
    [plan] = plan_fetch(BOUNDS, home=home, only=["cover"])
    text = plan.as_text()
    assert "1 file, about 90 MB from esa-worldcover.s3." in text
    assert "licence: CC BY 4.0" in text
    assert "attribution: Land cover: © ESA WorldCover" in text
    assert not list(home.iterdir())


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a",
        "ftp://example.org/a",
        "file:///etc/passwd",
        "data:text/plain,a",
        "a.tif",
        "",
        "https://",
        "https://[::1",
        "https://example.org:99999999/",
        "https://me:secret@example.org/",
        "http://localhost.example.org/",
    ],
)
def test_an_address_that_is_not_https_is_refused(url, tmp_path):
    with pytest.raises(InputError, match="no address to fetch from") as told:
        download(url, tmp_path / "a", limit=10, manner=MANNER)
    assert "secret" not in str(told.value)


# --- whole layers


def test_relief_comes_cut_to_the_region_with_its_provenance(site, home, tmp_path):
    [plan] = plans(site, home, "relief")
    serve(site, plan, tmp_path)
    done = fetch(plan, manner=MANNER)

    assert done.new == ("N07W078.tif", "N08W078.tif")
    folder = home / "layers" / "fetched" / "relief"
    assert sorted(path.name for path in folder.iterdir()) == list(done.new)
    with rasterio.open(folder / "N07W078.tif") as file:
        west, south, east, north = file.bounds
        assert pytest.approx((west, south, north), abs=0.011) == (-77.87, 7.53, 8.0)
        assert east == pytest.approx(-77.14, abs=0.011)
    told = json.loads((folder.parent / "relief.provenance.json").read_text())
    assert told["licence"].startswith("free of charge")
    first = told["files"][0]
    name = first["url"].rpartition("/")[2]
    assert first["bytes"] == len(site.files[name])
    assert first["date"] == "Mon, 01 Mar 2021 00:00:00 GMT"
    assert first["file_sha256"] == digest_file(folder / "N07W078.tif")
    assert not left_over(home)
    layers = read_layers(
        {"relief": (folder, "", "")}, crs="EPSG:32618", bounds=BOUNDS, cell_m=500
    )
    assert np.isfinite(layers.relief.values).mean() > 0.9


def test_cover_and_waterways_come_too(site, home, tmp_path):
    cover, ways = plans(site, home, "cover", "waterways")
    serve(site, cover, tmp_path)
    site.files["waterways"] = json.dumps(WAYS).encode()
    for plan in (cover, ways):
        fetch(plan, manner=MANNER)

    told = json.loads(ways.provenance.read_text())
    assert told["files"][0]["date"] == "2024-05-01T00:00:00Z"
    assert "of a person" not in ways.place.read_text()
    layers = read_layers(
        {"cover": (cover.place, "", ""), "waterways": (ways.place, "", "")},
        crs="EPSG:32618", bounds=BOUNDS, cell_m=500,
    )  # fmt: skip
    assert set(layers.waterways["name"]) == {"Río Ñu", ""}
    assert sorted(layers.waterways["order"]) == [1, 3]
    assert (layers.cover.values[np.isfinite(layers.cover.values)] == 10).all()


def test_an_extract_of_waterways_will_do(site, home):
    shape = {"type": "LineString", "coordinates": [[-77.5, 8], [-77.4, 8.1, 3]]}
    both = {"type": "MultiLineString", "coordinates": [shape["coordinates"]] * 2}
    rows = [
        {"type": "Feature", "geometry": one, "properties": {"waterway": "river"} | more}
        for one, more in ((shape, {"name": None}), (both, {"width": 30}))
    ]
    text = json.dumps({"type": "FeatureCollection", "features": rows})
    site.files["x.geojson"] = text.encode()
    [plan] = plan_fetch(
        BOUNDS, home=home, only=["waterways"], base=f"{site.url}/x.geojson"
    )
    fetch(plan, manner=MANNER)
    assert len(json.loads(plan.place.read_text())["features"]) == 3


def test_open_sea_has_no_tile_and_that_is_said(site, home, tmp_path):
    [plan] = plans(site, home, "relief")
    serve(site, plan, tmp_path)
    del site.files[plan.pieces[1].url.rpartition("/")[2]]
    done = fetch(plan, manner=MANNER)
    assert done.absent == ("N08W078.tif",)
    assert "1 that the source does not have (open sea)" in done.as_text()
    assert WAITED == []


def test_a_source_that_has_nothing_is_an_error(site, home):
    for layer in LAYERS:
        [plan] = plans(site, home, layer)
        match = "does not have it" if layer == "waterways" else "nothing of the study"
        with pytest.raises(InputError, match=match):
            fetch(plan, manner=MANNER)
    assert not left_over(home)


def test_what_is_there_is_not_fetched_again_unless_it_was_changed(site, home, tmp_path):
    [plan] = plans(site, home, "relief")
    serve(site, plan, tmp_path)
    fetch(plan, manner=MANNER)
    site.asked.clear()

    assert fetch(plan, manner=MANNER).known == ("N07W078.tif", "N08W078.tif")
    assert site.asked == []
    (plan.place / "N08W078.tif").write_bytes(b"II*\0")
    done = fetch(plan, manner=MANNER)
    assert (done.new, done.known) == (("N08W078.tif",), ("N07W078.tif",))
    assert fetch(plan, again=True, manner=MANNER).known == ()
    wider = replace(plan, bounds=(-77.9, *plan.bounds[1:]))
    assert fetch(wider, manner=MANNER).known == ()


def test_tiles_that_no_longer_belong_to_the_region_go(site, home, tmp_path):
    [plan] = plans(site, home, "relief")
    serve(site, plan, tmp_path)
    fetch(plan, manner=MANNER)
    fetch(replace(plan, pieces=plan.pieces[:1]), manner=MANNER)
    assert [path.name for path in plan.place.iterdir()] == ["N07W078.tif"]


def test_a_stopped_fetch_keeps_whole_tiles_and_goes_on_from_there(site, home, tmp_path):
    [plan] = plans(site, home, "relief")
    serve(site, plan, tmp_path)
    second = plan.pieces[1].url.rpartition("/")[2]
    data = site.files[second]

    def stop(_):
        raise KeyboardInterrupt

    site.files[second] = lambda handler: handler.send_error(503)
    with pytest.raises(KeyboardInterrupt):
        fetch(plan, manner=replace(MANNER, wait=stop))
    assert [path.name for path in plan.place.iterdir()] == ["N07W078.tif"]
    assert not left_over(home)

    site.files[second] = data
    done = fetch(plan, manner=MANNER)
    assert (done.new, done.known) == (("N08W078.tif",), ("N07W078.tif",))


# --- one file


def got(site, tmp_path, answer, *, limit=10**6, manner=MANNER):
    site.files["a"] = answer
    download(f"{site.url}/a", tmp_path / "a", limit=limit, manner=manner)
    return (tmp_path / "a").read_bytes()


DATA = bytes(range(256)) * 40


def test_a_body_that_breaks_off_is_carried_on_with(site, tmp_path):
    def answer(handler):
        begin = handler.headers.get("Range")
        if begin is None:
            send(handler, DATA[:3000], length=len(DATA))
        else:
            start = int(begin.removeprefix("bytes=").rstrip("-"))
            assert handler.headers["If-Range"] == '"1"'
            span = f"bytes {start}-{len(DATA) - 1}/{len(DATA)}"
            send(handler, DATA[start:], status=206, Content_Range=span)

    assert got(site, tmp_path, answer) == DATA
    assert site.ranges == [None, "bytes=3000-"]
    assert WAITED == [1]


@pytest.mark.parametrize(
    ("etag", "second"),
    [('"1"', "whole"), ('"1"', "other part"), ('W/"1"', "whole"), ("", "whole")],
)
def test_where_it_cannot_be_carried_on_it_begins_anew(site, tmp_path, etag, second):
    def answer(handler):
        if len(site.asked) == 1:
            send(handler, DATA[:3000], length=len(DATA), etag=etag)
        elif second == "other part" and len(site.asked) == 2:
            span = f"bytes 5-{len(DATA) - 1}/{len(DATA)}"
            send(handler, DATA[5:], status=206, Content_Range=span)
        else:
            send(handler, DATA, etag=etag)

    assert got(site, tmp_path, answer) == DATA


def test_a_body_that_always_breaks_off_is_no_file(site, tmp_path):
    with pytest.raises(InputError, match=r"broke off after .* It was tried 3 times"):
        got(site, tmp_path, lambda handler: send(handler, DATA[:99], length=len(DATA)))
    assert not (tmp_path / "a").exists()
    assert WAITED == [1, 2]


def test_a_server_that_falls_silent_is_left(site, tmp_path):
    def stall(handler):
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b"some")
        handler.wfile.flush()
        site.release.wait(20)

    quick = replace(MANNER, timeout_s=0.1, tries=2)
    with pytest.raises(InputError, match=r"fell silent or broke off.*tried 2 times"):
        got(site, tmp_path, stall, manner=quick)
    assert not (tmp_path / "a").exists()


def test_a_server_that_takes_for_ever_is_left(site, tmp_path):
    with pytest.raises(InputError, match="is too slow"):
        got(site, tmp_path, DATA, manner=replace(MANNER, longest_s=-1.0))
    assert not (tmp_path / "a").exists()


def test_busy_servers_are_asked_again_when_they_want_to_be(site, tmp_path):
    def busy(handler):
        if len(site.asked) < 3:
            send(handler, b"", status=429, Retry_After="7")
        else:
            send(handler, DATA)

    assert got(site, tmp_path, busy) == DATA
    assert WAITED == [7, 7]


def test_what_is_not_there_is_not_asked_for_again(site, tmp_path):
    with pytest.raises(MissingError, match=r"does not have it \(404\)"):
        download(f"{site.url}/none", tmp_path / "a", limit=10, manner=MANNER)
    with pytest.raises(InputError, match="answered 418"):
        got(site, tmp_path, lambda handler: handler.send_error(418))
    assert WAITED == []


@pytest.mark.parametrize("says", [True, False])
def test_too_much_is_refused_before_it_is_stored(site, tmp_path, says):
    def flood(handler):
        handler.send_response(200)
        if says:
            handler.send_header("Content-Length", "99999999")
        handler.end_headers()
        handler.wfile.write(b"x" * (1 if says else 300_000))

    with pytest.raises(InputError, match="sends more than 0 MB"):
        got(site, tmp_path, flood, limit=1000)
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    "to", ["http://example.org/a", "ftp://example.org/a", "file:///etc/passwd"]
)
def test_a_redirect_elsewhere_is_refused(site, tmp_path, to):
    with pytest.raises(InputError, match=r"no address to fetch from|answered 302"):
        got(site, tmp_path, lambda handler: send(handler, b"", status=302, Location=to))
    assert WAITED == []


def test_a_redirect_on_the_same_machine_is_followed(site, tmp_path):
    site.files["b"] = DATA
    assert got(
        site, tmp_path, lambda handler: send(handler, b"", status=302, Location="/b")
    ) == DATA  # fmt: skip
    with pytest.raises(InputError, match="answered 302"):
        got(
            site,
            tmp_path,
            lambda handler: send(handler, b"", status=302, Location="/a"),
        )


def test_no_redirect_leads_from_outside_into_this_machine():
    ask = transfer.Request("https://example.org/a")
    with pytest.raises(InputError, match="leads into this machine"):
        transfer._Redirects().redirect_request(  # noqa: SLF001
            ask, None, 302, "", {}, "http://127.0.0.1/secret"
        )


def test_without_a_network_one_sentence_says_so(tmp_path, monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.delenv("https_proxy", raising=False)
    monkeypatch.delenv("HTTPS_PROXY", raising=False)
    with pytest.raises(InputError, match=r"^tiles.example.org cannot be reached: its"):
        download("https://tiles.example.org/a", tmp_path / "a", limit=9, manner=MANNER)


def test_a_closed_door_is_tried_again(tmp_path):
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/a"
        with pytest.raises(InputError, match="does not answer"):
            download(url, tmp_path / "a", limit=9, manner=MANNER)


def test_the_proxy_of_the_environment_is_used(site, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", site.url)
    monkeypatch.setenv("no_proxy", "")
    site.files["a"] = DATA
    download("http://localhost:1/a", tmp_path / "a", limit=10**6, manner=MANNER)
    assert site.asked == ["http://localhost:1/a"]


# --- content that is something else


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda _: b"<html>Please log in</html>", "web page|not a GeoTIFF"),
        (lambda data: data[: len(data) // 2], "damaged GeoTIFF"),
        (lambda _: b"", "is empty"),
    ],
)
def test_what_is_no_geotiff_is_refused(site, home, tmp_path, change, message):
    [plan] = plans(site, home, "relief")
    serve(site, plan, tmp_path, size=0.002)
    first = plan.pieces[0].url.rpartition("/")[2]
    site.files[first] = change(site.files[first])
    with pytest.raises(InputError, match=message):
        fetch(plan, manner=MANNER)
    assert not left_over(home)
    assert not list(plan.place.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bounds": (-76, 7, -75, 8)}, r"covers .*; expected \[-78, 7, -77, 8\]"),
        ({"bounds": (-78, 7, -77, 7.5)}, "covers"),
        ({"crs": "EPSG:32618"}, "covers"),
        ({"dtype": "complex64"}, "holds no heights"),
    ],
)
def test_a_geotiff_of_another_place_is_refused(site, home, tmp_path, options, message):
    [plan] = plans(site, home, "relief")
    serve(site, plan, tmp_path, **options)
    with pytest.raises(InputError, match=message):
        fetch(plan, manner=MANNER)
    assert not list(plan.place.iterdir())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<html>", "something else than lines"),
        ('{"elements": [{"geometry": 3}]}', "something else than lines"),
        ('{"elements": ' + "[" * 5000, "something else than lines"),
        (json.dumps(WAYS | {"remark": "runtime error: out of time"}), "gave up before"),
        (json.dumps(WAYS | {"elements": WAYS["elements"][2:]}), "holds 0 waterways"),
        (BENT, "holds 0 waterways|something else"),
        (FLAT, "something else than lines"),
    ],
)  # fmt: skip
def test_an_answer_that_holds_no_waterways_is_refused(site, home, text, message):
    [plan] = plans(site, home, "waterways")
    site.files["waterways"] = text.encode()
    with pytest.raises(InputError, match=message):
        fetch(plan, manner=MANNER)
    assert not left_over(home)
    assert not plan.place.exists()


def test_a_full_disk_is_said_before_anything_is_asked(site, home, monkeypatch):
    [plan] = plans(site, home, "relief")
    monkeypatch.setattr(
        "geo.fetching.shutil.disk_usage", lambda _: type("Disk", (), {"free": 10**6})
    )
    with pytest.raises(OutputError, match=r"has 0\.0 GB of room; relief may take 0\.2"):
        fetch(plan, manner=MANNER)
    assert site.asked == []


def test_a_folder_that_cannot_be_made_is_said(site, home):
    (home / "layers").write_text("a file")
    [plan] = plans(site, home, "relief")
    with pytest.raises(OutputError, match="cannot be written"):
        fetch(plan, manner=MANNER)


# --- the command


@pytest.fixture
def region(tmp_path):
    path = tmp_path / "region.toml"
    path.write_text(
        "# My region\n[region]\nname = 'T'\ncrs = 'EPSG:32618'\n"
        f"bounds = {list(BOUNDS)}  # degrees\n\n[layers.relief]\n# the coarse one\n"
        "path = 'layers/relief.tif'\ncrs = 'EPSG:4326'\n\n[privacy]\nk = 10\n"
    )
    return path


def trocha(*arguments):
    return CliRunner().invoke(main, ["fetch", *map(str, arguments)])


def test_a_dry_run_needs_no_network_and_changes_nothing(region):
    before = region.read_text()
    told = trocha(region, "--dry-run")
    assert told.exit_code == 0
    for word in ("GLO-30", "WorldCover", "OpenStreetMap", "ODbL", "The servers learn"):
        assert word in told.output
    assert [path.name for path in region.parent.iterdir()] == ["region.toml"]
    assert region.read_text() == before


def test_the_command_fetches_and_names_the_layer(site, region, tmp_path):
    [plan] = plans(site, tmp_path, "relief")
    serve(site, plan, tmp_path)
    base = f"{site.url}/relief"
    told = trocha(region, "--only", "relief", "--from", base, "--write", "--json")

    assert told.exit_code == 0, told.output
    answer = json.loads(told.stdout)
    assert answer["fetched"]["relief"]["new"] == ["N07W078.tif", "N08W078.tif"]
    config = load_config(region)
    assert config.layers.relief.path == tmp_path / "layers" / "fetched" / "relief"
    assert config.layers.relief.crs == ""
    assert config.layers.relief.credit == plan.source.credit
    text = region.read_text()
    assert "# the coarse one" in text
    assert "# degrees" in text


def test_without_write_the_lines_are_shown_and_the_file_stays(site, region, tmp_path):
    [plan] = plans(site, tmp_path, "relief")
    serve(site, plan, tmp_path)
    before = region.read_text()
    told = trocha(region, "--only", "relief", "--from", f"{site.url}/relief")
    assert '[layers.relief]\npath = "layers/fetched/relief"\ncredit = "Relief: Cop' in (
        told.output
    )
    assert region.read_text() == before


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--only", "roads"], 2, "expected some of"),
        (["--only", ""], 2, "expected some of"),
        (["--from", "https://example.org"], 2, "--from is for one layer"),
        (["--only", "relief", "--from", "http://example.org"], 4, "no address"),
    ],
)
def test_wrong_use_is_said(region, arguments, code, message):
    told = trocha(region, *arguments)
    assert told.exit_code == code
    assert message in told.output


def test_nothing_else_in_the_program_can_open_an_address():
    """The architecture keeps the door; this looks for other ways to the network."""
    package = Path(transfer.__file__).parents[1]
    words = re.compile(
        r"\b(urlopen|http\.client|import socket|requests|httpx|aiohttp)\b"
    )
    found = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if words.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"fetching/transfer.py"}
    assert isinstance(plan_fetch(BOUNDS, home=package)[0], Plan)
