"""Ids that do not exist, are malformed, belong to another Pearl, another type or another account: 400 with one text."""

from datetime import timedelta

from frame import NOWHERE
from leads import add
from sdk import date_text, now
from shape import TRUE

NOT_IDS = (NOWHERE, "123", "not-an-id", "g" * 24)


def _range():
    return {"from": date_text(now() - timedelta(days=1)), "to": date_text(now())}


def _dates():
    return {"fromDate": date_text(now() - timedelta(days=1)), "toDate": date_text(now())}


def outbound_routes(lead):
    """Every route under a campaign, as (method, path after the version's outbound, body)."""
    return [
        ("GET", f"/Lead/{lead}", None), ("PUT", f"/Lead/{lead}", {"status": 130}), ("GET", "/Lead/External/a:b", None),
        ("GET", "/Lead/PhoneNumber/+14155550101", None), ("POST", "/Leads", {}), ("DELETE", "/Leads", {"leadIds": [lead]}),
        ("DELETE", "/Leads/External", {"leadExternalIds": ["a"]}),
    ]


def v1_outbound(lead):
    return outbound_routes(lead) + [
        ("GET", "", None), ("POST", "/Active", {"isActive": True}), ("PUT", "/Lead", {"phoneNumber": "+14155550101"}), ("GET", "/Lead/Extrenal/a:b", None),
        ("POST", "/Calls", _dates()), ("POST", "/Call", {"to": ""}), ("POST", "/CallRequest", {}), ("POST", "/Analytics", _range()),
    ]


def v2_outbound(lead):
    return outbound_routes(lead) + [
        ("POST", "/Lead", {"phoneNumber": "+14155550101"}), ("POST", "/Leads/Add", {"leads": []}), ("PATCH", f"/Lead/{lead}", {}),
        ("GET", f"/Lead/{lead}/History", None), ("GET", f"/Lead/{lead}/Next", None),
    ]


def v1_inbound():
    return [("GET", "", None), ("POST", "/Active", {"isActive": True}), ("GET", "/OngoingCalls", None), ("POST", "/Calls", _dates()), ("POST", "/Analytics", _range())]


def v2_pearl():
    return [
        ("GET", "", None), ("PUT", "", {"name": "x"}), ("PUT", "/Active", {"isActive": True}), ("POST", "/Active", {"isActive": True}), ("GET", "/OngoingCalls", None),
        ("PUT", "/ResetMemory", {}), ("GET", "/Settings", None), ("PUT", "/Settings/Outbound", {}), ("PUT", "/Settings/Inbound", {"waitingSentence": "x"}),
        ("POST", "/Calls", _dates()), ("POST", "/Calls/Bulk", _dates()), ("POST", "/Analytics", _range()), ("POST", "/Archive", {"isArchived": False}), ("POST", "/Clone", {"name": "x"}),
        ("GET", "/Webhooks", None), ("PUT", "/Webhooks", {}), ("POST", "/Webhooks/Test", None), ("POST", "/Webhooks/Deliveries", {}), ("POST", "/Webhooks/Replay", {}),
    ]


def pearls(walk):
    """The Pearl is judged first, whatever the rest of the path or the body."""
    judge = walk.judge
    lead = add(walk, "v2", phoneNumber="+14155550109")
    for pearl in NOT_IDS + (walk.inbound,):
        for method, path, body in v1_outbound(lead):
            judge.miss(method, f"/v1/Outbound/{pearl}{path}", "wrong OutboundId", body)
        for method, path, body in v2_outbound(lead):
            judge.miss(method, f"/v2/Outbound/{pearl}{path}", "wrong PearlId", body)
    for pearl in NOT_IDS + (walk.pearl,):
        for method, path, body in v1_inbound():
            judge.miss(method, f"/v1/Inbound/{pearl}{path}", "wrong InboundId", body)
    for pearl in NOT_IDS:
        for method, path, body in v2_pearl():
            judge.miss(method, f"/v2/Pearl/{pearl}{path}", "wrong PearlId", body)
        judge.miss("PUT", f"/v1/Pearl/{pearl}/Memory/+14155550101/Reset", "wrong PearlId")


def leads(walk):
    """Also a lead of another Pearl, and a call request asked for as a call."""
    judge = walk.judge
    elsewhere = add(walk, "v1", pearl=walk.second, phoneNumber="+14155550108", externalId="elsewhere")
    for lead in NOT_IDS + (elsewhere,):
        for version in ("v1", "v2"):
            judge.miss("GET", f"/{version}/Outbound/{walk.pearl}/Lead/{lead}", "wrong LeadId")
            judge.miss("PUT", f"/{version}/Outbound/{walk.pearl}/Lead/{lead}", "wrong LeadId", {"status": 130})
        judge.miss("PATCH", f"/v2/Outbound/{walk.pearl}/Lead/{lead}", "wrong LeadId", {"status": 130})
        for more in ("/History", "/Next"):
            judge.miss("GET", f"/v2/Outbound/{walk.pearl}/Lead/{lead}{more}", "wrong LeadId")
    for version in ("v1", "v2"):
        judge.ok("DELETE", f"/{version}/Outbound/{walk.pearl}/Leads", TRUE, {"leadIds": [elsewhere]})
        judge.miss("GET", f"/{version}/Outbound/{walk.pearl}/Lead/External/elsewhere", "wrong ExternalId")
        judge.miss("GET", f"/{version}/Outbound/{walk.pearl}/Lead/PhoneNumber/+19995550100", "wrong PhoneNumber")
    judge.check(judge.client.send("GET", f"/v2/Outbound/{walk.second}/Lead/{elsewhere}").status == 200, "a lead was deleted through another campaign")


def calls(walk):
    judge = walk.judge
    for one in NOT_IDS:
        judge.miss("GET", f"/v1/Call/{one}", "wrong CallId")
        judge.miss("GET", f"/v2/Call/{one}", "wrong CallId")
        judge.miss("GET", f"/v2/Call/{one}/Recording", "wrong CallId")
        judge.miss("POST", f"/v2/Call/{one}/HangUp", "wrong CallId")
        judge.miss("GET", f"/v1/Outbound/CallRequest/{one}", "wrong CallRequestId")
        judge.miss("GET", f"/v2/CallRequest/{one}", "wrong CallRequestId")
        judge.miss("POST", f"/v2/CallRequest/{one}/Cancel", "wrong CallRequestId")
        judge.miss("GET", f"/v2/Webhooks/Deliveries/{one}", "wrong DeliveryId")
        judge.miss("POST", f"/v2/Webhooks/Deliveries/{one}/Replay", "wrong DeliveryId")
        judge.ok("DELETE", "/v1/Call", TRUE, {"callIds": [one]})
        judge.ok("DELETE", "/v2/Call", TRUE, {"callIds": [one]})


def foreign(walk):
    """The second account sees nothing of the first, and changes nothing of it."""
    judge, other = walk.judge, walk.other
    lead = add(walk, "v2", phoneNumber="+14155550107")
    before = judge.client.send("GET", f"/v2/Outbound/{walk.pearl}/Lead/{lead}").json()
    for method, path, body in v1_outbound(lead):
        other.miss(method, f"/v1/Outbound/{walk.pearl}{path}", "wrong OutboundId", body)
    for method, path, body in v2_outbound(lead):
        other.miss(method, f"/v2/Outbound/{walk.pearl}{path}", "wrong PearlId", body)
    for method, path, body in v1_inbound():
        other.miss(method, f"/v1/Inbound/{walk.inbound}{path}", "wrong InboundId", body)
    for method, path, body in v2_pearl():
        other.miss(method, f"/v2/Pearl/{walk.pearl}{path}", "wrong PearlId", body)
    for path in ("/v1/Outbound", "/v1/Inbound", "/v2/Pearl"):
        other.ok("GET", path, [{"": None}])  # an empty list
    for path, text in (("/v1/Call/", "wrong CallId"), ("/v2/Call/", "wrong CallId")):
        other.miss("GET", path + walk.finished_call, text)
    other.ok("DELETE", "/v2/Call", TRUE, {"callIds": [walk.finished_call]})
    other.miss("GET", f"/v1/Outbound/CallRequest/{walk.finished_request}", "wrong CallRequestId")
    other.miss("GET", f"/v2/Webhooks/Deliveries/{walk.finished_delivery}", "wrong DeliveryId")
    for method, body in (("PUT", {"direction": 2}), ("DELETE", None)):
        other.miss(method, f"/v2/Account/PhoneNumbers/{walk.number_id}", "wrong PhoneNumberId", body)
    for path in (f"/v2/Call/{walk.finished_call}/HangUp", f"/v2/CallRequest/{walk.finished_request}/Cancel", f"/v2/Webhooks/Deliveries/{walk.finished_delivery}/Replay"):
        other.refused("POST", path, 400, "validation")
    judge.check(judge.client.send("GET", f"/v2/Call/{walk.finished_call}").status == 200, "another account deleted a call")
    judge.check(judge.client.send("GET", f"/v2/Outbound/{walk.pearl}/Lead/{lead}").json() == before, "another account changed a lead")


steps = [pearls, leads, calls]
last = [foreign]
