"""Holds every answer against the contract and collects what deviates; the walk goes on, so that one run shows all."""

import json
import re
import traceback

import shape
from shape import ID, TEXT, nullable

TRACE = r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}"
ERROR_KEY = r"\$|validation|[A-Z][A-Za-z0-9]*(\[\d+\])?(\.[A-Z][A-Za-z0-9]*(\[\d+\])?)*"


class Judge:
    """Requests through client, with every answer judged."""

    def __init__(self, client):
        self.client, self.deviations, self.step = client, [], ""
        self.answers = 0

    def deviate(self, text):
        self.deviations.append(f"[{self.step}] {text}")
        print(f"DEVIATION [{self.step}] {text}", flush=True)

    def check(self, holds, text):
        if not holds:
            self.deviate(text)
        return bool(holds)

    def run(self, name, step):
        """A step that breaks is a deviation; those after it are still taken."""
        self.step = name
        try:
            step()
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)
            ours = [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in where]
            self.deviate(f"broke off: {type(error).__name__}: {error} ({' > '.join(ours[-4:])})")

    def shape(self, want, value, what):
        for fault in shape.faults(want, value):
            self.deviate(f"{what}: {fault}")
        return value

    # answers

    def ok(self, method, path, want, body=None, **options):
        """A request that must succeed: 200, a JSON body of the wanted shape. Answers the parsed body."""
        return self.ok_answer(method, path, want, body, **options)[0]

    def ok_answer(self, method, path, want, body=None, **options):
        answer = self._send(method, path, body, options)
        what = self._name(method, path, body)
        if answer.status != 200:
            raise AssertionError(f"{what}: want 200, got {answer.status} {answer.text[:600]}")
        self._header(answer, "Content-Type", "application/json; charset=utf-8", what)
        self._rate(answer, what)
        return self.shape(want, answer.json(), what), answer

    def created(self, path, body, **options):
        """Pearl creation: readers strip quotes from the text and take the rest as the id."""
        answer = self._send("POST", path, body, options)
        what = self._name("POST", path, None)
        if answer.status != 200:
            raise AssertionError(f"{what}: want 200, got {answer.status} {answer.text[:900]}")
        self.check(answer.headers.get("Content-Type", "").startswith("text/plain"), f"{what}: Content-Type {answer.headers.get('Content-Type')!r}")
        text = answer.text.strip('"')
        self.check(text == answer.text, f"{what}: quotes around the id: {answer.text!r}")
        return self.shape(ID, text, what)

    def refused(self, method, path, status, key=None, text=None, body=None, **options):
        """A request that must be refused by problem JSON. key is a member of errors that must be there, text the exact or
        (a compiled pattern) searched text of its first fault. Answers the parsed body."""
        answer = self._send(method, path, body, options)
        what = self._name(method, path, body)
        if not self.check(answer.status == status, f"{what}: want {status} {key or ''} {text or ''}, got {answer.status} {answer.text[:300]}"):
            return {}
        problem = answer.json()
        self.problem(problem, answer, what)
        if key is not None:
            found = problem.get("errors", {}).get(key)
            if not self.check(found, f"{what}: errors has no {key!r}: {problem.get('errors')}"):
                return problem
            if isinstance(text, str):
                self.check(found == [text], f"{what}: want exactly [{text!r}], got {found}")
            elif text is not None:
                self.check(text.search(found[0]), f"{what}: want {text.pattern!r} in {found}")
        return problem

    def miss(self, method, path, text, body=None, **options):
        """An id that names nothing: 400 and exactly one text under validation."""
        problem = self.refused(method, path, 400, "validation", text, body, **options)
        self.check(list(problem.get("errors", {})) in ([], ["validation"]), f"{method} {path}: more than the miss: {problem.get('errors')}")
        return problem

    def problem(self, problem, answer, what):
        """The documented members of problem JSON."""
        self._header(answer, "Content-Type", "application/problem+json; charset=utf-8", what)
        want = {"type": TEXT, "title": shape.FILLED, "status": {answer.status}, "detail": nullable(shape.FILLED), "instance": nullable(TEXT), "traceId": TEXT}
        if answer.status == 400 or "errors" in problem:
            want["errors"] = shape.OBJECT
        self.shape(want, problem, what)
        self.check(re.fullmatch(TRACE, str(problem.get("traceId"))), f"{what}: traceId {problem.get('traceId')!r}")
        errors = problem.get("errors", {})
        if answer.status == 400:
            self.check(errors, f"{what}: errors is empty")
        for key, texts in errors.items():
            self.check(re.fullmatch(ERROR_KEY, key), f"{what}: key {key!r} of errors is no PascalCase path")
            self.check(isinstance(texts, list) and texts and all(isinstance(one, str) and one for one in texts), f"{what}: errors[{key!r}] is {texts!r}")
        secret = self.client.key.partition(":")[2]
        self.check(secret not in answer.text, f"{what}: the answer repeats the secret")
        if answer.status == 401:
            self._header(answer, "WWW-Authenticate", 'Bearer realm="nacre"', what)
        else:
            self._rate(answer, what)

    def _send(self, method, path, body, options):
        answer = self.client.send(method, path, body, **options)
        self.answers += 1
        self.check(answer.headers.get("X-Request-Id"), f"{method} {path}: no X-Request-Id")
        return answer

    def _header(self, answer, name, want, what):
        got = answer.headers.get(name)
        self.check(got == want, f"{what}: header {name}: want {want!r}, got {got!r}")

    def _rate(self, answer, what):
        for name in ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"):
            self.check(re.fullmatch(r"\d+", answer.headers.get(name, "")), f"{what}: header {name} is {answer.headers.get(name)!r}")

    @staticmethod
    def _name(method, path, body):
        text = "" if body is None else " " + json.dumps(body)
        return f"{method} {path}{text[:200]}"
