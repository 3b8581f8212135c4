"""A client as plain SDKs are written: every answer is parsed as JSON without a guard, nothing is looked at before.

It decides nothing about what is right; it knows only how such clients speak. Each request that was answered 2xx is
remembered, so that the walk can tell which documented routes it never took."""

import http.client
import json
import urllib.parse
from datetime import datetime, timezone

TIMEOUT_SECONDS = 15  # ordinary clients give up after 8 to 15


def date_text(moment):
    """YYYY-MM-DDTHH:MM:SS.mmmZ, as the official SDK writes dates."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def now():
    return datetime.now(timezone.utc)


def segment(text):
    """One path value, everything escaped that can be."""
    return urllib.parse.quote(text, safe="")


def given(**members):
    """A body without the members that are unset."""
    return {name: value for name, value in members.items() if value is not None}


class Answer:
    """status: int; headers: case-insensitive mapping; content: bytes."""

    def __init__(self, status, headers, content):
        self.status, self.headers, self.content = status, headers, content

    def json(self):
        return json.loads(self.content)

    @property
    def text(self):
        return self.content.decode("utf-8")


class Client:
    """Speaks to base (http://host:port) with the whole key text as bearer token, over one connection kept alive."""

    def __init__(self, base, key):
        self.base, self.key = base.rstrip("/"), key
        self.host = urllib.parse.urlsplit(base).netloc
        self.taken = set()  # (method, path) answered 2xx
        self._connection = http.client.HTTPConnection(self.host, timeout=TIMEOUT_SECONDS)

    def send(self, method, path, body=None, headers=None, content=None, key=""):
        """One request. body is written as JSON; content are bytes sent as they are, without a type; key None sends none.

        Content-Type is JSON on every request, with or without body, as many clients have it in their session."""
        sent = {"Content-Type": "application/json", "Accept": "*/*"}
        if key is not None:
            sent["Authorization"] = "Bearer " + (key or self.key)
        if body is not None:
            content = json.dumps(body).encode()
        for name, value in (headers or {}).items():
            sent.pop(name, None)
            if value is not None:
                sent[name] = value
        try:
            self._connection.request(method, path, body=content, headers=sent)
            response = self._connection.getresponse()
            answer = Answer(response.status, response.headers, response.read())
        except Exception:
            self._connection.close()
            raise
        if 200 <= answer.status < 300:
            self.taken.add((method, urllib.parse.urlsplit(path).path))
        return answer

    def follow(self, path):
        """The first two lines of a stream of server-sent events, as (field, value); it is left then."""
        connection = http.client.HTTPConnection(self.host, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("GET", path, headers={"Authorization": "Bearer " + self.key, "Accept": "text/event-stream"})
            response = connection.getresponse()
            if response.status != 200 or response.headers["Content-Type"] != "text/event-stream":
                return [(str(response.status), response.headers["Content-Type"])]
            self.taken.add(("GET", urllib.parse.urlsplit(path).path))
            return [tuple(response.readline().decode("utf-8").rstrip("\n").split(": ", 1)) for _ in range(2)]
        finally:
            connection.close()

    def listen(self, path):
        """The first four bytes of a sound that goes on; it is left then. Nothing where it is refused."""
        connection = http.client.HTTPConnection(self.host, timeout=TIMEOUT_SECONDS)
        try:
            connection.request("GET", path, headers={"Authorization": "Bearer " + self.key})
            response = connection.getresponse()
            if response.status != 200 or response.headers["Content-Type"] != "audio/wav":
                return b""
            self.taken.add(("GET", urllib.parse.urlsplit(path).path))
            return response.read(4)
        finally:
            connection.close()

    def fetch(self, url, method="GET", headers=None):
        """A plain request without authorization, over a connection of its own, as a browser fetches a link."""
        parts = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, parts.path + ("?" + parts.query if parts.query else ""), headers=headers or {})
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()
