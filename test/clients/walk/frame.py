"""What holds for every route: keys, bodies, paths, CORS, and problem JSON for every refusal."""

from objects import ACCOUNT, OUTBOUND_V2, PEARL_ROW_V2, page, LEAD_ROW

NOWHERE = "ffffffffffffffffffffffff"


def keys(walk):
    """401 before anything else is judged; what is named is the form of the token, never an account."""
    judge = walk.judge
    key = judge.client.key
    account_id, _, secret = key.partition(":")
    wrong = "x" * 32 if secret != "x" * 32 else "y" * 32
    for token in (f"{account_id}:{wrong}", f"{NOWHERE}:{secret}", secret, f"{account_id}:{account_id}:{secret}", f"AccountId:{secret}", f"Bearer {key}", account_id):
        for method, path, body in (("GET", "/v1/Account", None), ("GET", "/v2/Account", None), ("POST", "/v2/Outbound/none/Lead", {"phoneNumber": 1}),
                                   ("DELETE", "/v2/Outbound/none/Leads", []), ("GET", "/v2/NoSuchRoute", None)):
            problem = _unauthorized(judge, method, path, body, token)
            form = token not in (f"{account_id}:{wrong}", f"{NOWHERE}:{secret}")
            judge.check(not form or problem.get("detail"), f"token of a wrong form: no detail ({problem})")
    absent = _unauthorized(judge, "GET", "/v1/Outbound", None, None)
    judge.check(absent.get("detail"), f"no header: no detail ({absent})")
    known = _unauthorized(judge, "GET", "/v1/Account", None, f"{account_id}:{wrong}").get("detail")
    unknown = _unauthorized(judge, "GET", "/v1/Account", None, f"{NOWHERE}:{wrong}").get("detail")
    judge.check(known == unknown, f"a wrong key tells whether the account exists: {known!r}, {unknown!r}")
    for header in (f"bearer {key}", f"BEARER   {key}  ", f"Bearer {account_id.upper()}:{secret}"):
        judge.ok("GET", "/v1/Account", ACCOUNT, headers={"Authorization": header})


def _unauthorized(judge, method, path, body, token):
    return judge.refused(method, path, 401, body=body, headers={"Authorization": token and "Bearer " + token})


def routes(walk):
    """Fixed segments in any case, one trailing slash, 404 that names the documentation, 405 with Allow."""
    judge, pearl = walk.judge, walk.pearl
    judge.ok("GET", f"/V2/pEARL/{pearl}", OUTBOUND_V2)
    judge.ok("GET", f"/v2/Pearl/{pearl.upper()}", OUTBOUND_V2)
    judge.ok("GET", "/v2/pearl/", [PEARL_ROW_V2])
    unknown = judge.refused("POST", f"/v2/Outbound/{pearl}/Leds", 404, body={})
    judge.check("/docs" in str(unknown.get("detail")), f"404 that does not name the documentation: {unknown.get('detail')!r}")
    for method, path, allowed in (
        ("DELETE", f"/v2/Pearl/{pearl}", {"GET", "PUT"}), ("PATCH", f"/v1/Outbound/{pearl}/Lead/{NOWHERE}", {"GET", "PUT"}),
        ("GET", f"/v2/Outbound/{pearl}/Leads", {"POST", "DELETE"}), ("PUT", f"/v1/Outbound/{pearl}/Active", {"POST"}), ("POST", "/v2/Call", {"DELETE"}),
    ):
        answer = judge.client.send(method, path, {})
        judge.refused(method, path, 405, body={})
        got = {one.strip() for one in answer.headers.get("Allow", "").split(",")} - {"OPTIONS", "HEAD"}
        judge.check(got == allowed, f"{method} {path}: Allow is {answer.headers.get('Allow')!r}, want {allowed}")


def bodies(walk):
    """Types, charsets, sizes and forms of bodies."""
    judge, search = walk.judge, f"/v2/Outbound/{walk.pearl}/Leads"
    want = page(LEAD_ROW)
    for kind in (None, "application/json", "application/json; charset=utf-8", "text/json", "application/vnd.crm+json", 'application/json; charset="UTF-8"'):
        judge.ok("POST", search, want, content=b'{"limit":"5"}', headers={"Content-Type": kind})
    judge.ok("POST", search, want, content=b'\xef\xbb\xbf{"LIMIT":1,"limit":5,"unknown":{"a":[1]},"statuses":[],"sortProp":null}')
    for kind in ("text/plain", "application/xml", "application/x-www-form-urlencoded", "application/json; charset=latin1"):
        judge.refused("POST", search, 415, content=b'{"limit":5}', headers={"Content-Type": kind})
    judge.refused("POST", search, 415, content=b"{}", headers={"Content-Encoding": "br"})
    for content in (b"", b"[]", b'"x"', b"null", b"7", b"{", b"{} x"):
        judge.refused("POST", f"/v2/Outbound/{walk.pearl}/Lead", 400, "$", content=content)
    for content in (b'{"phoneNumber":"+14155550101\\u0000"}', b'{"phoneNumber":"+14155550101","externalId":"a\\u0000b"}'):
        judge.refused("POST", f"/v2/Outbound/{walk.pearl}/Lead", 400, content=content)
    judge.refused("POST", f"/v2/Outbound/{walk.pearl}/Lead", 400, content=b'{"phoneNumber":"+14155550101","externalId":"\xff"}')
    judge.refused("POST", f"/v2/Outbound/{walk.pearl}/Lead", 413, content=b'{"phoneNumber":"+14155550101","externalId":"' + b"x" * (1 << 20) + b'"}')
    judge.ok("GET", "/v1/Account", ACCOUNT, headers={"Accept": "text/html"})
    for value in ("yes", 1, None, "true"):
        judge.refused("PUT", f"/v2/Pearl/{walk.pearl}/Active", 400, "IsActive", body={"isActive": value})
    judge.refused("POST", f"/v1/Outbound/{walk.pearl}/Active", 400, "IsActive", body={})
    for member, value, key in (("skip", -1, "Skip"), ("limit", -1, "Limit"), ("limit", 1001, "Limit"), ("limit", 1.5, "Limit"), ("limit", "ten", "Limit"),
                               ("sortProp", "colour", "SortProp"), ("isAscending", "yes", "IsAscending"), ("statuses", 100, "Statuses")):
        judge.refused("POST", search, 400, key, body={member: value})
    several = judge.refused("POST", search, 400, body={"skip": -1, "limit": 5000, "sortProp": "colour"})
    judge.check({"Skip", "Limit", "SortProp"} <= set(several.get("errors", {})), f"not all faults are listed: {several.get('errors')}")


def cors(walk):
    """Browsers: preflights without authorization, readable errors."""
    judge = walk.judge
    for path in ("/v1/Outbound", f"/v2/Outbound/{walk.pearl}/Lead/{NOWHERE}", "/v2/Pearl"):
        answer = judge.client.send("OPTIONS", path, key=None, headers={
            "Origin": "https://crm.example", "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "authorization,content-type", "Content-Type": None})
        judge.check(answer.status == 204 and not answer.content, f"preflight of {path}: {answer.status} {answer.text[:100]}")
        for name, want in (("Allow-Origin", {"*"}), ("Allow-Methods", {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}),
                           ("Allow-Headers", {"Authorization", "Content-Type", "Idempotency-Key", "If-Match"}), ("Max-Age", {"600"})):
            got = answer.headers.get("Access-Control-" + name, "")
            judge.check({one.strip() for one in got.split(",")} == want, f"preflight of {path}: {name} {got!r}, want {want}")
    exposed = {"ETag", "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "X-Request-Id", "Allow"}
    for method, path, key in (("GET", "/v2/Account", ""), ("GET", "/v2/Account", None), ("GET", "/v2/None", ""), ("DELETE", f"/v2/Pearl/{walk.pearl}", ""), ("GET", "/v2/Call/x", "")):
        answer = judge.client.send(method, path, key=key, headers={"Origin": "https://crm.example"})
        judge.check(answer.headers.get("Access-Control-Allow-Origin") == "*", f"{method} {path} {answer.status}: no Access-Control-Allow-Origin")
        got = {one.strip() for one in answer.headers.get("Access-Control-Expose-Headers", "").split(",")}
        judge.check(got == exposed, f"{method} {path} {answer.status}: Expose-Headers {got}")


def idempotency(walk):
    """The same key and body twice is one lead; another body is 422."""
    judge = walk.judge
    for method, path in (("PUT", f"/v1/Outbound/{walk.pearl}/Lead"), ("POST", f"/v2/Outbound/{walk.pearl}/Lead")):
        headers = {"Idempotency-Key": f"walk {method}"}
        body = {"phoneNumber": "+13035550140", "externalId": f"once {method}"}
        first = judge.client.send(method, path, body, headers=headers)
        second = judge.client.send(method, path, body, headers=headers)
        judge.check(first.status == 200 and second.content == first.content and second.headers.get("Idempotency-Replayed") == "true",
                    f"{method} {path} repeated: {first.status} {first.text[:100]}, {second.status} {second.text[:100]}")
        judge.refused(method, path, 422, body=body | {"externalId": "other"}, headers=headers)
        count = judge.ok("POST", f"/v2/Outbound/{walk.pearl}/Leads", page(LEAD_ROW), {"searchInput": f"once {method}"})["count"]
        judge.check(count == 1, f"one Idempotency-Key made {count} leads")


def outside(walk):
    """Routes outside the versions answer without a key."""
    judge = walk.judge
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/openapi/v1.json", "/openapi/v2.json", "/docs"):
        answer = judge.client.fetch(judge.client.base + path)
        judge.check(answer.status == 200 and answer.content, f"GET {path}: {answer.status}")
    document = judge.client.fetch(judge.client.base + "/openapi.json").json()
    judge.check(document.get("openapi", "").startswith("3.") and document.get("paths"), "/openapi.json is no OpenAPI document")


steps = [keys, routes, bodies, cors, idempotency, outside]
