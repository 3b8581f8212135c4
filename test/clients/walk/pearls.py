"""Pearls: creation by form and from nodes, settings, running and pausing, memory, webhook settings, archiving."""

import re

from frame import NOWHERE
from objects import (INBOUND_PEARL_SETTINGS, INBOUND_ROW_V1, INBOUND_V1, INBOUND_V2, ONGOING, OUTBOUND_PEARL_SETTINGS, OUTBOUND_V1, OUTBOUND_V2,
                     PEARL_MEMBERS, PEARL_ROW_V1, PEARL_ROW_V2, WEBHOOK_SETTINGS)
from sdk import given
from shape import ANY, FILLED, TRUE

EVERY_HOUR = [{"day": day, "start": "00:00", "end": "24:00"} for day in range(7)]
VARIABLES = [
    {"id": "carLicense", "name": "licence", "group": 1},
    {"id": "agrees", "name": "agreement", "group": 2, "type": "boolean", "description": "Do you agree?"},
]


def campaign(walk, name, **outbound):
    """The body of a campaign on the sandbox number with all hours open."""
    return {
        "name": name,
        "pearl": {
            "companyDescription": "A chain of gyms.", "timeZone": "Pacific Standard Time", "openingSentence": "Hello {firstName}, this is Pearl Fitness.",
            "successDescription": "The person agrees.", "indicatorTags": [{"id": "keen", "name": "keen", "description": "is keen", "color": 3}],
        },
        "variables": VARIABLES,
        "outbound": given(phoneNumberId=walk.number_id, callingHours=EVERY_HOUR, voiceMail="Please call us back.") | outbound,
    }


def create(walk):
    """The paused campaign most of the walk works on."""
    judge = walk.judge
    walk.pearl = judge.created("/v2/Pearl", campaign(walk, "Walk", budgetTotal="100"))
    walk.second = judge.created("/v2/Pearl", campaign(walk, "Second"))
    walk.inbound = judge.created("/v2/Pearl", {
        "name": "Reception", "pearl": campaign(walk, "")["pearl"], "variables": VARIABLES,
        "inbound": {"totalAgents": 2, "recordingOptions": True, "waitingSentence": "One moment.", "isSayQueueDetails": False, "transcriptOptions": 1},
    })
    nodes = [
        {"nodeId": "open", "name": "Open", "nodeType": 2, "script": "Hello {firstName}", "transitions": [{"name": "go", "toNodeId": "stock"}]},
        {"nodeId": "stock", "name": "Stock", "nodeType": 40, "apiSettings": {"name": "stock", "method": 2, "endpointUrl": "https://api.example.com/", "description": "d",
         "outputBody": [{"key": "n", "variableId": "agrees"}]}, "transitions": [{"name": "ok", "toNodeId": "end", "apiResult": 1}, {"name": "no", "toNodeId": "end", "apiResult": 2}]},
        {"nodeId": "end", "name": "End", "nodeType": 100, "script": "Goodbye"},
    ]
    voice = {"name": "Nodes", "pearl": {"companyDescription": "A florist.", "timeZone": "Europe/Rome", "nodes": nodes}, "variables": VARIABLES, "outbound": {}}
    walk.nodes = judge.created("/v2/Pearl/Voice", voice)
    nodes[0]["transitions"][0]["toNodeId"] = "nowhere"
    judge.refused("POST", "/v2/Pearl/Voice", 400, "Pearl.Nodes[0].Transitions[0].ToNodeId", body=voice)


def faults(walk):
    """What is refused at creation, each under its place."""
    judge, good = walk.judge, campaign(walk, "Faulty")
    for member, value, key, text in (
        ("totalAgents", 0, "TotalAgents", None), ("ringDuration", 9, "RingDuration", None), ("ringDuration", 51, "RingDuration", None),
        ("callTimeout", 121, "CallTimeout", None), ("maximumCallAttempts", 12, "MaximumCallAttempts", None), ("minimumRetryIntervalHours", 24, "MinimumRetryIntervalHours", None),
        ("recordingTrack", 5, "RecordingTrack", None), ("timeZone", "Local", "TimeZone", None), ("callWebhookUrl", "ftp://crm.example", "CallWebhookUrl", "Invalid Webhook URL"),
        ("leadWebhookUrl", "https://u:p@crm.example/", "LeadWebhookUrl", "Invalid Webhook URL"), ("voiceMail", "x" * 501, "VoiceMail", None), ("screeningAnswer", "x" * 301, "ScreeningAnswer", None), ("menuKeys", "1a", "MenuKeys", None),
        ("callingHours", [{"day": 1, "start": "09:00", "end": "09:00"}], None, "CallingHours"), ("phoneNumberId", NOWHERE, "PhoneNumberId", None),
        ("webhookVersion", 3, "WebhookVersion", None), ("duplicatePolicy", "never", "DuplicatePolicy", None), ("retryPolicy", {"late": {"delays": [1]}}, None, "RetryPolicy"),
    ):
        pattern = re.compile(text) if key and text else None
        problem = judge.refused("POST", "/v2/Pearl", 400, key and "Outbound." + key, pattern, body=good | {"outbound": good["outbound"] | {member: value}})
        judge.check(key or any(one.startswith("Outbound." + text) for one in problem.get("errors", {})), f"{member}={value!r}: {problem.get('errors')}")
        problem = judge.refused("PUT", f"/v2/Pearl/{walk.pearl}/Settings/Outbound", 400, key, pattern, body={member: value})
        judge.check(key or any(one.startswith(text) for one in problem.get("errors", {})), f"{member}={value!r}: {problem.get('errors')}")
    for member in ("companyDescription", "timeZone", "openingSentence"):
        judge.refused("POST", "/v2/Pearl", 400, "Pearl." + member[0].upper() + member[1:], body=good | {"pearl": {name: value for name, value in good["pearl"].items() if name != member}})
    judge.refused("POST", "/v2/Pearl", 400, "Name", body={name: value for name, value in good.items() if name != "name"})
    for n, wrong in ((0, "firstName"), (1, "email"), (1, "carLicense")):
        variables = [dict(one) for one in VARIABLES]
        variables[n]["id"] = wrong
        judge.refused("POST", "/v2/Pearl", 400, f"Variables[{n}].Id", body=good | {"variables": variables})
    judge.refused("POST", "/v2/Pearl", 400, body=good | {"inbound": {"waitingSentence": "Wait."}})
    judge.refused("POST", "/v2/Pearl", 400, "$", content=b"")
    judge.refused("PUT", f"/v2/Pearl/{walk.inbound}/Settings/Inbound", 400, "WaitingSentence", body={"waitingSentence": "x" * 301})


def lists(walk):
    judge = walk.judge
    rows = judge.ok("GET", "/v2/Pearl", [PEARL_ROW_V2])
    judge.check({row["id"]: row["type"] for row in rows} == {walk.pearl: 2, walk.second: 2, walk.nodes: 2, walk.inbound: 1}, f"list of Pearls: {rows}")
    judge.check(all(row["created"] == row["createdAt"] for row in rows), f"created and createdAt differ: {rows}")
    judge.check({row["id"] for row in judge.ok("GET", "/v1/Outbound", [PEARL_ROW_V1])} == {walk.pearl, walk.second, walk.nodes}, "v1 list of campaigns")
    judge.check({row["id"] for row in judge.ok("GET", "/v1/Inbound", [INBOUND_ROW_V1])} == {walk.inbound}, "v1 list of inbound Pearls")


def objects(walk):
    judge = walk.judge
    two = judge.ok("GET", f"/v2/Pearl/{walk.pearl}", OUTBOUND_V2)
    one = judge.ok("GET", f"/v1/Outbound/{walk.pearl}", OUTBOUND_V1)
    judge.check(two["phoneNumber"] == walk.number and two["status"] == 2 and two["budgetTotal"] == 100 and two["totalAgents"] == 1, f"a new campaign: {two}")
    judge.check(one["pearlName"] == one["name"] == two["name"] == "Walk", f"names: {one}, {two}")
    judge.ok("GET", f"/v2/Pearl/{walk.inbound}", INBOUND_V2)
    judge.ok("GET", f"/v1/Inbound/{walk.inbound}", INBOUND_V1)
    for path in (f"/v1/Inbound/{walk.inbound}", f"/v2/Pearl/{walk.inbound}", f"/v2/Pearl/{walk.pearl}"):
        judge.ok("GET", path + "/OngoingCalls", ONGOING)


def settings(walk):
    """What is sent is what is read; absent is unchanged; null clears what can be null."""
    judge, path = walk.judge, f"/v2/Pearl/{walk.pearl}/Settings"
    before = judge.ok("GET", path, OUTBOUND_PEARL_SETTINGS)
    judge.ok("GET", f"/v2/Pearl/{walk.pearl}/Warnings", [{"member": FILLED, "text": FILLED}])
    judge.check(PEARL_MEMBERS <= set(before["pearl"]), f"members of pearl missing: {PEARL_MEMBERS - set(before['pearl'])}")
    defaults = {"recordingTrack": 3, "transcriptOptions": 1, "maximumCallAttempts": 3, "minimumRetryIntervalHours": 2, "ringDuration": 30, "callTimeout": 15,
                "webhookVersion": 2, "webhookEnums": "numbers", "webhookExtras": False, "webhookAnalysis": False, "duplicatePolicy": "allow", "callRequestMaxWaitMinutes": 60, "totalAgents": 1,
                "holidays": [], "retryPolicy": None, "defaultRegion": None, "timeZone": None, "callWebhookUrl": None, "leadWebhookUrl": None}
    for member, value in defaults.items():
        judge.check(before["outbound"].get(member) == value, f"default of {member}: {before['outbound'].get(member)!r}, want {value!r}")
    judge.ok("PUT", path + "/Outbound", TRUE, {"ringDuration": "20", "webhookCredential": "crm secret", "webhookCredentialHeader": "X-Api-Key", "budgetTotal": None})
    after = judge.ok("GET", path, OUTBOUND_PEARL_SETTINGS)["outbound"]
    want = before["outbound"] | {"ringDuration": 20, "webhookCredential": "********", "webhookCredentialHeader": "X-Api-Key", "budgetTotal": None}
    judge.check(after == want, f"outbound settings after PUT: {after}, want {want}")
    judge.ok("PUT", path + "/Outbound", TRUE, {})
    judge.ok("PUT", path + "/Outbound", TRUE, after)
    judge.check(judge.ok("GET", path, OUTBOUND_PEARL_SETTINGS)["outbound"] == after, "settings sent back as read changed something")
    judge.ok("PUT", path + "/Outbound", TRUE, {"webhookCredential": None, "webhookCredentialHeader": None})

    judge.ok("PUT", f"/v2/Pearl/{walk.pearl}", TRUE, {"name": "Walk", "pearl": {"companyName": "Pearl Fitness — Zürich 健身"}})
    changed = judge.ok("GET", path, OUTBOUND_PEARL_SETTINGS)
    judge.check(changed["pearl"] == before["pearl"] | {"companyName": "Pearl Fitness — Zürich 健身"}, f"pearl after PUT: {changed['pearl']}")
    judge.check(changed["variables"] == before["variables"], "variables changed by an update without them")
    judge.refused("PUT", f"/v2/Pearl/{walk.pearl}", 400, body={"inbound": {"waitingSentence": "Wait."}})

    path = f"/v2/Pearl/{walk.inbound}/Settings"
    judge.ok("PUT", path + "/Inbound", TRUE, {"waitingSentence": "A moment, please.", "totalAgents": "3"})
    inbound = judge.ok("GET", path, INBOUND_PEARL_SETTINGS)["inbound"]
    judge.check(inbound["waitingSentence"] == "A moment, please." and inbound["totalAgents"] == 3, f"inbound settings after PUT: {inbound}")


def run_and_pause(walk):
    """Three spellings, each repeated; the answer is a bare integer."""
    judge = walk.judge
    for method, path in (("POST", f"/v1/Outbound/{walk.second}/Active"), ("PUT", f"/v2/Pearl/{walk.second}/Active"), ("POST", f"/v2/Pearl/{walk.second}/Active")):
        for active, want in ((True, 1), (True, 1), (False, 2), (False, 2)):
            judge.ok(method, path, {want}, {"isActive": active})
    judge.ok("PUT", f"/v2/Pearl/{walk.second}/Active?hangUp=true", {2}, {"isActive": False})
    judge.ok("POST", f"/v1/Inbound/{walk.inbound}/Active", {2}, {"isActive": False})
    judge.refused("PUT", f"/v2/Pearl/{walk.nodes}/Active", 400, "PhoneNumberId", body={"isActive": True})
    inbound_only = judge.ok("POST", "/v2/Account/PhoneNumbers", ANY, {"number": "+12125550136", "direction": 2, "trunkId": None})["id"]
    judge.refused("PUT", f"/v2/Pearl/{walk.nodes}/Settings/Outbound", 400, "PhoneNumberId", re.compile("not authorized for outbound calls"), body={"phoneNumberId": inbound_only})


def memory(walk):
    judge = walk.judge
    for number in ("+14155550101", "%2B14155550101"):
        judge.ok("PUT", f"/v1/Pearl/{walk.pearl}/Memory/{number}/Reset", TRUE)
    for body in ({"phoneNumber": "+14155550101"}, {"phoneNumber": None}, {}):
        judge.ok("PUT", f"/v2/Pearl/{walk.pearl}/ResetMemory", TRUE, body)
    judge.refused("PUT", f"/v2/Pearl/{walk.pearl}/ResetMemory", 400, "PhoneNumber", body={"phoneNumber": "12"})


def webhook_settings(walk):
    judge, path = walk.judge, f"/v2/Pearl/{walk.second}/Webhooks"
    before = judge.ok("GET", path, WEBHOOK_SETTINGS)
    judge.check(before["secret"].startswith("whsec_"), "secret does not begin with whsec_")
    judge.ok("PUT", path, WEBHOOK_SETTINGS, {"callWebhookUrl": walk.receiver.url + "/test?token=a%2Bb", "leadWebhookUrl": walk.receiver.url + "/test?token=a%2Bb"})
    after = judge.ok("GET", path, WEBHOOK_SETTINGS)
    judge.check(after["callWebhookUrl"] == walk.receiver.url + "/test?token=a%2Bb" and after["secret"] == before["secret"], f"webhook settings after PUT: {after}")
    judge.ok("POST", path + "/Test", ANY, {})
    judge.check(walk.receiver.wait(5, lambda: walk.receiver.arrived("/test?token=a%2Bb")), "no sample arrived")
    judge.check(all(one.signed_with(after["secret"]) for one in walk.receiver.arrived("/test?token=a%2Bb")), "the sample is not signed")
    judge.ok("PUT", path, WEBHOOK_SETTINGS, {"rotateSecret": True, "callWebhookUrl": None, "leadWebhookUrl": None})
    judge.check(judge.ok("GET", path, WEBHOOK_SETTINGS)["secret"] != before["secret"], "the secret was not rotated")
    judge.refused("PUT", path, 400, "CallWebhookUrl", re.compile("Invalid Webhook URL"), body={"callWebhookUrl": "http://"})


def clone(walk):
    """A clone has the settings of its Pearl, and nothing of what came of it."""
    judge = walk.judge
    judge.refused("POST", f"/v2/Pearl/{walk.nodes}/Clone", 400, "Name", body={"name": " "})
    made = judge.created(f"/v2/Pearl/{walk.nodes}/Clone", {"name": "Alike"})
    before, after = (judge.ok("GET", f"/v2/Pearl/{pearl}/Settings", ANY) for pearl in (walk.nodes, made))
    judge.check(after == before | {"name": "Alike"}, f"settings of a clone: {after}")
    totals = judge.ok("GET", f"/v2/Pearl/{made}", ANY)
    judge.check(totals["status"] == 2 and not totals["totalLeads"] and totals["budgetConsumed"] == 0, f"totals of a clone: {totals}")
    judge.ok("POST", f"/v2/Pearl/{made}/Archive", TRUE, {"isArchived": True})


def archive(walk):
    """An archived Pearl leaves the lists, and comes back."""
    judge = walk.judge
    for archived in (True, False):
        judge.ok("POST", f"/v2/Pearl/{walk.nodes}/Archive", TRUE, {"isArchived": archived})
        listed = walk.nodes in {row["id"] for row in judge.ok("GET", "/v2/Pearl", [PEARL_ROW_V2])}
        judge.check(listed != archived, f"isArchived {archived}: in the list: {listed}")


steps = [create, faults, lists, objects, settings, run_and_pause, memory, webhook_settings]
last = [clone, archive]
