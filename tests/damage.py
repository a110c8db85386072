"""Damage files at random, and read what comes of it where nothing else may be touched.

    python tests/damage.py FOLDER FIRST LAST [NAME ...]

Each folder in FOLDER is a specimen: one file, or a Shapefile with its parts. Of each,
the variants with the numbers FIRST to LAST - 1 are made and read; of a workbook, which
needs a process of its own, each fourth. A line of JSON is
printed before each variant, so that the last one names what broke the process, and one
with `what` for each that is answered wrongly. A number always gives the same variant.
"""

import faulthandler
import io
import json
import os
import random
import re
import resource
import struct
import sys
import tempfile
import zipfile
from datetime import UTC, datetime
from pathlib import Path

MEMORY_BYTES = 3 * 2**30
"""Most memory of the whole run, shared libraries and all."""

SECONDS = 60
"""Longest time for one variant, on a machine that has much else to do."""

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CAMPAIGN = datetime(2023, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)

PLACES = ("8.2719", "8.5183", "77.5318", "77.2642", "82719")
NAMES = ("Zoraida", "Q-7731")
"""What no message may hold: the positions and names of the specimens. A name that
damage has put into the header is a column's name, for all that anybody can tell: a
message may list it there."""

NUMBERS = (
    *(b"1e400", b"-1e400", b"9223372036854775808", b"18446744073709551616", b"NaN"),
    *(b"Infinity", b"-0", b"1e-400", b"99999999999999999999999999999999", b"0x41"),
    *(b"", b"1,5", b"-2147483649", b"4294967296", b"253402300800000", b"1e308"),
)
TOKENS = (
    *(b"<!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/hostname'>]>&y;", b"<![CDATA["),
    *(b"<!--", b"]]>", b"&#0;", b"&#x110000;", b"<a>" * 3000, b"</a>", b"\x00"),
    *(b"\xff", b"[" * 30_000, b'{"a":' * 3000, b"]", b"}", b'"', b"'", b"\\"),
    *(b"\\ud800", b"\n", b"\r", b";", b",", b"\t", b"null", b"true", b"{}", b"[]"),
    *(b'"a"', b"\xef\xbb\xbf", b"$GPGGA,", b"\xed\xa0\x80", b"\xe2\x80\xae"),
    *(b"\x1b[31m", b"/etc/hostname", b"%s", b"=HYPERLINK(1)", b"POINT(", b"\x1e"),
    *(b"PK\x05\x06", b"1970-01-01T00:00:00Z", b"9999-12-31T23:59:59Z", b"0000-00-00"),
    *(b"24:61:61", b"31/02/2023", b"90000"),
)
EXTREMES = (0, 1, -1, 127, -128, 2**15 - 1, 2**16 - 1, 2**31 - 1, 2**32 - 1, 2**63 - 1)


def flip(data, dice):
    out = bytearray(data)
    for _ in range(dice.choice([1, 1, 2, 8])):
        out[dice.randrange(len(out))] ^= 1 << dice.randrange(8)
    return bytes(out)


def cut(data, dice):
    at = dice.randrange(len(data))
    return data[:at] if dice.random() < 0.8 else data[at:]


def block(data, dice):
    """A piece of the data: where it begins and ends."""
    start = dice.randrange(len(data))
    return start, min(len(data), start + dice.choice([1, 2, 7, 40, 400]))


def remove(data, dice):
    start, end = block(data, dice)
    return data[:start] + data[end:]


def double(data, dice):
    start, end = block(data, dice)
    return data[:end] + data[start:end] * dice.choice([1, 1, 3, 300]) + data[end:]


def swap(data, dice):
    (a, b), (c, d) = sorted([block(data, dice), block(data, dice)])
    b, c = min(b, c), max(b, c)
    return data[:a] + data[c:d] + data[b:c] + data[a:b] + data[d:]


def fill(data, dice):
    start, end = block(data, dice)
    byte = dice.choice([b"\x00", b"\xff", b" ", b"A", b"0"])
    return data[:start] + byte * (end - start) + data[end:]


def shuffle(data, dice):
    ends = dice.choice([b"\n", b",", b">", b"{"])
    pieces = data.split(ends)
    if dice.random() < 0.5:
        pieces.insert(dice.randrange(len(pieces)), dice.choice(pieces))
    else:
        dice.shuffle(pieces)
    return ends.join(pieces)


def insert(data, dice):
    at = dice.randrange(len(data) + 1)
    return data[:at] + dice.choice(TOKENS) + data[at:]


def renumber(data, dice):
    """Put another number in the place of one that is written out."""
    found = list(re.finditer(rb"-?\d+(?:\.\d+)?", data))
    if not found:
        return overwrite(data, dice)
    match = dice.choice(found)
    return data[: match.start()] + dice.choice(NUMBERS) + data[match.end() :]


def overwrite(data, dice):
    """Put an extreme number in the place of one that is written in bytes."""
    kind, size = dice.choice([("B", 1), ("H", 2), ("I", 4), ("Q", 8)])
    value = dice.choice(EXTREMES) & (2 ** (8 * size) - 1)
    at = dice.randrange(len(data))
    number = struct.pack(dice.choice("<>") + kind, value)
    return (data[:at] + number + data[at + size :])[: max(len(data), 1)]


WAYS = (flip, cut, remove, double, swap, fill, shuffle, insert, renumber, overwrite)


def damaged(data, dice):
    """Damage bytes in one to three ways; of an archive, half the time a file in it."""
    if data.startswith(b"PK") and dice.random() < 0.5:
        return repacked(data, dice)
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        data = dice.choice(WAYS)(data, dice) if data else data
    return data


def repacked(data, dice):
    """Damage one file in an archive, and pack it again with right checksums."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = dice.choice(sorted(members))
    members[name] = damaged(members[name] or b" ", dice)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return out.getvalue()


def options_of(dice):
    """Ways to read a file; mostly the one that suits."""
    options = {"time_zone": "America/Panama"}
    options |= dice.choice([{}, {}, {}, {"time_zone": ""}, {"swap": True}])
    options |= dice.choice([{}, {}, {}, {"crs": "EPSG:32618"}, {"campaign": CAMPAIGN}])
    return options


class Guard:
    """Sees what Python opens, starts and connects to; not what libraries in C open."""

    ENDS = ("socket.", "urllib.", "os.exec", "os.spawn", "os.system", "os.posix_spawn")
    PROGRAM = str(Path(__file__).parents[1] / "geo" / "read" / "workbook.py")

    def __init__(self, places):
        self.trespasses = []
        self._work = (*map(str, places), os.devnull)
        own = [sys.prefix, sys.base_prefix, "/usr/share/zoneinfo"]
        own += [str(Path(place or ".").resolve()) for place in sys.path]
        own.append(str(Path(__file__).parents[1] / "geo"))
        self._readable = (*self._work, *own)

    def __call__(self, event, arguments):
        if event == "open":
            self._see(*arguments)
        elif event == "subprocess.Popen":
            if arguments[0] != sys.executable or self.PROGRAM not in arguments[1]:
                self.trespasses.append(f"{event} {arguments[0]}")
        elif event.startswith(self.ENDS):
            self.trespasses.append(event)
        elif event in {"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.symlink"}:
            place = arguments[1 if event == "os.symlink" else 0]
            if not str(place).startswith(self._work) and arguments[-1] in {-1, None}:
                self.trespasses.append(f"{event} {place}")

    def _see(self, path, mode, flags):
        if isinstance(path, int):
            return
        place = os.path.realpath(os.fsdecode(path))
        writes = any(c in (mode or "") for c in "wax+") or flags & (
            os.O_WRONLY | os.O_RDWR | os.O_CREAT
        )
        if not place.startswith(self._work if writes else self._readable):
            self.trespasses.append(f"{'write' if writes else 'read'} {place}")


def fault_of(path, options):
    """Read a file, and say what is wrong with the answer; "" if nothing is."""
    from geo.errors import InputError
    from geo.read import read_fixes
    from geo.schema import REASONS, check_fixes

    try:
        sifted = read_fixes(path, key=b"fuzz", now=NOW, **options)
    except InputError as error:
        said = [str(error)]
    except Exception as error:  # noqa: BLE001
        return f"{type(error).__name__}: {error}"
    else:
        check_fixes(sifted.fixes)
        if not set(sifted.rejects["reason"]) <= set(REASONS):
            return "a reason of its own"
        said = [*sifted.notes, *sifted.rejects["file"], *sifted.rejects["column"]]
    for text in said:
        if not text.isprintable() or len(text) > 2000:
            return f"said in more than one plain line: {text[:300]!r}"
        plain = re.sub(r"columns are: .*", "", text)
        if any(p in text for p in PLACES) or any(n in plain for n in NAMES):
            return f"tells a secret: {text!r}"
    return ""


def variant(specimen, number, work):
    """Write a variant of a specimen, and return the file to read, and how."""
    dice = random.Random(f"{specimen.name} {number}")  # noqa: S311
    files = sorted(specimen.iterdir())
    main = next((file for file in files if file.suffix == ".shp"), files[0])
    chosen = main if dice.random() < 0.6 else dice.choice(files)
    for file in files:
        content = file.read_bytes()
        content = damaged(content, dice) if file == chosen else content
        (work / file.name).write_bytes(content)
    return work / main.name, options_of(dice)


def step_of(specimen):
    """How many numbers from one variant to the next."""
    names = {file.suffix for file in specimen.iterdir()}
    return 4 if names & {".xlsx", ".xlsb", ".xls", ".ods"} else 1


def say(**facts):
    print(json.dumps(facts), flush=True)


def main(folder, first, last, *names):
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    specimens = sorted(place for place in Path(folder).iterdir())
    with tempfile.TemporaryDirectory() as place:
        tempfile.tempdir = place
        work = Path(place).resolve() / "work"
        import geo.read  # noqa: F401  (opens what it needs before anybody watches)

        guard = Guard([Path(place).resolve()])
        sys.addaudithook(guard)
        for specimen in specimens:
            if names and specimen.name not in names:
                continue
            for number in range(int(first), int(last), step_of(specimen)):
                say(specimen=specimen.name, number=number)
                work.mkdir()
                path, options = variant(specimen, number, work)
                guard.trespasses.clear()
                faulthandler.dump_traceback_later(SECONDS, exit=True)
                what = fault_of(path, options)
                faulthandler.cancel_dump_traceback_later()
                what = what or "; ".join(sorted(set(guard.trespasses)))
                if what:
                    say(specimen=specimen.name, number=number, what=what)
                for file in work.iterdir():
                    file.unlink()
                work.rmdir()
    say(done=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
