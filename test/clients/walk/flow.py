"""Real calls to simulated people, watched from both sides: over the API and at the receiver of webhooks."""

import io
import time
import wave
from datetime import datetime, timedelta, timezone

from leads import add, read
from objects import (ANALYTICS_V1, ANALYTICS_V2, BLACKLIST_ROW, CALL, CALL_BULK, CALL_READ, CALL_WEBHOOK, CALL_REQUEST, CALL_ROW, DELIVERY, DELIVERY_ROW, EVENT, HISTORY, LEAD_V1, LEAD_V2, LEAD_WEBHOOK,
                     OUTBOUND_V1, OUTBOUND_V2, RECEIPT, WEBHOOK_SETTINGS, page, pascal)
from pearls import campaign
from sdk import date_text, given, now
from shape import ANY, BOOL, COUNT, DATE, OBJECT, TEXT, TRUE, URL

UNTIL_DONE = 120  # seconds: the longest talk of the people called here, with room for a busy machine
FINAL = {4, 5, 6, 7, 8}
AGREES, AGREES_V1, MADE, RINGS_STOP, RINGS_BLACKLIST, RINGS_DELETE, RINGS_NUMBER, RINGS_HANG_UP, RINGS_OUT, BUSY = (
    "+14155550103", "+14155550104", "+14155550105", "+16505550125", "+16505550126", "+16505550127", "+16505550128", "+17025550125", "+17025550126", "+14155550120")


def poll(ask, holds, what, seconds=UNTIL_DONE, pause=0.1):
    """Asks until the answer holds; clients poll, so the walk does."""
    end = time.monotonic() + seconds
    while True:
        answer = ask()
        if holds(answer):
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s; last {answer}")
        time.sleep(pause)


def begin(walk):
    """Two running campaigns, one with webhooks of each version, and leads of every kind."""
    judge = walk.judge
    walk.begun = now()
    hooks = {"callWebhookUrl": walk.receiver.url + "/call?token=a%2Bb", "leadWebhookUrl": walk.receiver.url + "/lead"}
    walk.live = judge.created("/v2/Pearl", campaign(walk, "Live", totalAgents=12, ringDuration=45, maximumCallAttempts=1, webhookCredential="crm secret",
                                                    webhookCredentialHeader="X-Api-Key", **hooks))
    hooks = {name: url.replace("/call?token=a%2Bb", "/call1").replace("/lead", "/lead1") for name, url in hooks.items()}
    walk.live_v1 = judge.created("/v2/Pearl", campaign(walk, "Live V1", webhookVersion=1, webhookCredential="crm secret", ringDuration=10, maximumCallAttempts=1, totalAgents=2, **hooks))
    walk.leads = {number: add(walk, ("v1", "v2")[n % 2], pearl=walk.live, phoneNumber=number, externalId=f"crm:{n}", callData={"firstName": "Ada", "lastName": f"No {n}", "carLicense": "90-929-82"})
                  for n, number in enumerate((AGREES, RINGS_STOP, RINGS_BLACKLIST, RINGS_DELETE, RINGS_NUMBER, RINGS_HANG_UP, BUSY))}
    walk.leads_v1 = {number: add(walk, "v1", pearl=walk.live_v1, phoneNumber=number, externalId="v1", callData={"Case Kept": 1}) for number in (AGREES_V1, RINGS_OUT)}
    judge.ok("POST", f"/v1/Outbound/{walk.live}/Active", {1}, {"isActive": True})
    judge.ok("PUT", f"/v2/Pearl/{walk.live_v1}/Active", {1}, {"isActive": True})


def make_call(walk):
    """Make call, poll the request: the call's id is there as soon as it dials; poll Get Call until it is final."""
    judge = walk.judge
    receipt = judge.ok("POST", f"/v1/Outbound/{walk.live}/Call", RECEIPT, {"to": "1 (415) 555-0105", "callData": {"name": "Grace"}})
    walk.request = receipt["id"]
    judge.check(receipt["to"] == MADE and receipt["from"] == walk.number, f"receipt: {receipt}")
    asked = judge.miss("GET", f"/v2/Call/{walk.request}", "wrong CallId")
    judge.check("CallRequest" in str(asked.get("detail")), f"a call request asked for as a call: detail {asked.get('detail')!r}")
    asked = judge.miss("GET", f"/v1/Call/{walk.request}", "wrong CallId")
    judge.check("/v1/Outbound/CallRequest/" in str(asked.get("detail")), f"a call request asked for as a call: detail {asked.get('detail')!r}")
    path = f"/v1/Outbound/CallRequest/{walk.request}"
    begun = poll(lambda: judge.ok("GET", path, CALL_REQUEST), lambda request: request["callId"] or request["status"] not in (1,), "made call begins", 20)
    judge.check(begun["status"] == 2 and begun["callId"] and begun["outboundId"] == walk.live and begun["errors"] == [], f"call request when it dials: {begun}")
    walk.made = begun["callId"]
    call = judge.ok("GET", f"/v2/Call/{walk.made}", CALL)
    in_progress(judge, call)
    judge.check(call["leadId"] is None and call["to"] == MADE and call["name"] == "Grace", f"a made call: {call}")
    judge.ok("GET", f"/v2/CallRequest/{walk.request}", CALL_REQUEST)


def in_progress(judge, call):
    judge.check((call["status"], call["conversationStatus"], call["duration"], call["summary"], call["recording"]) == (3, 40, 0, None, None), f"a call in progress: {call}")


def ringing(walk, number):
    """Waits until the lead's call is in the air, and answers the lead."""
    return poll(lambda: read(walk, walk.leads[number], pearl=walk.live), lambda lead: lead["status"] == 40 and lead["callsId"], f"{number} is called", 30)


def final_call(walk, call, seconds=UNTIL_DONE):
    return poll(lambda: walk.judge.ok("GET", f"/v1/Call/{call}", CALL), lambda one: one["status"] in FINAL, f"call {call} is final", seconds)


def unanswered(judge, call, status, conversation):
    judge.check((call["status"], call["conversationStatus"], call["duration"], call["recording"]) == (status, conversation, 0, None)
                and call["transcript"] == call["collectedInfo"] == call["tags"] == [], f"a call to nobody, want {status}, {conversation}: {call}")


def change_while_ringing(walk):
    """A stop, a blacklist entry, a new number, a deletion, a hang-up: each cancels the call that rings."""
    judge = walk.judge
    path = f"/v2/Outbound/{walk.live}/Lead/"
    calls = {number: ringing(walk, number)["callsId"][-1] for number in (RINGS_STOP, RINGS_BLACKLIST, RINGS_DELETE, RINGS_NUMBER, RINGS_HANG_UP)}
    for number, call in calls.items():
        in_progress(judge, judge.ok("GET", f"/v2/Call/{call}", CALL))
    judge.refused("DELETE", "/v2/Call", 400, body={"callIds": [calls[RINGS_STOP]]})
    counted = judge.ok("GET", f"/v2/Pearl/{walk.live}", OUTBOUND_V2)
    judge.check(counted["totalOngoingCalls"] >= 5 and counted["status"] == 1 and counted["totalLeads"] == 7, f"totals while calling: {counted}")

    began = time.monotonic()
    stopped = judge.ok("PUT", f"/v1/Outbound/{walk.live}/Lead/{walk.leads[RINGS_STOP]}", LEAD_V1, {"status": 130})
    judge.check(stopped["status"] == 130 and stopped["callsId"] == [calls[RINGS_STOP]], f"the answer to a stop: {stopped}")
    call = final_call(walk, calls[RINGS_STOP], 10)
    judge.check(time.monotonic() - began < 6, f"the cancel of a ringing call took {time.monotonic() - began:.1f} s")
    unanswered(judge, call, 8, 10)
    judge.check(read(walk, walk.leads[RINGS_STOP], pearl=walk.live)["status"] == 130, "the hand-set status did not win")

    judge.ok("POST", "/v2/Account/Blacklist", TRUE, {"phoneNumbers": [RINGS_BLACKLIST]})
    unanswered(judge, final_call(walk, calls[RINGS_BLACKLIST], 10), 8, 10)
    poll(lambda: read(walk, walk.leads[RINGS_BLACKLIST], pearl=walk.live), lambda lead: lead["status"] == 220, "a blacklisted ringing lead is 220", 10)
    again = judge.ok("POST", f"/v1/Outbound/{walk.live}/Call", RECEIPT, {"to": RINGS_BLACKLIST})["id"]
    refused = poll(lambda: judge.ok("GET", f"/v1/Outbound/CallRequest/{again}", CALL_REQUEST), lambda one: one["status"] not in (1, 2), "a blacklisted request ends", 10)
    judge.check(refused["status"] == 20 and refused["callId"] is None, f"call request to a blacklisted number: {refused}")
    judge.ok("POST", "/v2/Account/Blacklist/Remove", TRUE, {"phoneNumbers": [RINGS_BLACKLIST]})
    judge.check(judge.ok("POST", "/v2/Account/Blacklist/Search", page(BLACKLIST_ROW), {"search": RINGS_BLACKLIST})["count"] == 0, "the entry is still there")

    judge.ok("DELETE", f"/v2/Outbound/{walk.live}/Leads", TRUE, {"leadIds": [walk.leads[RINGS_DELETE]]})
    judge.miss("GET", path + walk.leads[RINGS_DELETE], "wrong LeadId")
    kept = final_call(walk, calls[RINGS_DELETE], 10)
    unanswered(judge, kept, 8, 10)
    judge.check(kept["leadId"] == walk.leads[RINGS_DELETE], f"the call of a deleted lead: {kept}")

    moved = judge.ok("PUT", path + walk.leads[RINGS_NUMBER], LEAD_V2, {"phoneNumber": "+14155550106"})
    judge.check(moved["phoneNumber"] == "+14155550106" and moved["status"] == 1, f"a new number while ringing: {moved}")
    unanswered(judge, final_call(walk, calls[RINGS_NUMBER], 10), 8, 10)

    judge.ok("POST", f"/v2/Call/{calls[RINGS_HANG_UP]}/HangUp", TRUE)
    unanswered(judge, final_call(walk, calls[RINGS_HANG_UP], 10), 8, 150)
    walk.stopped_call, walk.deleted_lead_call = calls[RINGS_STOP], calls[RINGS_DELETE]


def withdraw_request(walk):
    """A request that waits (its number is on a live call) can be withdrawn."""
    judge = walk.judge
    receipt = judge.ok("POST", f"/v1/Outbound/{walk.live}/Call", RECEIPT, given(to="+18085550125"))
    poll(lambda: judge.ok("GET", f"/v1/Outbound/CallRequest/{receipt['id']}", CALL_REQUEST), lambda one: one["callId"], "a made call begins", 20)
    waiting = judge.ok("POST", f"/v1/Outbound/{walk.live}/Call", RECEIPT, {"to": "+18085550125"})["id"]
    judge.ok("POST", f"/v2/CallRequest/{waiting}/Cancel", TRUE)
    ended = judge.ok("GET", f"/v2/CallRequest/{waiting}", CALL_REQUEST)
    judge.check(ended["status"] == 100 and ended["errors"] == ["cancelled"] and ended["callId"] is None, f"a withdrawn request: {ended}")
    judge.refused("POST", f"/v2/CallRequest/{waiting}/Cancel", 400)
    live = judge.ok("GET", f"/v1/Outbound/CallRequest/{receipt['id']}", CALL_REQUEST)["callId"]
    judge.ok("POST", f"/v2/Call/{live}/HangUp", TRUE)
    final_call(walk, live, 10)
    done = judge.ok("GET", f"/v1/Outbound/CallRequest/{receipt['id']}", CALL_REQUEST)
    judge.check(done["status"] == 10, f"a request whose call has ended: {done}")


def success(walk):
    """A person who agrees: the lead, its call, transcript, collected values, recording."""
    judge = walk.judge
    lead = poll(lambda: read(walk, walk.leads[AGREES], pearl=walk.live), lambda one: one["status"] not in (1, 20, 40), "a person agrees", pause=0.3)
    judge.check(lead["status"] == 100 and len(lead["callsId"]) == 1 and lead["collectedData"].get("agrees") is True, f"the lead of a person who agrees: {lead}")
    call = final_call(walk, lead["callsId"][0], 1)
    answered(walk, call)
    judge.check((call["leadId"], call["to"], call["name"], call["pearlId"], call["relatedId"]) == (lead["id"], AGREES, "Ada No 0", walk.live, walk.live), f"the call: {call}")
    judge.check({"id": "agrees", "name": "agreement", "value": True} in call["collectedInfo"], f"collectedInfo: {call['collectedInfo']}")
    last = lead["lastCall"]
    judge.check(last["id"] == call["id"] and last["startTime"] == call["startTime"] and last["status"] == 4 and last["duration"] == call["duration"]
                and last["collectedData"] == {"transcript": call["transcript"], "collectedInfos": call["collectedInfo"]}, f"lastCall {last} of {call}")
    v1 = read(walk, lead["id"], "v1", walk.live)
    judge.check({name: value for name, value in v1.items() if name != "lastCall"} == {name: value for name, value in lead.items() if name not in ("timeZoneId", "lastCall")}, "v1 and v2 differ")
    two, one = judge.ok("GET", f"/v2/Call/{call['id']}", CALL), judge.ok("GET", f"/v1/Call/{call['id']}", CALL)
    for got in (two, one):
        judge.check(got | {"recording": 0} == call | {"recording": 0}, f"a final call changed: {got}, {call}")
    history = judge.ok("GET", f"/v2/Outbound/{walk.live}/Lead/{lead['id']}/History", {"count": COUNT, "results": HISTORY})
    judge.check(call["id"] in {row["callId"] for row in history["results"]}, f"history without the call: {history}")
    made = poll(lambda: judge.ok("GET", f"/v1/Outbound/CallRequest/{walk.request}", CALL_REQUEST), lambda one: one["status"] not in (1, 2), "the made call ends", pause=0.3)
    judge.check(made["status"] == 10 and made["callId"] == walk.made, f"call request of a call that ended: {made}")
    answered(walk, final_call(walk, walk.made, 1))
    walk.finished_call, walk.finished_request = call["id"], walk.request


def answered(walk, call):
    """A person who agreed."""
    judge = walk.judge
    judge.check((call["status"], call["conversationStatus"]) == (4, 100) and call["duration"] >= 1 and call["summary"] and call["transcript"], f"a call with a person who agrees: {call}")
    lines = call["transcript"]
    judge.check({2, 3} <= {line["role"] for line in lines}, f"transcript without both sides: {lines}")
    judge.check(all(line["startTime"] <= line["endTime"] for line in lines) and [line["startTime"] for line in lines] == sorted(line["startTime"] for line in lines), f"order of the transcript: {lines}")
    spoken = [line["content"] for line in lines if line["role"] == 2]
    judge.check("Hello" in spoken[0], f"the opening sentence: {spoken[0]}")


def recordings(walk):
    """A plain GET, HEAD and Range, without authorization; a wrong signature is 404."""
    judge = walk.judge
    charges = judge.ok("GET", f"/v2/Call/{walk.finished_call}/Charges", [OBJECT])
    judge.check(charges == [], f"charges of a call without outside services: {charges}")
    analysis = judge.ok("GET", f"/v2/Call/{walk.finished_call}/Analysis", OBJECT)
    judge.check(analysis == {"state": None, "tries": 0, "error": None, "at": None}, f"analysis of a call without a model: {analysis}")
    acts = judge.ok("GET", f"/v2/Call/{walk.finished_call}/Actions", [OBJECT])
    judge.check(acts == [], f"actions of a call without any: {acts}")
    signalling = judge.ok("GET", f"/v2/Call/{walk.finished_call}/Signalling", [OBJECT])
    judge.check(signalling and signalling[0]["sent"] and signalling[0]["method"] == "INVITE", f"signalling of a call: {signalling}")
    link = judge.ok("GET", f"/v2/Call/{walk.finished_call}/Recording", {"recording": URL, "expiresAt": DATE})
    expires = datetime.strptime(link["expiresAt"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=timezone.utc)
    judge.check(timedelta(days=6) < expires - now() < timedelta(days=8), f"expiresAt {link['expiresAt']}")
    whole, head = judge.client.fetch(link["recording"]), judge.client.fetch(link["recording"], "HEAD")
    judge.check(whole.status == head.status == 200 and not head.content and head.headers.get("Content-Length") == str(len(whole.content)), f"GET {whole.status}, HEAD {head.status} {head.headers.get('Content-Length')}")
    judge.check(whole.headers.get("Content-Type") in ("audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave"), f"type of a recording: {whole.headers.get('Content-Type')}")
    with wave.open(io.BytesIO(whole.content)) as audio:
        judge.check((audio.getnchannels(), audio.getsampwidth(), audio.getframerate()) == (2, 2, 8000), f"recording: {audio.getparams()}")
        seconds, duration = audio.getnframes() / 8000, judge.ok("GET", f"/v2/Call/{walk.finished_call}", CALL)["duration"]
        judge.check(abs(seconds - duration) <= 2, f"a recording of {seconds:.1f} s of a call of {duration} s")
    part = judge.client.fetch(link["recording"], headers={"Range": "bytes=4-103"})
    judge.check(part.status == 206 and part.content == whole.content[4:104] and part.headers.get("Content-Range") == f"bytes 4-103/{len(whole.content)}", f"Range: {part.status} {part.headers.get('Content-Range')}")
    judge.check(judge.client.fetch(link["recording"][:-3] + "xyz").status == 404, "a wrong signature is not 404")
    none = judge.ok("GET", f"/v2/Call/{walk.stopped_call}/Recording", {"recording": None, "expiresAt": None})
    judge.check(none["recording"] is None, f"recording of a call nobody answered: {none}")


def outcomes(walk):
    """Busy and rung out end at 150 after the one attempt; the changed number was called."""
    judge = walk.judge
    for number, status in ((BUSY, 5),):
        lead = poll(lambda: read(walk, walk.leads[number], pearl=walk.live), lambda one: one["status"] not in (1, 20, 40), f"{number} ends")
        judge.check(lead["status"] == 150, f"{number}: {lead}")
        unanswered(judge, judge.ok("GET", f"/v2/Call/{lead['callsId'][0]}", CALL), status, 150)
    moved = poll(lambda: read(walk, walk.leads[RINGS_NUMBER], pearl=walk.live), lambda one: one["status"] not in (1, 20, 40), "the new number is called", pause=0.3)
    judge.check(moved["status"] == 100 and len(moved["callsId"]) == 2, f"a lead whose number changed while ringing: {moved}")
    judge.check(judge.ok("GET", f"/v2/Call/{moved['callsId'][1]}", CALL)["to"] == "+14155550106", "the second call went to the old number")
    for number, (status, call_status) in {AGREES_V1: (100, 4), RINGS_OUT: (150, 7)}.items():
        lead = poll(lambda: read(walk, walk.leads_v1[number], "v1", walk.live_v1), lambda one: one["status"] not in (1, 20, 40), f"{number} ends", pause=0.3)
        judge.check(lead["status"] == status and lead["lastCall"]["status"] == call_status, f"{number}: {lead}")


def search_calls(walk):
    """Search, bulk read and analytics agree; v1 and v2 too."""
    judge = walk.judge
    dates = {"fromDate": date_text(walk.begun - timedelta(seconds=1)), "toDate": date_text(now() + timedelta(seconds=1))}
    found = judge.ok("POST", f"/v2/Pearl/{walk.live}/Calls", page(CALL_ROW), dates)
    judge.check(found == judge.ok("POST", f"/v1/Outbound/{walk.live}/Calls", page(CALL_ROW), dates), "call search: v1 and v2 differ")
    judge.check(found["count"] == len(found["results"]) >= 9 and walk.deleted_lead_call in {row["id"] for row in found["results"]}, f"call search: {found}")
    starts = [row["startTime"] for row in found["results"]]
    judge.check(starts == sorted(starts, reverse=True), "call search is not newest first")
    pages, skip = [], 0
    while True:
        got = judge.ok("POST", f"/v2/Pearl/{walk.live}/Calls", page(CALL_ROW), dates | {"skip": skip, "limit": "4"})["results"]
        pages += got
        if len(got) < 4:
            break
        skip += 4
    judge.check(pages == found["results"], "call search by pages of 4 differs from the whole")
    for filter_ in ({"statuses": [100]}, {"conversationStatuses": [100]}, {"statuses": ["100"]}):
        judge.check({row["conversationStatus"] for row in judge.ok("POST", f"/v2/Pearl/{walk.live}/Calls", page(CALL_ROW), dates | filter_)["results"]} == {100}, f"call search by {filter_}")
    judge.check(judge.ok("POST", f"/v1/Outbound/{walk.live}/Calls", page(CALL_ROW), dates | {"searchInput": "ADA no 0"})["count"] == 1, "call search by name")
    version = judge.ok("GET", f"/v2/Call/{walk.finished_call}", CALL)["pearlVersion"]
    for versions, has in (([version], True), ([version + 1000], False)):
        got = judge.ok("POST", f"/v2/Pearl/{walk.live}/Calls", page(CALL_ROW), dates | {"pearlVersions": versions})["results"]
        judge.check(has == (walk.finished_call in {row["id"] for row in got}), f"call search by versions {versions}: {got}")
    judge.check(judge.ok("POST", f"/v1/Outbound/{walk.live}/Calls", page(CALL_ROW), dates | {"tags": ["no such tag"]})["count"] == 0, "call search by tag")
    bulk = judge.ok("POST", f"/v2/Pearl/{walk.live}/Calls/Bulk", page(CALL_READ), dates)
    judge.check({row["id"] for row in bulk["results"]} == {row["id"] for row in found["results"]}, "bulk read has other calls than the search")
    one = next(row for row in bulk["results"] if row["id"] == walk.finished_call)
    full = judge.ok("GET", f"/v2/Call/{walk.finished_call}", CALL)
    judge.check(one | {"recording": 0} == {member: full[member] for member in CALL_READ} | {"recording": 0}, f"bulk row: {one}")
    light = judge.ok("POST", f"/v2/Pearl/{walk.live}/Calls/Bulk", page(CALL_BULK | {"summary": CALL["summary"]}), dates | {"fields": ["summary"]})
    judge.check(any(row["summary"] for row in light["results"]), "bulk read with fields [summary] has none")
    judge.check(judge.ok("POST", f"/v2/Pearl/{walk.live}/Calls/Bulk", page(CALL_READ), dates | {"fields": []}) ["count"] == bulk["count"], "bulk read with fields []")

    span = {"from": dates["fromDate"], "to": dates["toDate"]}
    report = judge.ok("POST", f"/v2/Pearl/{walk.live}/Analytics", ANALYTICS_V2, span)
    v1 = judge.ok("POST", f"/v1/Outbound/{walk.live}/Analytics", ANALYTICS_V1, span)
    judge.check(v1 == {name: value for name, value in report.items() if name in ANALYTICS_V1} and report["callType"] == 2, "analytics of v1 and v2 differ")
    overview = report["callsStatusOverview"]
    judge.check(overview["totalCalls"] == found["count"], f"totalCalls {overview['totalCalls']}, search {found['count']}")
    for name, status in (("needRetry", 10), ("voiceMailLeft", 70), ("successful", 100), ("unsuccessful", 110), ("completed", 130), ("unreachable", 150), ("error", 500)):
        count = judge.ok("POST", f"/v2/Pearl/{walk.live}/Calls", page(CALL_ROW), dates | {"statuses": [status]})["count"]
        judge.check(overview[name] == count, f"analytics {name} {overview[name]}, search {count}")
    judge.check(overview["answeredCalls"] == sum(row["status"] == 4 for row in found["results"]), f"answeredCalls {overview['answeredCalls']}")
    judge.check(sum(row["count"] for row in report["callsByHourDayOfWeeks"]) == found["count"], f"calls by hour: {report['callsByHourDayOfWeeks']}")
    judge.check(sum(row["count"] for row in report["answeredByHourDayOfWeeks"]) == overview["answeredCalls"], f"answered by hour: {report['answeredByHourDayOfWeeks']}")
    judge.check(0 < report["talkedLeads"] <= min(overview["answeredCalls"], overview["totalLeads"]), f"talkedLeads {report['talkedLeads']}")
    for line in ("callsStatusTimeLine", "callsAverageTimeLine", "callsCostTimeLine", "callsPickupRateTimeLine", "callsSuccessRateTimeLine"):
        judge.check(report[line], f"{line} is empty")
    requests = judge.ok("POST", f"/v1/Outbound/{walk.live}/CallRequest", page(CALL_REQUEST), {"sortProp": "created", "isAscending": True})
    judge.check(requests["count"] == 4 and requests["results"][0]["id"] == walk.request, f"call requests: {requests}")


def webhooks(walk):
    """What a CRM has been told: every change once, in order, signed, as documented."""
    judge, receiver = walk.judge, walk.receiver
    secret = judge.ok("GET", f"/v2/Pearl/{walk.live}/Webhooks", WEBHOOK_SETTINGS)["secret"]
    secret_v1 = judge.ok("GET", f"/v2/Pearl/{walk.live_v1}/Webhooks", WEBHOOK_SETTINGS)["secret"]

    def told(path, **members):
        return [one for one in receiver.arrived(path) if all(one.json().get(name) == value for name, value in members.items())]

    ends = [dict(id=walk.finished_call, status=4), dict(id=walk.made, status=4), dict(id=walk.stopped_call, status=8)]
    judge.check(receiver.wait(20, lambda: all(told("/call?token=a%2Bb", **end) for end in ends) and told("/lead", id=walk.leads[AGREES], status=100)
                              and told("/call1", LeadId=walk.leads_v1[RINGS_OUT], Status=7) and told("/lead1", Id=walk.leads_v1[RINGS_OUT], Status=150)), "webhooks are missing after 20 s")
    lead_v1, call_v2 = pascal(LEAD_WEBHOOK), CALL_WEBHOOK
    for path, want, key in (("/call?token=a%2Bb", call_v2, secret), ("/lead", LEAD_WEBHOOK, secret), ("/call1", pascal(call_v2), secret_v1), ("/lead1", lead_v1, secret_v1)):
        seen = set()
        for one in receiver.arrived(path):
            judge.shape(want, one.json(), f"webhook {path}")
            judge.check(one.signed_with(key), f"webhook {path}: the signature is not that of the secret")
            judge.check(abs(int(one.headers["webhook-timestamp"]) - one.at) < 10, f"webhook {path}: webhook-timestamp {one.headers['webhook-timestamp']}")
            judge.check(one.headers["Content-Type"] == "application/json; charset=utf-8", f"webhook {path}: {one.headers['Content-Type']}")
            judge.check(one.headers["webhook-id"] not in seen, f"webhook {path}: {one.headers['webhook-id']} came twice though it was answered 200")
            seen.add(one.headers["webhook-id"])
            credential = (one.headers.get("X-Api-Key"), one.headers.get("Authorization"))
            judge.check(credential == (("crm secret", None) if want in (call_v2, LEAD_WEBHOOK) else (None, "Bearer crm secret")), f"webhook {path}: credential {credential}")
    lives = {AGREES: [20, 40, 100], BUSY: [20, 40, 150], RINGS_STOP: [20, 40, 130], RINGS_BLACKLIST: [20, 40, 220], RINGS_NUMBER: [20, 40, 1, 20, 40, 100], RINGS_HANG_UP: [20, 40, 150], RINGS_DELETE: [20, 40]}
    for number, want in lives.items():
        got = [one.json()["status"] for one in told("/lead", id=walk.leads[number])]
        judge.check(got == want, f"lead webhooks of {number}: {got}, want {want}")
        both = sorted(told("/lead", id=walk.leads[number]) + told("/call?token=a%2Bb", leadId=walk.leads[number]), key=lambda one: int(one.headers["nacre-sequence"]))
        judge.check(len({one.headers["nacre-sequence"] for one in both}) == len(both), f"nacre-sequence of {number} repeats")
    for call in (walk.finished_call, walk.made, walk.stopped_call, walk.deleted_lead_call):
        bodies = [one.json() for one in told("/call?token=a%2Bb", id=call)]
        stored = judge.ok("GET", f"/v2/Call/{call}", CALL)
        if judge.check(len(bodies) == 2, f"{len(bodies)} call webhooks of {call}"):
            in_progress(judge, bodies[0])
            known = {member: value for member, value in stored.items() if member in CALL_WEBHOOK}
            judge.check(bodies[1] | {"recording": 0} == known | {"recording": 0}, f"the end of a call: {bodies[1]}, stored {stored}")
    end = told("/call?token=a%2Bb", id=walk.finished_call)[1].json()
    judge.check(judge.client.fetch(end["recording"], "HEAD").status == 200, "the recording link of the webhook does not work")
    success = told("/lead", id=walk.leads[AGREES])[-1].json()
    judge.check((success["externalId"], success["callsId"], success["collectedData"].get("agrees")) == ("crm:0", [walk.finished_call], True), f"the last lead webhook: {success}")
    old = [one.json() for one in told("/lead1", Id=walk.leads_v1[AGREES_V1])]
    judge.check([one["Status"] for one in old] == [20, 40, 100] and all(one["CallData"] == {"Case Kept": 1} for one in old), f"V1 lead webhooks: {old}")

    listed = judge.ok("POST", f"/v2/Pearl/{walk.live}/Webhooks/Deliveries", page(DELIVERY_ROW), {"state": "delivered", "leadId": walk.leads[AGREES], "limit": "100"})
    judge.check(listed["count"] == 5, f"{listed['count']} deliveries of a lead that agreed")
    walk.finished_delivery = listed["results"][0]["id"]
    delivery = judge.ok("GET", f"/v2/Webhooks/Deliveries/{walk.finished_delivery}", DELIVERY)
    judge.check(delivery["tries"] and delivery["tries"][0]["status"] == 200, f"delivery: {delivery}")
    path = {"lead": "/lead", "call": "/call?token=a%2Bb"}[delivery["kind"]]
    before = len(receiver.arrived(path))
    judge.ok("POST", f"/v2/Webhooks/Deliveries/{walk.finished_delivery}/Replay", TRUE)
    judge.check(receiver.wait(10, lambda: len(receiver.arrived(path)) > before), "a replayed delivery did not arrive")
    again = [one for one in receiver.arrived(path) if one.headers["webhook-id"] == receiver.arrived(path)[-1].headers["webhook-id"]]
    judge.check(len(again) == 2 and again[0].body == again[1].body, "a replay is not the same delivery, byte for byte")
    judge.ok("POST", f"/v2/Pearl/{walk.live}/Webhooks/Replay", ANY, {"from": date_text(walk.begun), "to": date_text(now())})


def events(walk):
    """The feed has what the webhooks carried, in order; the stream is the feed, and more."""
    judge, receiver = walk.judge, walk.receiver
    page_of = {"cursor": TEXT, "hasMore": BOOL, "results": [EVENT]}
    after, all_ = "0", []
    while True:
        page_ = judge.ok("GET", f"/v2/Events?after={after}&limit=50", page_of)
        all_ += page_["results"]
        after = page_["cursor"]
        if not page_["hasMore"]:
            break
    places = [int(one["cursor"]) for one in all_]
    judge.check(places == sorted(set(places)), f"cursors of events: {places}")
    known = {one["id"]: one for one in all_}
    sent = {one.headers["webhook-id"]: one for one in receiver.arrived("/lead")}
    judge.check(sent and all(known.get(id_, {}).get("body") == one.json() for id_, one in sent.items()), "a webhook is not in the feed as it was sent")
    judge.check(int(judge.ok("GET", "/v2/Events?after=end", page_of)["cursor"]) >= int(after), "the end of the feed is before what was read")
    judge.refused("GET", "/v2/Events?limit=1001", 400, "Limit")
    judge.refused("GET", "/v2/Events?after=never", 400, "After")
    first = judge.client.follow("/v2/Events/Stream?after=" + all_[-2]["cursor"])
    judge.check(first == [("id", all_[-1]["cursor"]), ("event", all_[-1]["kind"])], f"a stream begins with {first}")


def delete_calls(walk):
    """A deleted call is a miss, leaves its lead, and its link stops working."""
    judge = walk.judge
    lead = walk.leads_v1[AGREES_V1]
    call = read(walk, lead, "v1", walk.live_v1)["callsId"][0]
    link = judge.ok("GET", f"/v1/Call/{call}", CALL)["recording"]
    spent = judge.ok("GET", f"/v1/Outbound/{walk.live_v1}", OUTBOUND_V1)["budgetConsumed"]
    judge.ok("DELETE", "/v1/Call", TRUE, {"callIds": [call, "no id"]})
    for version in ("v1", "v2"):
        judge.miss("GET", f"/{version}/Call/{call}", "wrong CallId")
        judge.ok("DELETE", f"/{version}/Call", TRUE, {"callIds": [call]})
    after = read(walk, lead, pearl=walk.live_v1)
    judge.check(after["callsId"] == [] and after["lastCall"] is None and after["status"] == 100, f"the lead after its call was deleted: {after}")
    judge.check(judge.client.fetch(link).status == 404, "the link of a deleted recording still works")
    judge.check(judge.ok("GET", f"/v1/Outbound/{walk.live_v1}", OUTBOUND_V1)["budgetConsumed"] == spent, "budgetConsumed lost a deleted call")
    for path in (walk.live, walk.live_v1):
        judge.ok("POST", f"/v1/Outbound/{path}/Active", {2}, {"isActive": False})
    totals = judge.ok("GET", f"/v1/Outbound/{walk.live}", OUTBOUND_V1)
    judge.check((totals["totalLeads"], totals["totalLeadsCompleted"], totals["totalLeadsSuccess"], totals["totalOngoingCalls"]) == (6, 6, 2, 0), f"totals at the end: {totals}")


steps = [begin, make_call, change_while_ringing, withdraw_request, success, recordings, outcomes, search_calls, webhooks, events, delete_calls]
