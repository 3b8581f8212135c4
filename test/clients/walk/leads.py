"""Leads through both versions: add, update, patch, read, find, search, delete."""

import json

from objects import HISTORY, LEAD_ROW, LEAD_V1, LEAD_V2, NEXT, page
from sdk import given, segment
from shape import COUNT, ID, TEXT, TRUE

FULL = {"v1": LEAD_V1, "v2": LEAD_V2}
# as they are sent, and the path spellings under which they must be found
EXTERNAL_IDS = {
    "evt1:guest7": ("evt1:guest7", "evt1%3Aguest7"), "a b:c": ("a%20b:c", "a%20b%3Ac"), "a/b": ("a/b", "a%2Fb"), "a//b": ("a//b", "a%2F%2Fb"),
    "4711": ("4711",), "c0ffee00-0000-4000-8000-000000000001": ("c0ffee00-0000-4000-8000-000000000001",), "1+1=2": ("1+1=2", "1+1%3D2", "1%2B1%3D2"), "a+b c": ("a+b%20c",),
    "100%": ("100%25",), "Ümläut 健": (segment("Ümläut 健"),), "a?b#c": ("a%3Fb%23c",), "../up": ("..%2Fup",), "x/PhoneNumber/y/": ("x/PhoneNumber/y/", "x%2FPhoneNumber%2Fy%2F"),
}


def add(walk, version, pearl=None, **members):
    method = {"v1": "PUT", "v2": "POST"}[version]
    return walk.judge.ok(method, f"/{version}/Outbound/{pearl or walk.pearl}/Lead", {"leadId": ID}, given(**members))["leadId"]


def read(walk, lead, version="v2", pearl=None):
    return walk.judge.ok("GET", f"/{version}/Outbound/{pearl or walk.pearl}/Lead/{lead}", FULL[version])


def add_and_get(walk):
    """Added through one version, read through the other; values unchanged."""
    judge = walk.judge
    data = {"firstName": "Ada", "email": "joe@example.com", "balance": 12.50, "big": 12345678901234567890, "vip": True, "none": None, "list": [1, "two"], "deep": {"Key": "v"}, "": "e"}
    for version, other, number in (("v1", "v2", "+1 (415) 555-0101"), ("v2", "v1", "1.415.555.0102")):
        lead = add(walk, version, phoneNumber=number, externalId=f"ext {version}", timeZoneId="Romance Standard Time", callData=data)
        one = read(walk, lead, other)
        two = read(walk, lead, version)
        judge.check({k: v for k, v in one.items() if k != "timeZoneId"} == {k: v for k, v in two.items() if k != "timeZoneId"}, f"the versions differ: {one}, {two}")
        want = {"id": lead, "externalId": f"ext {version}", "status": 1, "callsId": [], "lastCall": None, "callData": data, "collectedData": {},
                "phoneNumber": {"v1": "+14155550101", "v2": "+14155550102"}[version]}
        judge.check({k: one[k] for k in want} == want and one["timeZone"] in ("1.0", "2.0"), f"lead as read: {one}, want {want}")
    for body, key in (({}, "PhoneNumber"), ({"phoneNumber": ""}, "PhoneNumber"), ({"phoneNumber": None}, "PhoneNumber"), ({"phoneNumber": "none"}, "PhoneNumber"),
                      ({"phoneNumber": "123"}, "PhoneNumber"), ({"phoneNumber": "+14155550101", "timeZoneId": "Local"}, "TimeZoneId"),
                      ({"phoneNumber": "+14155550101", "callData": []}, "CallData"), ({"phoneNumber": "+14155550101", "externalId": "x" * 513}, "ExternalId"),
                      ({"phoneNumber": "+14155550101", "callData": {"k": "x" * (33 << 10)}}, "CallData")):
        judge.refused("PUT", f"/v1/Outbound/{walk.pearl}/Lead", 400, key, body=body)
        judge.refused("POST", f"/v2/Outbound/{walk.pearl}/Lead", 400, key, body=body)


def lookups(walk):
    """External ids with colons, slashes and spaces, raw and escaped; phone numbers with a raw and an escaped plus."""
    judge = walk.judge
    leads = {external: add(walk, ("v1", "v2")[n % 2], phoneNumber=f"+121255501{n:02d}", externalId=external) for n, external in enumerate(EXTERNAL_IDS)}
    for version, words in (("v1", ("External", "Extrenal", "external")), ("v2", ("External",))):
        for external, spellings in EXTERNAL_IDS.items():
            for word in words:
                for spelling in spellings + (segment(external),):
                    found = judge.ok("GET", f"/{version}/Outbound/{walk.pearl}/Lead/{word}/{spelling}", FULL[version])
                    judge.check(found["id"] == leads[external] and found["externalId"] == external, f"{version} {spelling}: found {found['externalId']!r}")
        for spelling in ("+12125550100", "%2B12125550100", "12125550100", "0012125550100", "%2B1%20(212)%20555-0100"):
            found = judge.ok("GET", f"/{version}/Outbound/{walk.pearl}/Lead/PhoneNumber/{spelling}", FULL[version])
            judge.check(found["phoneNumber"] == "+12125550100", f"{version} {spelling}: found {found['phoneNumber']}")
        judge.miss("GET", f"/{version}/Outbound/{walk.pearl}/Lead/External/EVT1:guest7", "wrong ExternalId")
    newest = add(walk, "v2", phoneNumber="+12125550100", externalId="evt1:guest7")
    judge.check(judge.ok("GET", f"/v1/Outbound/{walk.pearl}/Lead/External/evt1:guest7", LEAD_V1)["id"] == newest, "a lookup does not find the newest")


def update(walk):
    """Only given values change; null is absent; the answer is the lead as stored."""
    judge = walk.judge
    for n, version in enumerate(("v1", "v2")):
        lead = add(walk, version, phoneNumber=f"+1310555010{n}", externalId="before", callData={"a": 1, "b": 2})
        path = f"/{version}/Outbound/{walk.pearl}/Lead/{lead}"
        before = read(walk, lead, version)
        for body in ({}, {"phoneNumber": None, "externalId": None, "timeZoneId": None, "callData": None, "status": None}):
            judge.check(judge.ok("PUT", path, FULL[version], body) == before, f"{body} changed something")
        answer, response = judge.ok_answer("PUT", path, FULL[version], {
            "phoneNumber": f"+1 310 555 011{n}", "externalId": "after", "timeZoneId": "India Standard Time", "callData": {"c": "90-929-82"}, "status": "130"})
        want = before | {"phoneNumber": f"+1310555011{n}", "externalId": "after", "timeZone": "5.5", "callData": {"c": "90-929-82"}, "status": 130}
        want |= {"timeZoneId": "India Standard Time"} if version == "v2" else {}
        judge.check(answer == want == read(walk, lead, version), f"after the update: {answer}, want {want}")
        judge.miss("GET", f"/{version}/Outbound/{walk.pearl}/Lead/External/before", "wrong ExternalId") if version == "v2" else None
        etag = response.headers.get("ETag", "")
        judge.check(etag.startswith('"') and judge.client.send("GET", path).headers.get("ETag") == etag, f"ETag {etag!r}")
        for status in (1, 10, 100, 110, 130, 130):
            judge.check(judge.ok("PUT", path, FULL[version], {"status": status})["status"] == status, f"status {status} was not set")
        judge.refused("PUT", path, 412, body={"status": 1}, headers={"If-Match": etag})
        for body, key in (({"status": 20}, "Status"), ({"status": 150}, "Status"), ({"status": "done"}, "Status"), ({"phoneNumber": ""}, "PhoneNumber"),
                          ({"timeZoneId": "+01:00", "externalId": "partly"}, "TimeZoneId"), ({"callData": "x"}, "CallData")):
            judge.refused("PUT", path, 400, key, body=body)
        cleared = judge.ok("PUT", path, FULL[version], {"externalId": "", "timeZoneId": "", "callData": {}})
        judge.check(cleared["externalId"] is None and cleared["callData"] == {} and cleared["timeZone"] in ("-8.0", "-7.0") and cleared["status"] == 130, f"cleared: {cleared}")
        judge.ok("PUT", path + "?hangUp=true", FULL[version], {"status": 110})
    patched = judge.ok("PATCH", path, LEAD_V2, {"callData": {"a": {"x": 1, "y": 2}, "b": 1}, "externalId": "patched"}, headers={"Content-Type": "application/merge-patch+json"})
    patched = judge.ok("PATCH", path, LEAD_V2, {"callData": {"a": {"x": None}, "b": None}, "externalId": None})
    judge.check(patched["callData"] == {"a": {"y": 2}} and patched["externalId"] is None, f"patched: {patched}")
    judge.check(judge.ok("PATCH", path, LEAD_V2, {"callData": None})["callData"] == {}, "callData null does not empty it")
    for body, key in (({"status": None}, "Status"), ({"phoneNumber": None}, "PhoneNumber")):
        judge.refused("PATCH", path, 400, key, body=body)
    history = judge.ok("GET", path + "/History", {"count": COUNT, "results": HISTORY})
    judge.check(history["count"] == len(history["results"]) > 0, f"history: {history}")
    follow = judge.ok("GET", path + "/Next", NEXT)
    judge.check(follow["callable"] is False and follow["reason"] == "final" and follow["dueAt"] is None, f"next call of a lead at 110: {follow}")
    judge.ok("PUT", path, LEAD_V2, {"status": 1})
    judge.check(judge.ok("GET", path + "/Next", NEXT)["reason"] == "paused", "next call of a new lead in a paused campaign: not paused")


def bulk_and_paging(walk):
    """250 leads at once, all or none; read by 100 until a page is short, each lead once; filtered by status."""
    judge, path = walk.judge, f"/v2/Outbound/{walk.second}/Leads/Add"
    leads = [{"phoneNumber": f"+1{601 + n // 100}55501{n % 100:02d}", "externalId": f"bulk-{n:03d}", "callData": {"name": f"Person {n}"}} for n in range(250)]
    judge.ok("POST", path, TRUE, {"leads": leads[:125]})
    ids = judge.ok("POST", path + "?returnIds=true", {"leadIds": [ID]}, {"leads": leads[125:]})["leadIds"]
    judge.check(len(set(ids)) == 125, f"{len(ids)} ids for 125 leads")
    judge.check(read(walk, ids[3], pearl=walk.second)["externalId"] == "bulk-128", "ids are not in the order sent")
    judge.ok("POST", path, TRUE, {"leads": []})
    judge.refused("POST", path, 400, "Leads[3].PhoneNumber", body={"leads": leads[:3] + [{"phoneNumber": "x"}] + leads[4:9]})
    for body in ({}, {"leads": None}):
        judge.refused("POST", path, 400, "Leads", body=body)
    for n, status in enumerate((100, 110, 130)):
        judge.ok("PUT", f"/v1/Outbound/{walk.second}/Lead/{ids[n]}", LEAD_V1, {"status": status})

    for version in ("v1", "v2"):
        search = f"/{version}/Outbound/{walk.second}/Leads"
        for order in ({}, {"sortProp": "phoneNumber", "isAscending": True}, {"sortProp": "STATUS"}, {"sortProp": "externalId", "isAscending": False}, {"sortProp": "id"}):
            rows, skip = [], 0
            while True:
                got = judge.ok("POST", search, page(LEAD_ROW), given(skip=skip, limit=100) | order)
                judge.check(got["count"] == 250, f"count {got['count']} of 250 leads")
                rows += got["results"]
                if len(got["results"]) < 100:
                    break
                skip += 100
            judge.check(len(rows) == 250 and {row["externalId"] for row in rows} == {lead["externalId"] for lead in leads}, f"{version} {order}: {len(rows)} rows, {len({row['id'] for row in rows})} leads")
            if order.get("sortProp") in ("phoneNumber", "externalId"):
                keys = [row[order["sortProp"]] for row in rows]
                judge.check(keys == sorted(keys, reverse=not order["isAscending"]), f"{version} {order}: not in order")
        judge.check(len(judge.ok("POST", search, page(LEAD_ROW), {})["results"]) == 100, "the default limit is not 100")
        judge.check(len(judge.ok("POST", search, page(LEAD_ROW), {"limit": "1000", "skip": "0"})["results"]) == 250, "limit 1000 does not give 250")
        beyond = judge.ok("POST", search, page(LEAD_ROW), {"skip": 1000})
        judge.check(beyond == {"count": 250, "results": []}, f"beyond the end: {beyond}")
        for text, count in (("bulk-12", 10), ("BULK-249", 1), ("person 7", 11), ("+1602555", 100), ("nobody", 0)):
            found = judge.ok("POST", search, page(LEAD_ROW), {"searchInput": text})["count"]
            judge.check(found == count, f"{version} search for {text!r}: {found}, want {count}")
        for filter_, count in (({"statuses": [100, 110]}, 2), ({"statuses": []}, 250), ({"statuses": None}, 250), ({"statuses": [777]}, 0)):
            found = judge.ok("POST", search, page(LEAD_ROW), filter_)["count"]
            judge.check(found == count, f"{version} {filter_}: {found}, want {count}")
    one = f"/v1/Outbound/{walk.second}/Leads"
    for filter_, count in (({"status": 130}, 1), ({"status": "100"}, 1), ({"status": 100, "statuses": [110]}, 2), ({"status": None}, 250)):
        found = judge.ok("POST", one, page(LEAD_ROW), filter_)["count"]
        judge.check(found == count, f"v1 {filter_}: {found}, want {count}")


def files(walk):
    """A file of leads: what it would be taken for, and what would come of it, line by line."""
    judge, path = walk.judge, f"/v2/Outbound/{walk.second}/Leads/Import"
    file, csv = b"Mobile;Plan\n+16015550199;A\n415;B\n", {"Content-Type": "text/csv"}
    preview = judge.ok("POST", path + "/Preview", {"columns": [TEXT], "mapping": [TEXT], "rows": COUNT, "sample": [[TEXT]], "variables": [TEXT]}, content=file, headers=csv)
    judge.check(preview["mapping"] == ["phoneNumber", "Plan"] and preview["rows"] == 2, f"preview: {preview}")
    answer = judge.client.send("POST", path + "?dryRun=true", content=file, headers=csv)
    judge.check(answer.status == 200 and answer.headers.get("Content-Type") == "application/x-ndjson; charset=utf-8", f"import: {answer.status} {answer.headers}")
    lines = [json.loads(line) for line in answer.text.splitlines()]
    judge.check(lines[0]["total"] == 2 and lines[1]["added"] == 1 and lines[1]["again"] is False and lines[1]["refused"][0]["line"] == 3 and lines[-1] == {"done": True}, f"import: {lines}")


def delete(walk):
    """DELETE with a JSON body; ids that name nothing are ignored; gone for every getter."""
    judge = walk.judge
    for n, version in enumerate(("v1", "v2")):
        base = f"/{version}/Outbound/{walk.pearl}"
        lead, kept = (add(walk, version, phoneNumber=f"+1503555010{n}", externalId=f"delete me:{n}") for _ in range(2))
        judge.ok("DELETE", base + "/Leads", TRUE, {"leadIds": [lead, "f" * 24, "malformed"]})
        judge.miss("GET", f"{base}/Lead/{lead}", "wrong LeadId")
        judge.miss("PUT", f"{base}/Lead/{lead}", "wrong LeadId", {"status": 1})
        judge.check(read(walk, kept)["id"] == kept, "a lead not in the list is gone")
        third = add(walk, version, phoneNumber=f"+1503555010{n}", externalId=f"delete me:{n}")
        judge.ok("DELETE", base + "/Leads/External", TRUE, {"leadExternalIds": [f"delete me:{n}", "no such id"]})
        for gone in (kept, third):
            judge.miss("GET", f"{base}/Lead/{gone}", "wrong LeadId")
        judge.miss("GET", f"{base}/Lead/External/delete%20me:{n}", "wrong ExternalId")
        judge.miss("GET", f"{base}/Lead/PhoneNumber/+1503555010{n}", "wrong PhoneNumber")
        for path, member in (("/Leads", "leadIds"), ("/Leads/External", "leadExternalIds")):
            judge.ok("DELETE", base + path, TRUE, {member: []})
            key = member[0].upper() + member[1:]
            judge.refused("DELETE", base + path, 400, key, body={})
            judge.refused("DELETE", base + path, 400, key, body={member: None})
            judge.refused("DELETE", base + path, 400, key + "[0]", body={member: [7]})
            judge.refused("DELETE", base + path, 400, "$")


steps = [add_and_get, lookups, update, bulk_and_paging, files, delete]
