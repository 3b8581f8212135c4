"""The account: people, audit log, voices, numbers, trunks, keys, settings, blacklist."""

from datetime import timedelta

from frame import NOWHERE
from objects import ACCOUNT, AUDIT, BLACKLIST_ROW, KEY, ME, PHONE_NUMBER, TRUNK, USER, VOICES, page
from sdk import Client, date_text, now
from shape import BOOL, FILLED, ID, INT, TEXT, TRUE, nullable


def get_account(walk):
    for version in ("v1", "v2"):
        walk.judge.ok("GET", f"/{version}/Account", ACCOUNT)


def numbers(walk):
    """Every account starts with a number on the sandbox carrier, which dials out."""
    judge = walk.judge
    rows = judge.ok("GET", "/v2/Account/PhoneNumbers", [PHONE_NUMBER])
    for row in rows:
        judge.check(row["number"] == row["phoneNumber"], f"a number under two names differs: {row}")
    sandbox = next(row for row in rows if row["trunkId"] is None and row["direction"] in (1, 3))
    walk.number_id, walk.number = sandbox["id"], sandbox["number"]
    added = judge.ok("POST", "/v2/Account/PhoneNumbers", {"id": ID}, {"number": "+12125550133", "direction": 2, "trunkId": None})["id"]
    judge.ok("PUT", f"/v2/Account/PhoneNumbers/{added}", TRUE, {"direction": 1})
    row = next(row for row in judge.ok("GET", "/v2/Account/PhoneNumbers", [PHONE_NUMBER]) if row["id"] == added)
    judge.check(row["direction"] == 1 and row["number"] == "+12125550133", f"changed number: {row}")
    judge.refused("POST", "/v2/Account/PhoneNumbers", 400, "Direction", body={"number": "+12125550134", "direction": 7})
    judge.ok("DELETE", f"/v2/Account/PhoneNumbers/{added}", TRUE)
    for method, body in (("PUT", {"direction": 1}), ("DELETE", None)):
        judge.miss(method, f"/v2/Account/PhoneNumbers/{added}", "wrong PhoneNumberId", body)


def people_and_voices(walk):
    judge = walk.judge
    judge.ok("GET", "/v2/Account/Users", [USER])
    asks = judge.ok("GET", "/v2/Me", ME)
    judge.check(asks["scope"] == "full" and asks["person"] is None, f"who asks: {asks}")
    voices = judge.ok("GET", "/v2/Account/Voices", [VOICES])
    judge.check(voices and voices[0]["voices"], "no voice")


def audit_log(walk):
    judge, at = walk.judge, now()
    body = {"from": date_text(at - timedelta(hours=1)), "to": date_text(at + timedelta(hours=1))}
    rows = judge.ok("POST", "/v2/Account/AuditLog", [AUDIT], body)
    judge.check(rows, "the audit log is empty after changes")
    stamps = [row["timestamp"] for row in rows]
    judge.check(stamps == sorted(stamps, reverse=True), "the audit log is not newest first")
    filtered = judge.ok("POST", "/v2/Account/AuditLog", [AUDIT], body | {"eventType": 11})
    judge.check(filtered and all(row["eventType"] == 11 for row in filtered), f"audit log of eventType 11: {filtered[:2]}")
    judge.ok("POST", "/v2/Account/AuditLog", [AUDIT], body | {"userId": rows[0]["user"]["id"]})
    judge.refused("POST", "/v2/Account/AuditLog", 400, "From", body={"to": body["to"]})
    judge.refused("POST", "/v2/Account/AuditLog", 400, "To", body={"from": body["from"]})


def settings(walk):
    judge = walk.judge
    want = {"name": FILLED, "color": nullable(FILLED), "countryCodes": nullable([FILLED]), "defaultRegion": nullable(FILLED), "retentionDays": nullable(INT)}
    before = judge.ok("GET", "/v2/Account/Settings", want)
    judge.ok("PUT", "/v2/Account/Settings", want, {"color": "#156F7D", "countryCodes": ["1"], "retentionDays": 30})
    after = judge.ok("GET", "/v2/Account/Settings", want)
    judge.check([code.lstrip("+") for code in after["countryCodes"] or []] == ["1"] and after["retentionDays"] == 30 and after["color"] == "#156f7d", f"settings after PUT: {after}")
    judge.ok("PUT", "/v2/Account/Settings", want, {"color": None, "countryCodes": None, "retentionDays": None})
    judge.check(judge.ok("GET", "/v2/Account/Settings", want) == before, "settings put back differ")


def keys(walk):
    """A key works at once after its creation, within its scope, and stops at once after its deletion."""
    judge = walk.judge
    made = judge.ok("POST", "/v2/Account/Keys", {"id": ID, "key": FILLED}, {"name": "walk", "scope": "read", "expiresAt": date_text(now() + timedelta(days=1))})
    reader = Client(judge.client.base, made["key"])
    judge.check(reader.send("GET", "/v1/Account").status == 200, "a new key does not work at once")
    judge.refused("POST", "/v2/Account/Blacklist", 403, body={"phoneNumbers": []}, headers={"Authorization": "Bearer " + made["key"]})
    rows = judge.ok("GET", "/v2/Account/Keys", [KEY])
    row = next((row for row in rows if row["id"] == made["id"]), None)
    judge.check(row and row["scope"] == "read" and row["name"] == "walk", f"the new key in the list: {row}")
    judge.ok("DELETE", f"/v2/Account/Keys/{made['id']}", TRUE)
    judge.refused("GET", "/v1/Account", 401, headers={"Authorization": "Bearer " + made["key"]})
    judge.miss("DELETE", f"/v2/Account/Keys/{made['id']}", "wrong KeyId")


def trunks(walk):
    judge = walk.judge
    body = {"name": "carrier", "host": "127.0.0.1", "port": "9", "username": "u", "password": "not shown", "codecs": ["PCMA", "PCMU"], "maxCalls": 3, "callsPerSecond": 1}
    trunk = judge.ok("POST", "/v2/Account/Trunks", {"id": ID}, body)["id"]
    row = next(row for row in judge.ok("GET", "/v2/Account/Trunks", [TRUNK]) if row["id"] == trunk)
    judge.check(row["password"] == "********" and row["port"] == 9 and row["transport"] == "udp" and row["codecs"] == ["PCMA", "PCMU"] and row["isActive"] is True, f"trunk as stored: {row}")
    judge.ok("PUT", f"/v2/Account/Trunks/{trunk}", TRUE, {"name": "carrier 2", "password": "********"})
    tested = judge.ok("POST", f"/v2/Account/Trunks/{trunk}/Test", {"ok": BOOL, "steps": [{"name": FILLED, "ok": BOOL, "detail": nullable(TEXT)}]})
    judge.check(tested["ok"] is False and tested["steps"], f"test of a trunk nobody answers at: {tested}")
    judge.refused("POST", "/v2/Account/Trunks", 400, "Transport", body=body | {"transport": "pigeon"})
    number = judge.ok("POST", "/v2/Account/PhoneNumbers", {"id": ID}, {"number": "+12125550135", "direction": 3, "trunkId": trunk})["id"]
    judge.refused("DELETE", f"/v2/Account/Trunks/{trunk}", 400)
    judge.ok("DELETE", f"/v2/Account/PhoneNumbers/{number}", TRUE)
    judge.ok("DELETE", f"/v2/Account/Trunks/{trunk}", TRUE)
    for method, path, given in (("PUT", "", {}), ("DELETE", "", None), ("POST", "/Test", None)):
        judge.miss(method, f"/v2/Account/Trunks/{trunk}{path}", "wrong TrunkId", given)
    judge.miss("PUT", f"/v2/Account/Trunks/{NOWHERE}", "wrong TrunkId", {})


def blacklist(walk):
    judge, path = walk.judge, "/v2/Account/Blacklist"
    for _ in range(2):  # adding what is there, and removing what is not, are true
        judge.ok("POST", path, TRUE, {"phoneNumbers": ["+999", "+1 (907) 555-0101"]})
    found = judge.ok("POST", path + "/Search", page(BLACKLIST_ROW), {"skip": 0, "limit": 100, "search": None})
    judge.check({"+999", "+19075550101"} <= {row["phoneNumber"] for row in found["results"]}, f"blacklist: {found}")
    found = judge.ok("POST", path + "/Search", page(BLACKLIST_ROW), {"search": "907555", "limit": "1"})
    judge.check(found["count"] == 1 and [row["phoneNumber"] for row in found["results"]] == ["+19075550101"] and found["results"][0]["source"] == "api", f"blacklist search: {found}")
    for bad in ("+999", "+" + "9" * 25, "call me", ""):
        judge.refused("POST", path, 400, "PhoneNumbers[1]", body={"phoneNumbers": ["+999", bad]})
    judge.refused("POST", path, 400, "PhoneNumbers", body={})
    for _ in range(2):
        judge.ok("POST", path + "/Remove", TRUE, {"phoneNumbers": ["+999", "+19075550101"]})
    judge.check(judge.ok("POST", path + "/Search", page(BLACKLIST_ROW), {})["count"] == 0, "the blacklist is not empty again")


def last_use(walk):
    """The last use of a key is written some seconds after it."""
    rows = walk.judge.ok("GET", "/v2/Account/Keys", [KEY])
    walk.judge.check(any(row["lastUsedAt"] for row in rows), f"no key was used: {rows}")


first = [get_account, numbers]
steps = [people_and_voices, audit_log, settings, keys, trunks, blacklist]
last = [last_use]
