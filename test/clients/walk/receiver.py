"""A receiver of webhooks as a CRM has one: it keeps what arrives, answers at once, and verifies signatures afterwards."""

import base64
import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Delivery:
    """path with query, headers, body: bytes as sent, at: Unix seconds of arrival."""

    def __init__(self, path, headers, body):
        self.path, self.headers, self.body, self.at = path, headers, body, time.time()

    def json(self):
        return json.loads(self.body)

    def signed_with(self, secret):
        """Whether one of the signatures is that of the secret (Standard Webhooks)."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        text = f"{self.headers['webhook-id']}.{self.headers['webhook-timestamp']}.".encode() + self.body
        want = "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
        return any(hmac.compare_digest(want, one) for one in self.headers.get("webhook-signature", "").split(" "))


class Receiver:
    """Listens on a loopback port; url is its base."""

    def __init__(self):
        self._arrived, self._changed = [], threading.Condition(threading.RLock())
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with receiver._changed:
                    receiver._arrived.append(Delivery(self.path, self.headers, body))
                    receiver._changed.notify_all()
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def arrived(self, path):
        """What came to a path, in order of arrival."""
        with self._changed:
            return [one for one in self._arrived if one.path == path]

    def wait(self, seconds, holds):
        """Waits until holds() or the time is over; answers holds()."""
        with self._changed:
            return self._changed.wait_for(holds, seconds)
