"""Routes of calls, call requests and analytics where nothing has been called yet, and everything they refuse."""

from datetime import timedelta

from objects import ANALYTICS_INBOUND_V1, ANALYTICS_V1, ANALYTICS_V2, CALL, CALL_REQUEST, CALL_ROW, page
from sdk import date_text, now
from shape import TRUE


def searches(walk):
    """Dates are required, at most 100 a page, in every spelling of the route."""
    judge = walk.judge
    dates = {"fromDate": date_text(now() - timedelta(days=30)), "toDate": date_text(now())}
    routes = (f"/v1/Outbound/{walk.pearl}/Calls", f"/v1/Inbound/{walk.inbound}/Calls", f"/v2/Pearl/{walk.pearl}/Calls", f"/v2/Pearl/{walk.inbound}/Calls",
              f"/v2/Pearl/{walk.pearl}/Calls/Bulk")
    for path in routes:
        empty = judge.ok("POST", path, page(CALL if path.endswith("Bulk") else CALL_ROW), dates | {"skip": "0", "limit": 100, "tags": None, "statuses": []})
        judge.check(empty == {"count": 0, "results": []}, f"{path} of a Pearl without calls: {empty}")
        judge.refused("POST", path, 400, "FromDate", body={"toDate": dates["toDate"]})
        judge.refused("POST", path, 400, "ToDate", body={"fromDate": dates["fromDate"]})
        judge.refused("POST", path, 400, body={"fromDate": dates["toDate"], "toDate": dates["fromDate"]})
        judge.refused("POST", path, 400, "FromDate", body=dates | {"fromDate": "yesterday"})
        judge.refused("POST", path, 400, "Limit", body=dates | {"limit": 101})
        judge.refused("POST", path, 400, "Skip", body=dates | {"skip": -1})
        judge.refused("POST", path, 400, "$", content=b"")
    for path in routes[:4]:
        judge.refused("POST", path, 400, "SortProp", body=dates | {"sortProp": "colour"})
        for column in ("startTime", "duration", "status", "conversationStatus", "from", "to", "name", "id", "cost", "latencyMs", "STARTTIME", "", None):
            judge.ok("POST", path, page(CALL_ROW), dates | {"sortProp": column})
    judge.refused("POST", routes[4], 400, "Fields", body=dates | {"fields": ["Audio"]})


def requests(walk):
    """A call on a campaign that is paused is refused; an empty `to` tells that key and id are right."""
    judge = walk.judge
    path = f"/v1/Outbound/{walk.pearl}/Call"
    judge.refused("POST", path, 400, "validation", "Outbound is inactive", body={"to": "+14155550101"})
    for body in ({"to": ""}, {"to": None}, {}, {"to": "call me"}):
        judge.refused("POST", path, 400, "To", body=body)
    judge.refused("POST", path, 400, "$", content=b"")
    search = f"/v1/Outbound/{walk.pearl}/CallRequest"
    for body in ({}, {"skip": 0, "limit": 100, "sortProp": "created", "isAscending": True}, {"fromDate": date_text(now() - timedelta(days=1)), "toDate": date_text(now())}):
        judge.check(judge.ok("POST", search, page(CALL_REQUEST), body)["count"] == 0, "call requests without any made")
    judge.refused("POST", search, 400, "Limit", body={"limit": 101})
    judge.refused("POST", search, 400, "SortProp", body={"sortProp": "to"})


def lists_of_ids(walk):
    judge = walk.judge
    for version in ("v1", "v2"):
        for body in ({}, {"callIds": None}):
            judge.refused("DELETE", f"/{version}/Call", 400, "CallIds", body=body)
        judge.refused("DELETE", f"/{version}/Call", 400, "CallIds[0]", body={"callIds": [7]})
        judge.refused("DELETE", f"/{version}/Call", 400, "$")
        judge.ok("DELETE", f"/{version}/Call", TRUE, {"callIds": []})


def analytics(walk):
    """Every key without any call; the range is bounded."""
    judge, end = walk.judge, now()
    for path, want in ((f"/v1/Outbound/{walk.pearl}", ANALYTICS_V1), (f"/v1/Inbound/{walk.inbound}", ANALYTICS_INBOUND_V1), (f"/v2/Pearl/{walk.pearl}", ANALYTICS_V2),
                       (f"/v2/Pearl/{walk.inbound}", ANALYTICS_V2)):
        path += "/Analytics"
        for begin in (date_text(end - timedelta(days=90)), (end - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ"), (end - timedelta(days=1)).strftime("%Y-%m-%d")):
            report = judge.ok("POST", path, want, {"from": begin, "to": date_text(end)})
            judge.check(set(report["callsStatusOverview"].values()) == {0} and report["callsByHourDayOfWeeks"] == [], f"analytics without calls: {report}")
        if "callType" in want:
            judge.check(report["callType"] == (1 if walk.inbound in path else 2), f"callType {report['callType']}")
        judge.refused("POST", path, 400, "From", body={"to": date_text(end)})
        judge.refused("POST", path, 400, "To", body={"from": date_text(end)})
        judge.refused("POST", path, 400, body={"from": date_text(end), "to": date_text(end - timedelta(days=1))})
        judge.refused("POST", path, 400, body={"from": date_text(end - timedelta(days=91)), "to": date_text(end)})
        judge.refused("POST", path, 400, "$", content=b"")


steps = [searches, requests, lists_of_ids, analytics]
