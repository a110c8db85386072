"""Fetch one file over HTTPS: whole, of a size that was allowed, or not at all."""

import http.client
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

from geo.errors import InputError, OutputError
from geo.progress import reporter

_CHUNK = 1 << 18
_BUSY = {408, 425, 429, 500, 502, 503, 504}
_LONGEST_PAUSE_S = 60.0
_HERE = {"localhost", "127.0.0.1", "::1"}
_GONE = {404, 410, 403}  # a bucket says 403 of what it does not have


@dataclass(frozen=True, slots=True)
class Manner:
    """How patiently a file is fetched.

    Parameters
    ----------
    timeout_s
        Longest silence of the other side.
    tries
        How often in all.
    pause_s
        Before the second try; each further one is twice as long.
    wait
        Waits for so many seconds.
    longest_s
        Longest time that one try may take.
    """

    timeout_s: float = 60.0
    tries: int = 4
    pause_s: float = 2.0
    wait: Callable[[float], None] = time.sleep
    longest_s: float = 3600.0


@dataclass(frozen=True, slots=True)
class Received:
    """What the other side said of a file: when it was changed, and where it lay."""

    modified: str
    url: str


class MissingError(InputError):
    """The other side has no such file."""


class _AgainError(Exception):
    """It may work another time."""

    def __init__(self, sentence: str, *, after_s: float = 0.0) -> None:
        super().__init__(sentence)
        self.after_s = after_s


def check_address(url: str) -> None:
    """Refuse an address that is not https, or of this machine.

    Raises
    ------
    InputError
        If it is something else, or holds a password.

    Examples
    --------
    >>> check_address("https://example.org/a.tif")
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    fine = parts.scheme == "https" or (parts.scheme == "http" and host in _HERE)
    if not (fine and host) or parts.username is not None:
        raise InputError(
            f"{parts.scheme}://{host} is no address to fetch from; expected one that "
            "begins with https://."
        )


def download(url: str, target: Path, *, limit: int, manner: Manner) -> Received:
    """Fetch a file; it is whole, or it is not there.

    Parameters
    ----------
    url
        Its address. Proxies are those of the environment (HTTPS_PROXY, NO_PROXY).
    target
        Where it goes; its folder is a temporary one.
    limit
        Most bytes.
    manner
        How patiently. What broke off is carried on with where the other side can.

    Raises
    ------
    MissingError
        If the other side has no such file.
    InputError
        If there is no network, the other side refuses, sends too much, or leads to an
        address that is not https.
    OutputError
        If the file cannot be written.
    """
    check_address(url)
    state: dict[str, str] = {}
    sentence = ""
    try:
        for number in range(manner.tries):
            try:
                return _try(url, target, limit, manner, state)
            except _AgainError as again:
                sentence, pause = str(again), manner.pause_s * 2**number
                if number + 1 < manner.tries:
                    manner.wait(min(max(pause, again.after_s), _LONGEST_PAUSE_S))
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    target.unlink(missing_ok=True)
    raise InputError(
        f"{sentence} It was tried {manner.tries} times.",
        hint="Try again later; what was fetched before is kept.",
    )


def _try(
    url: str, target: Path, limit: int, manner: Manner, state: dict[str, str]
) -> Received:
    """Fetch a file, or the rest of it, once."""
    host = urlsplit(url).hostname or ""
    have = target.stat().st_size if target.exists() and state.get("mark") else 0
    request = Request(url, headers={"User-Agent": "trocha", "Accept": "*/*"})  # noqa: S310  (check_address saw it)
    if have:
        request.add_header("Range", f"bytes={have}-")
        request.add_header("If-Range", state["mark"])
    try:
        with _opener().open(request, timeout=manner.timeout_s) as answer:
            until = time.monotonic() + manner.longest_s
            return _receive(answer, target, have, limit=limit, until=until, state=state)
    except HTTPError as error:
        raise _refusal(error, host) from error
    except (TimeoutError, http.client.HTTPException, ConnectionError) as error:
        raise _AgainError(f"{host} fell silent or broke off.") from error
    except URLError as error:
        raise _unreachable(error, host) from error


def _receive(
    answer: Any,
    target: Path,
    have: int,
    *,
    limit: int,
    until: float,
    state: dict[str, str],
) -> Received:
    """Write what the other side sends."""
    host = urlsplit(answer.url).hostname or ""
    rest = answer.headers.get("Content-Range", "")
    if answer.status != http.client.PARTIAL_CONTENT:
        have = 0
    elif not rest.startswith(f"bytes {have}-"):
        state.clear()
        raise _AgainError(f"{host} sent another part than was asked for.")
    mark = answer.headers.get("ETag", "")
    state["mark"] = "" if mark.startswith("W/") else mark
    length = answer.headers.get("Content-Length", "")
    total = have + int(length) if length.isdigit() else 0
    _check_size(max(total, have), limit, host)
    try:
        with target.open("ab" if have else "wb") as file:
            size = have
            for chunk in _chunks(answer, size, total=total, limit=limit, until=until):
                size += file.write(chunk)
    except (TimeoutError, http.client.HTTPException, ConnectionError):
        raise
    except OSError as error:
        raise OutputError(
            f"{target.name} cannot be written: {error.strerror}.",
            hint="Make room on the disk.",
        ) from error
    if total and size < total:
        raise _AgainError(f"{host} broke off after {size:,} of {total:,} bytes.")
    return Received(answer.headers.get("Last-Modified", ""), answer.url)


def _chunks(
    answer: Any, size: int, *, total: int, limit: int, until: float
) -> Iterator[bytes]:
    """Yield what the other side sends, as long as it is neither too much nor late."""
    host = urlsplit(answer.url).hostname or ""
    report = reporter.get()
    while chunk := answer.read(_CHUNK):
        size += len(chunk)
        _check_size(size, limit, host)
        if time.monotonic() > until:
            raise _AgainError(f"{host} is too slow.")
        yield chunk
        report("fetching (MB)", size >> 20, max(total, size + 1) >> 20)


def _check_size(size: int, limit: int, host: str) -> None:
    if size > limit:
        raise InputError(
            f"{host} sends more than {limit / 1e6:,.0f} MB.",
            hint="It is not what was asked for; look at the address.",
        )


def _refusal(error: HTTPError, host: str) -> Exception:
    """Return what to make of an answer that is an error."""
    error.close()
    if error.code in _GONE:
        return MissingError(f"{host} does not have it ({error.code}).")
    if error.code == http.client.REQUESTED_RANGE_NOT_SATISFIABLE:
        return _AgainError(f"{host} cannot carry on.")
    sentence = f"{host} answered {error.code} {error.reason}."
    if error.code in _BUSY:
        after = error.headers.get("Retry-After", "") if error.headers else ""
        return _AgainError(sentence, after_s=float(after) if after.isdigit() else 0.0)
    return InputError(sentence, hint="Look at the address, or fetch from another one.")


def _unreachable(error: URLError, host: str) -> Exception:
    """Return what to make of another side that is not there."""
    reason = error.reason
    if isinstance(reason, TimeoutError | ConnectionError):
        return _AgainError(f"{host} does not answer.")
    why = (reason.strerror if isinstance(reason, OSError) else str(reason)) or ""
    if isinstance(reason, socket.gaierror):
        why = "its name is not known, or there is no network"
    return InputError(
        f"{host} cannot be reached: {why or 'no network'}.",
        hint="Without a network the layers that are there serve; behind a proxy set "
        "HTTPS_PROXY.",
    )


class _Redirects(HTTPRedirectHandler):
    """Follows to https, and from this machine to this machine, but nowhere else."""

    max_redirections = 5

    def redirect_request(  # noqa: PLR0917  (as urllib calls it)
        self,
        req: Request,
        fp: Any,
        code: int,
        msg: str,
        headers: Any,
        newurl: str,
    ) -> Request | None:
        """Refuse an address that is not https."""
        url = urljoin(req.full_url, newurl)
        check_address(url)
        here = urlsplit(url).hostname in _HERE
        if here and urlsplit(req.full_url).hostname not in _HERE:
            raise InputError("The address leads into this machine, which is refused.")
        return super().redirect_request(req, fp, code, msg, headers, url)


def _opener() -> OpenerDirector:
    """Return what opens web addresses, and no files or others."""
    opener = OpenerDirector()
    for handler in (
        ProxyHandler(),
        HTTPHandler(),
        HTTPSHandler(),
        _Redirects(),
        HTTPDefaultErrorHandler(),
        HTTPErrorProcessor(),
        UnknownHandler(),
    ):
        opener.add_handler(handler)
    return opener
