"""Routes that operators and the dashboard use besides (contract 12): versions, trials, changes of many leads, what needs attention."""

import base64
import json
from datetime import timedelta

from flow import poll
from leads import add
from objects import LEAD_ROW, page
from sdk import date_text, now
from shape import ANY, BOOL, COUNT, DATE, FILLED, ID, OBJECT, TEXT, TRUE, nullable

VERSION = {"version": COUNT, "at": DATE, "by": nullable(FILLED), "byName": nullable(FILLED)}
DRAFT = {"version": COUNT, "at": nullable(DATE), "by": nullable(FILLED), "byName": nullable(FILLED), "errors": OBJECT, "settings": OBJECT}
TALK = {"id": FILLED, "isOver": BOOL, "transcript": [OBJECT], "collectedInfo": [OBJECT], "actions": [OBJECT], "outcome": nullable(OBJECT)}
TESTED = {"status": nullable(COUNT), "latencyMs": COUNT, "body": nullable(TEXT), "outputs": [OBJECT], "error": nullable(TEXT)}
REVIEW = {"isReviewed": BOOL, "reviewedAt": nullable(DATE), "comment": nullable(TEXT), "changedAt": nullable(DATE), "changedBy": nullable(TEXT)}
ZONE = {"timeZoneId": nullable(FILLED), "iana": FILLED, "timeZone": FILLED, "waiting": COUNT, "isOpen": BOOL, "closesAt": nullable(DATE), "opensAt": nullable(DATE), "nextAt": nullable(DATE)}

FOUND = LEAD_ROW | {"pearlId": ID, "pearlName": TEXT}


def lines(judge, path, body):
    """An answer that comes line by line; its last line is {"done":true}."""
    answer = judge.client.send("POST", path, body)
    judge.check(answer.status == 200 and answer.headers.get("Content-Type") == "application/x-ndjson; charset=utf-8", f"POST {path}: {answer.status} {answer.text[:300]}")
    read = [json.loads(line) for line in answer.text.splitlines()]
    judge.check(read and read[-1] == {"done": True}, f"POST {path}: {read}")
    return read


def versions(walk):
    """A draft changes nothing until it is published; an earlier version comes back as a new one."""
    judge, path = walk.judge, f"/v2/Pearl/{walk.pearl}"
    first = judge.ok("GET", path + "/Versions", [VERSION])[0]["version"]
    opening = judge.ok("GET", path + "/Settings", OBJECT)["pearl"]["openingSentence"]
    draft = judge.ok("PUT", path + "/Draft", DRAFT, {"pearl": {"openingSentence": "A draft."}})
    judge.check(draft["settings"]["pearl"]["openingSentence"] == "A draft." and draft["errors"] == {}, f"draft: {draft}")
    judge.check(judge.ok("GET", path + "/Settings", OBJECT)["pearl"]["openingSentence"] == opening, "a draft is in force")
    judge.check(judge.ok("GET", path + "/Draft", DRAFT) == draft, "the draft differs from the answer to its change")
    judge.refused("POST", path + "/Draft/Publish", 400, "Version", body={"version": first + 7})
    published = judge.ok("POST", path + "/Draft/Publish", {"version": COUNT}, {})["version"]
    judge.check(published > first and judge.ok("GET", path + f"/Versions/{published}", VERSION | {"settings": OBJECT})["settings"]["pearl"]["openingSentence"] == "A draft.", f"version {published}")
    judge.ok("POST", path + f"/Versions/{first}/RollBack", {"version": COUNT})
    judge.check(judge.ok("GET", path + "/Settings", OBJECT)["pearl"]["openingSentence"] == opening, "an earlier version is not in force")
    judge.ok("DELETE", path + "/Draft", TRUE)


def trials(walk):
    """A Pearl is talked to by text, and rehearsed; nobody is called."""
    judge, path = walk.judge, f"/v2/Pearl/{walk.pearl}"
    talk = judge.ok("POST", path + "/Try", TALK, {"callData": {"firstName": "Ada"}})
    judge.check(talk["transcript"] and not talk["isOver"], f"a talk begins: {talk}")
    over = judge.ok("POST", path + f"/Try/{talk['id']}", TALK, {"do": "hangUp"})
    judge.check(over["isOver"] and over["outcome"], f"a talk ends: {over}")
    heard = judge.ok("POST", path + "/Try", TALK, {"byEar": True, "keysOnly": True})
    at = path + f"/Try/{heard['id']}"
    poll(lambda: judge.client.listen(at + "/Audio") == b"RIFF", bool, "a talk by ear is heard", pause=0.1)
    judge.ok("POST", at + "/Audio", TALK, {"sound": base64.b64encode(bytes(3200)).decode()})
    poll(lambda: judge.ok("POST", at + "/Audio", TALK, {"sound": ""})["transcript"], bool, "what was said in a talk by ear", pause=0.2)
    judge.ok("POST", at, TALK, {"do": "hangUp"})
    poll(lambda: judge.ok("POST", at + "/Audio", TALK, {"sound": ""})["isOver"], bool, "the end of a talk by ear", pause=0.1)
    judge.ok("PUT", path + "/Draft", DRAFT, {"pearl": {"apiSettings": [{"name": "tell", "method": 2, "endpointUrl": walk.receiver.url + "/action", "body": [{"key": "plan", "variableId": "plan", "required": True}]}]}})
    tested = judge.ok("POST", path + "/Actions/Test?draft=true", TESTED, {"member": "Pearl.ApiSettings[0]", "values": {"plan": "A"}})
    judge.check(tested["status"] == 200 and tested["error"] is None and [one.json() for one in walk.receiver.arrived("/action")] == [{"plan": "A"}], f"a request is tested: {tested}")
    judge.ok("DELETE", path + "/Draft", TRUE)
    read = lines(judge, path + "/Rehearse", {"scenarios": "scenarios:\n  - name: says hello\n    turns:\n      - hello: Hello?\n    expect: {neverSaid: [goose]}\n"})
    judge.check(read[0] == {"total": 1} and read[1]["name"] == "says hello" and read[1]["transcript"], f"rehearsal: {read}")


def many_leads(walk):
    """Leads are changed and read by a filter; the zones say who may be called."""
    judge, path = walk.judge, f"/v2/Outbound/{walk.pearl}"
    ids = [add(walk, "v2", phoneNumber=f"+1415555019{n}", externalId=f"many:{n}") for n in range(3)]
    found = lines(judge, path + "/Leads/Export", {"leadIds": ids})
    judge.check(found[0]["total"] == 3 and {row["id"] for line in found[1:-1] for row in line["results"]} == set(ids), f"export: {found}")
    told = lines(judge, path + "/Leads/Change?dryRun=true", {"leadIds": ids, "action": "status", "status": 130})
    judge.check(told[0]["total"] == 3, f"dry run: {told}")
    done = lines(judge, path + "/Leads/Change", {"leadIds": ids, "action": "status", "status": 130})
    judge.check(sum(line["changed"] for line in done[1:-1]) == 3, f"change: {done}")
    judge.check(judge.ok("GET", f"{path}/Lead/{ids[0]}", OBJECT)["status"] == 130, "a lead is not stopped")
    judge.ok("GET", path + "/Zones", [ZONE])
    for body, count in (({"searchInput": "+1 415 555 019"}, 3), ({"phoneNumber": "(1) 415-5550191"}, 1), ({"externalId": "many:2"}, 1), ({"searchInput": "many:", "limit": 2}, 3)):
        found = judge.ok("POST", "/v2/Leads", page(FOUND), body)
        judge.check(found["count"] == count and {row["id"] for row in found["results"]} <= set(ids) and {row["pearlId"] for row in found["results"]} == {walk.pearl}, f"leads found by {body}: {found}")
    judge.refused("POST", "/v2/Leads", 400, "PhoneNumber", body={"phoneNumber": "nobody"})


def operations(walk):
    """What needs attention, what the server speaks with, what a person notes of a call."""
    judge = walk.judge
    judge.ok("GET", "/v2/Attention", [OBJECT])
    providers = judge.ok("GET", "/v2/Providers", [OBJECT])
    tested = next(one for one in providers if one["canTest"])
    judge.ok("POST", "/v2/Providers/Test", {"ok": BOOL, "latencyMs": COUNT, "detail": ANY}, {"kind": tested["kind"], "name": tested["name"]})
    review = judge.ok("PUT", f"/v2/Call/{walk.finished_call}/Review", REVIEW, {"isReviewed": True, "comment": "Well done."})
    judge.check(review["isReviewed"] and judge.ok("GET", f"/v2/Call/{walk.finished_call}/Review", REVIEW) == review, f"review: {review}")


def sandbox_campaign(walk):
    """The sample calls simulated people at once; one of its talks is listened to."""
    judge = walk.judge
    made = judge.ok("POST", "/v2/SandboxCampaign", {"id": ID})["id"]
    dates = {"fromDate": date_text(now() - timedelta(hours=1)), "toDate": date_text(now() + timedelta(hours=1))}

    def heard():
        calls = judge.ok("POST", f"/v2/Pearl/{made}/Calls", OBJECT, dates)["results"]
        return any(judge.client.listen(f"/v2/Call/{call['id']}/Audio") == b"RIFF" for call in calls if call["status"] == 3)

    poll(heard, bool, "a talk is heard", pause=0.3)
    judge.ok("PUT", f"/v2/Pearl/{made}/Active?hangUp=true", {2}, {"isActive": False})


steps = [versions, trials, many_leads, operations, sandbox_campaign]
