"""Sign people in as a browser and an app would, over raw sockets: the whole code flow with PKCE, hidden fields and all.

`sign_in` is one sign-in and gives the token response; run as a program this module keeps several of them going for a
while and prints one line of JSON. `Browsers` are what people come back in, or a new one for every sign-in. It knows no
issuer: it follows redirects, fills the one form it meets, and exchanges.
"""

import argparse
import asyncio
import base64
import hashlib
import html
import itertools
import json
import re
import secrets
import statistics
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from tests.benchmarks.settled import CALLBACK, CLIENT_ID, CLIENT_SECRET, PASSWORD, person_name

MOST_STEPS = 8
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')
_ACTION = re.compile(r'<form[^>]* action="([^"]+)"')
BASIC = "Basic " + base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
_addresses = itertools.count(1)
LASTING_SECONDS = 86_400
"""Cookies that live for so long are still there at a person's next sign-in: most people come back in their browser."""
_AGE = re.compile(r"(?i); *max-age=([0-9]+)")


class LoginFailed(Exception):
    """A step of a sign-in was not answered as it should."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: int
    headers: list[tuple[str, str]] = field(repr=False)
    body: str = field(repr=False)

    def header(self, name: str) -> str:
        """Give the first header of this lower-case name, or an empty text."""
        return next((value for given, value in self.headers if given == name), "")


class Connection:
    """One keep-alive connection."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, target: str, headers: dict[str, str], body: str = "") -> Answer:
        """Send one request and read its answer."""
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
        if method == "POST":
            headers = {**headers, "Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self._host}:{self._port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n" + body).encode())
        return await _read(self._reader)

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()


async def _read(reader: asyncio.StreamReader) -> Answer:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")[:-2]
    headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]
    status = int(first.split(" ", 2)[1])
    if "chunked" in dict(headers).get("transfer-encoding", ""):
        raise LoginFailed("a chunked answer, which this small client does not read")
    body = await reader.readexactly(int(dict(headers).get("content-length", "0")))
    return Answer(status, headers, body.decode())


class Browsers:
    """What is left in each person's browser from one sign-in to the next; nothing, where each comes in a new one."""

    def __init__(self, kept: Path | None = None, *, new: bool = False) -> None:
        self._new = new
        self._cookies: defaultdict[str, dict[str, str]] = defaultdict(dict)
        if kept is not None:
            self._cookies.update(json.loads(kept.read_text()))

    def of(self, person: str) -> dict[str, str]:
        """Give the lasting cookies of a person's browser, to read and to add to."""
        return {} if self._new else self._cookies[person]

    def keep(self, file: Path) -> None:
        """Write them down for another process."""
        file.write_text(json.dumps(self._cookies))


class Visit:
    """One browser's way through one sign-in: cookies, and an address of its own behind the proxy that we play."""

    def __init__(self, connection: Connection, lasting: dict[str, str]) -> None:
        self._connection = connection
        self._lasting = lasting
        self._cookies = dict(lasting)
        number = next(_addresses)
        forwarded = f"for=10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255};proto=http"
        self._headers = {"Forwarded": forwarded, "User-Agent": "Benchmark/1.0", "Accept-Language": "en"}

    async def ask(self, method: str, target: str, body: str = "") -> Answer:
        """Send a request with the cookies so far."""
        headers = dict(self._headers)
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        answer = await self._connection.ask(method, target, headers, body)
        for name, value in answer.headers:
            if name == "set-cookie":
                self._keep(value)
        return answer

    def _keep(self, cookie: str) -> None:
        name, _, value = cookie.partition(";")[0].partition("=")
        if value:
            self._cookies[name] = value
        else:
            self._cookies.pop(name, None)
        age = _AGE.search(cookie)
        if value and age and int(age[1]) >= LASTING_SECONDS:
            self._lasting[name] = value


async def sign_in(
    connection: Connection, authorize: str, person: str, scope: str, browsers: Browsers
) -> dict[str, Any]:
    """Sign one person in and give the token response.

    Raises:
        LoginFailed: a step was not answered as it should.
    """
    verifier = secrets.token_urlsafe(32)
    code = await _code(Visit(connection, browsers.of(person)), f"{authorize}?{_request(verifier, scope)}", person)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": verifier}
    answer = await connection.ask("POST", "/token", {"Authorization": BASIC}, urlencode(form))
    if answer.status != 200:
        raise LoginFailed(f"/token answered {answer.status}: {answer.body[:200]}")
    tokens: dict[str, Any] = json.loads(answer.body)
    return tokens


def _request(verifier: str, scope: str) -> str:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    parameters = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": CALLBACK,
        "scope": scope,
        "state": "a-state",
        "nonce": "a-nonce",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    return urlencode(parameters, quote_via=quote)


async def _code(visit: Visit, target: str, person: str) -> str:
    answer = await visit.ask("GET", target)
    for _ in range(MOST_STEPS):
        location = answer.header("location")
        if location.startswith(CALLBACK):
            return parse_qs(urlsplit(location).query)["code"][0]
        if answer.status == 200:
            answer = await visit.ask("POST", *_filled(answer.body, target, person))
        elif location:
            parts = urlsplit(location)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            answer = await visit.ask("GET", target)
        else:
            raise LoginFailed(f"{target.partition('?')[0]} answered {answer.status}: {answer.body[:200]}")
    raise LoginFailed("the sign-in never ends")


def _filled(page: str, target: str, person: str) -> tuple[str, str]:
    action = _ACTION.search(page)
    hidden = {name: html.unescape(value) for name, value in _HIDDEN.findall(page)}
    return html.unescape(action[1]) if action else target, urlencode(
        {**hidden, "user_id": person, "password": PASSWORD}
    )


async def collect(
    address: str, authorize: str, count: int, scope: str, browsers: Browsers | None = None
) -> list[dict[str, Any]]:
    """Sign in so many times, one after the other, and give the token responses."""
    connection, used = Connection(address), browsers or Browsers()
    try:
        return [await sign_in(connection, authorize, person_name(number), scope, used) for number in range(count)]
    finally:
        connection.close()


async def keep_signing_in(
    address: str, authorize: str, *, clients: int, seconds: float, scope: str, browsers: Browsers
) -> dict[str, Any]:
    """Keep so many sign-ins going at once, and count those that ended within the time."""
    until, taken, failures = time.perf_counter() + seconds, list[float](), list[str]()
    turns = itertools.count()

    async def one_client() -> None:
        connection = Connection(address)
        while (begun := time.perf_counter()) < until:
            try:
                await sign_in(connection, authorize, person_name(next(turns)), scope, browsers)
            except (LoginFailed, OSError, asyncio.IncompleteReadError) as error:
                failures.append(str(error))
                connection.close()
                connection = Connection(address)
                await asyncio.sleep(0.05)
            else:
                taken.append(time.perf_counter() - begun)
        connection.close()

    begun = time.perf_counter()
    await asyncio.gather(*(one_client() for _ in range(clients)))
    quantiles = statistics.quantiles(taken, n=100) if len(taken) > 1 else [0.0] * 99
    return {
        "requests": len(taken),
        "seconds": time.perf_counter() - begun,
        "p50_ms": quantiles[49] * 1000,
        "p99_ms": quantiles[98] * 1000,
        "refused": len(failures),
        "broken": 0,
        "first_failure": failures[0] if failures else "",
    }


def main() -> None:
    """Sign in for a while."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("address")
    parser.add_argument("authorize")
    parser.add_argument("--clients", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--scope", required=True)
    parser.add_argument("--browsers", type=Path, help="a file that Browsers.keep has written")
    parser.add_argument("--new-browsers", action="store_true", help="each sign-in is one in a new browser")
    given = vars(parser.parse_args())
    browsers = Browsers(given.pop("browsers"), new=given.pop("new_browsers"))
    print(json.dumps(asyncio.run(keep_signing_in(**given, browsers=browsers))))


if __name__ == "__main__":
    main()
