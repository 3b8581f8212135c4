"""The documented objects of the API and of webhooks, member by member."""

from shape import ANY, BOOL, COUNT, DATE, DAY, FILLED, ID, INT, NUMBER, OBJECT, OFFSET, PHONE, TEXT, URL, Or, nullable

LEAD_STATUS = {1, 10, 20, 30, 40, 70, 100, 110, 130, 150, 220, 300, 500}
CONVERSATION_STATUS = {10, 20, 40, 70, 100, 110, 130, 150, 220, 300, 500}
CALL_STATUS = {3, 4, 5, 6, 7, 8}
ACTIVITY = {1, 2, 3, 10}
DIRECTION = {1, 2, 3, 10}

VALUE = Or(TEXT, NUMBER, BOOL, [ANY])  # of a collected value
LINE = {"role": {2, 3, 4}, "content": TEXT, "startTime": NUMBER, "endTime": NUMBER}
COLLECTED = [{"id": FILLED, "name": TEXT, "value": nullable(VALUE)}]

LAST_CALL = {
    "id": ID, "startTime": DATE, "pearlId": ID, "status": CALL_STATUS, "from": FILLED, "name": nullable(FILLED),
    "collectedData": {"transcript": [LINE], "collectedInfos": COLLECTED}, "summary": nullable(TEXT), "duration": COUNT,
    "recording": nullable(URL), "tags": [TEXT],
}
LEAD_ROW = {
    "id": ID, "externalId": nullable(FILLED), "phoneNumber": PHONE, "timeZone": OFFSET, "status": LEAD_STATUS, "created": DATE, "callData": OBJECT,
}
LEAD_V1 = LEAD_ROW | {"callsId": [ID], "lastCall": nullable(LAST_CALL), "collectedData": OBJECT}
LEAD_V2 = LEAD_V1 | {"timeZoneId": nullable(FILLED)}
LEAD_WEBHOOK = {
    "id": ID, "pearlId": ID, "externalId": nullable(FILLED), "phoneNumber": PHONE, "timeZone": OFFSET, "status": LEAD_STATUS, "created": DATE,
    "callsId": [ID], "callData": OBJECT, "collectedData": OBJECT,
}
# note says the outcome of an attempt, or which members an update changed
HISTORY = [{"at": DATE, "kind": FILLED, "from": nullable(LEAD_STATUS), "to": nullable(LEAD_STATUS), "callId": nullable(ID), "by": FILLED, "note": nullable(TEXT)}]
NEXT = {
    "callable": BOOL, "attempts": COUNT, "dueAt": nullable(DATE), "detail": FILLED,
    "reason": {"callable", "paused", "hours", "interval", "callback", "live", "agents", "blacklisted", "countryCode", "attempts", "budget", "account", "trunk", "final"},
}

ANSWERER = {"unknown", "human", "machine", "screening", "menu", "announcement"}
CALL_HEAD = {
    "id": ID, "startTime": DATE, "conversationStatus": CONVERSATION_STATUS, "status": CALL_STATUS, "from": FILLED, "to": FILLED,
    "name": nullable(FILLED), "duration": COUNT, "tags": [TEXT], "collectedInfo": COLLECTED,
}
CALL_ROW = CALL_HEAD | {"cost": NUMBER, "latencyMs": nullable(COUNT)}
CALL = CALL_HEAD | {
    "pearlId": ID, "relatedId": ID, "leadId": nullable(ID), "recording": nullable(URL), "transcript": [LINE], "summary": nullable(TEXT),
    "isCallTransferred": BOOL, "overallSentiment": {0, 1, 2, 3, 4, 5}, "answerer": nullable(ANSWERER),
    "pearlVersion": nullable(COUNT),
    "answererEvidence": [{"at": NUMBER, "source": {"words", "cadence", "beep", "tones", "keys", "quiet"}, "answerer": ANSWERER, "weight": COUNT, "detail": FILLED}],
}
CALL_WEBHOOK = {member: shape for member, shape in CALL.items() if not member.startswith("answerer") and member != "pearlVersion"}
CALL_READ = {member: shape for member, shape in CALL.items() if member != "pearlVersion"}  # as the bulk read has it
CALL_BULK = CALL_READ | {"answererEvidence": None, "transcript": None, "collectedInfo": None, "summary": None, "overallSentiment": None, "recording": None}
CALL_REQUEST = {"id": ID, "status": {1, 2, 10, 20, 100}, "outboundId": ID, "created": DATE, "errors": [FILLED], "callId": nullable(ID)}
RECEIPT = {"id": ID, "from": FILLED, "to": PHONE, "queuePosition": COUNT}

PEARL_ROW_V2 = {"id": ID, "name": FILLED, "createdAt": DATE, "created": DATE, "type": {1, 2}, "status": ACTIVITY}
PEARL_ROW_V1 = {
    "id": ID, "name": FILLED, "status": ACTIVITY, "totalAgents": COUNT, "budgetTotal": nullable(COUNT), "budgetConsumed": COUNT,
    "totalLeads": COUNT, "created": DATE,
}
INBOUND_ROW_V1 = PEARL_ROW_V1 | {"totalLeads": nullable(COUNT)}
_TOTALS = {
    "id": ID, "name": FILLED, "status": ACTIVITY, "phoneNumber": nullable(FILLED), "totalAgents": COUNT, "created": DATE,
    "budgetConsumed": COUNT, "totalTodayCalls": COUNT, "totalOngoingCalls": COUNT,
}
OUTBOUND_V2 = _TOTALS | {
    "type": {2}, "iana": FILLED, "totalOnQueue": None, "totalLeads": COUNT, "totalLeadsCompleted": COUNT, "totalLeadsSuccess": COUNT, "budgetTotal": nullable(COUNT),
}
INBOUND_V2 = _TOTALS | {
    "type": {1}, "iana": FILLED, "totalOnQueue": COUNT, "totalLeads": None, "totalLeadsCompleted": None, "totalLeadsSuccess": None, "budgetTotal": None,
}
OUTBOUND_V1 = {name: want for name, want in OUTBOUND_V2.items() if name not in ("type", "iana")} | {"pearlName": FILLED}
INBOUND_V1 = {name: want for name, want in INBOUND_V2.items() if name not in ("type", "iana")} | {"pearlName": FILLED}
ONGOING = {"totalOngoingCalls": COUNT, "totalOnQueue": COUNT}

OUTBOUND_SETTINGS = {
    "phoneNumberId": nullable(ID), "totalAgents": COUNT, "recordingTrack": {1, 2, 3, 4}, "isStopRecordingAfterTransferCall": nullable(BOOL),
    "transcriptOptions": {1, 2, 3}, "budgetTotal": nullable(COUNT), "timeZone": nullable(FILLED), "maximumCallAttempts": COUNT,
    "minimumRetryIntervalHours": {1, 2, 3, 4, 5, 6}, "ringDuration": COUNT, "callTimeout": COUNT, "voiceMail": nullable(TEXT), "screeningAnswer": nullable(TEXT), "menuKeys": nullable(TEXT),
    "callingHours": [{"day": {0, 1, 2, 3, 4, 5, 6, 7}, "start": FILLED, "end": FILLED}], "callWebhookUrl": nullable(URL), "leadWebhookUrl": nullable(URL),
    "webhookVersion": {1, 2}, "webhookCredential": nullable(TEXT), "webhookCredentialHeader": nullable(TEXT), "webhookEnums": {"numbers", "names"},
    "webhookExtras": BOOL, "webhookAnalysis": BOOL, "retryPolicy": nullable(OBJECT), "holidays": [ANY], "defaultRegion": nullable(TEXT),
    "duplicatePolicy": {"allow", "skip", "reject"}, "callRequestMaxWaitMinutes": COUNT,
}
INBOUND_SETTINGS = {
    "phoneNumberId": nullable(ID), "totalAgents": COUNT, "recordingOptions": BOOL, "isStopRecordingAfterTransferCall": nullable(BOOL),
    "transcriptOptions": {1, 2, 3}, "callWebhookUrl": nullable(URL), "waitingSentence": FILLED, "isSayQueueDetails": BOOL,
}
VARIABLE = {"id": FILLED, "name": TEXT, "group": {1, 2}, "type": {"boolean", "float", "int", "string"}, "description": nullable(TEXT)}
SETTINGS = {"name": FILLED, "type": {1, 2}, "pearl": OBJECT, "variables": [VARIABLE]}
OUTBOUND_PEARL_SETTINGS = SETTINGS | {"outbound": OUTBOUND_SETTINGS}
INBOUND_PEARL_SETTINGS = SETTINGS | {"inbound": INBOUND_SETTINGS}
PEARL_MEMBERS = {
    "agents", "agentPersonality", "companyName", "knowledgeBase", "companyDescription", "timeZone", "modelType", "memory", "speechRecognitionKeywords",
    "openingSentence", "flowScript", "transferCallSettings", "smsSettings", "emailSettings", "smtpSettings", "apiSettings", "successDescription",
    "indicatorTags", "notifications",
}

WEBHOOK_SETTINGS = {
    "callWebhookUrl": nullable(URL), "leadWebhookUrl": nullable(URL), "webhookVersion": {1, 2}, "webhookCredentialHeader": nullable(TEXT),
    "secret": FILLED, "disabled": {"call": BOOL, "lead": BOOL},
}
TRY = {"at": DATE, "status": nullable(COUNT), "latencyMs": COUNT, "error": nullable(TEXT), "answer": nullable(TEXT)}
DELIVERY_ROW = {
    "id": ID, "kind": {"call", "lead"}, "state": {"pending", "delivered", "dead", "dropped"}, "pearlId": ID, "leadId": nullable(ID),
    "callId": nullable(ID), "createdAt": DATE, "nextTryAt": nullable(DATE), "tries": [TRY],
}
DELIVERY = DELIVERY_ROW | {"body": OBJECT}
EVENT = {
    "cursor": TEXT, "id": ID, "kind": {"call", "lead", "analysis"}, "createdAt": DATE, "pearlId": ID, "leadId": nullable(ID), "callId": nullable(ID), "status": COUNT,
    "body": OBJECT,
}

ACCOUNT = {"name": FILLED, "totalAgents": COUNT, "creditBalance": NUMBER, "status": {1, 2, 3, 4, 5}}
USER = {"id": ID, "email": FILLED, "roleId": ANY, "roleName": FILLED, "createdAt": DATE, "hasJoined": BOOL, "hasTwoFactor": BOOL}
ME = {
    "accountId": ID, "accountName": FILLED, "scope": nullable({"read", "leads", "full"}), "key": nullable({"id": ID, "name": TEXT, "expiresAt": nullable(DATE)}),
    "person": nullable({"id": ID, "email": FILLED, "roleId": ANY, "roleName": FILLED, "hasTwoFactor": BOOL}), "signedInUntil": nullable(DATE),
}
AUDIT = {"timestamp": DATE, "eventType": COUNT, "user": {"id": nullable(TEXT), "name": nullable(TEXT), "type": ANY}, "additionalData": OBJECT}
VOICES = {"language": FILLED, "voices": [{"id": FILLED, "name": FILLED, "tags": [TEXT], "sample": URL}]}
PHONE_NUMBER = {"id": ID, "number": FILLED, "phoneNumber": FILLED, "direction": DIRECTION, "isActive": BOOL, "trunkId": nullable(ID)}
BLACKLIST_ROW = {"id": ID, "phoneNumber": FILLED, "createdAt": DATE, "source": {"api", "dashboard", "optOut"}}
KEY = {"id": ID, "name": TEXT, "scope": {"read", "leads", "full"}, "createdAt": DATE, "expiresAt": nullable(DATE), "lastUsedAt": nullable(DATE)}
TRUNK = {
    "id": ID, "name": TEXT, "host": FILLED, "port": COUNT, "transport": {"udp", "tcp", "tls"}, "username": nullable(TEXT), "password": nullable(TEXT),
    "registers": BOOL, "fromDomain": nullable(TEXT), "codecs": [FILLED], "maxCalls": COUNT, "callsPerSecond": COUNT, "isActive": BOOL,
    "lockMedia": BOOL, "mediaTo": {"source", "description"},
    "state": {"ok", "unreachable", "unauthorized", "unknown"}, "stateDetail": nullable(TEXT),
}

_OVERVIEW = {name: COUNT for name in (
    "totalCalls", "totalLeads", "needRetry", "wrongCountryCode", "needFollowUp", "voiceMailLeft", "successful", "unsuccessful", "wrongNumber",
    "completed", "unreachable", "error", "answeredCalls")}
ANALYTICS_INBOUND_V1 = {
    "callsStatusOverview": _OVERVIEW,
    "callsSentimentOverview": {name: COUNT for name in ("negative", "slightlyNegative", "neutral", "slightlyPositive", "positive")},
    "callsStatusTimeLine": [{"date": DAY} | _OVERVIEW],
    "callsAverageTimeLine": [{"date": DAY, "averageCallDuration": NUMBER}],
    "callsCostTimeLine": [{"date": DAY, "totalPrice": NUMBER, "averageCostPerCall": NUMBER}],
    "callsSuccessRateTimeLine": [{"date": DAY, "successRatePercentage": NUMBER}],
    "callLabelCount": [{"id": FILLED, "name": FILLED, "color": INT, "count": COUNT}],
    "callEventsCounts": {name: COUNT for name in ("takeMessageCount", "smsSentCount", "callTransferredCount", "calendarBookedCount", "emailSentCount")},
    "callsByHourDayOfWeeks": [{"hourOfDay": set(range(24)), "dayOfWeek": set(range(7)), "count": COUNT}],
}
ANALYTICS_V1 = ANALYTICS_INBOUND_V1 | {"callsPickupRateTimeLine": [{"date": DAY, "pickupRatePercentage": NUMBER}]}
ANALYTICS_V2 = ANALYTICS_V1 | {"callType": {1, 2}, "talkedLeads": COUNT, "answeredByHourDayOfWeeks": ANALYTICS_V1["callsByHourDayOfWeeks"]}


def page(row):
    return {"count": COUNT, "results": [row]}


def pascal(want):
    """The V1 webhook form of a want: member names in PascalCase, free objects as they are."""
    if isinstance(want, dict):
        return {name[0].upper() + name[1:]: pascal(one) for name, one in want.items()}
    if isinstance(want, list):
        return [pascal(want[0])]
    if isinstance(want, Or):
        return Or(*(pascal(one) for one in want.wants))
    return want
