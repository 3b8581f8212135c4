package store

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/phone"
)

func (s *Store) ReadLead(ctx context.Context, accountID, pearlID, leadID id.ID) (found lead.Lead, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = s.newTx(q).lead(accountID, pearlID, leadID, "")
		return err
	})
	return found, wrap("read lead", err)
}

// leadRecord is one statement, because what a statement costs is mostly the statement.
var leadRecord = "SELECT " + qualified("l", leadColumns) + ", " + qualified("pearl", pearlColumns) + pearlHome + `,
	CASE WHEN EXISTS (SELECT 1 FROM call c WHERE c.lead_id = l.id AND c.lead_id <> '') THEN 1 ELSE 0 END
	FROM lead l JOIN pearl ON pearl.id = l.pearl_id WHERE l.id = ?1 AND l.pearl_id = ?2 AND l.account_id = ?3`

// qualified puts the name of a table before each column.
func qualified(table, columns string) string {
	return table + "." + strings.ReplaceAll(columns, ", ", ", "+table+".")
}

// ReadLeadRecord implements engine.Queries. The calls of one that has been called are read afterwards: they may be newer
// than the lead, never older.
func (s *Store) ReadLeadRecord(ctx context.Context, accountID, pearlID, leadID id.ID) (found engine.LeadRecord, err error) {
	called := 0
	err = s.backend.read(ctx, func(q session) error {
		var p pearlRow
		found.Lead, err = one(q, func(r row) (lead.Lead, error) {
			var l leadScan
			var created int64
			if err := r.Scan(append(append(l.into(), p.into(&created)...), &called)...); err != nil {
				return lead.Lead{}, err
			}
			p.pearl.Created = instant(created)
			return l.done()
		}, leadRecord, leadID, pearlID, accountID)
		if err == nil {
			found.Pearl, err = s.newTx(q).complete(p)
		}
		return missing(err, "LeadId")
	})
	if err == nil && called > 0 {
		found.Calls, found.Last, err = s.LeadCalls(ctx, leadID)
	}
	return found, wrap("read lead", err)
}

func (s *Store) LeadByExternalID(ctx context.Context, accountID, pearlID id.ID, externalID string) (lead.Lead, error) {
	return s.newestLead(ctx, "ExternalId", "external_id", accountID, pearlID, externalID)
}

func (s *Store) LeadByPhone(ctx context.Context, accountID, pearlID id.ID, number phone.Number) (lead.Lead, error) {
	return s.newestLead(ctx, "PhoneNumber", "phone", accountID, pearlID, string(number))
}

// newestLead looks into the campaign alone: the account's index would have the others' leads, too, with the same number.
func (s *Store) newestLead(ctx context.Context, what, column string, accountID, pearlID id.ID, value string) (found lead.Lead, err error) {
	if value == "" {
		return found, fault.Missing(what)
	}
	err = s.backend.read(ctx, func(q session) error {
		found, err = one(q, scanLead, "SELECT "+leadColumns+" FROM lead WHERE pearl_id = ?1 AND "+column+` = ?2 AND account_id || '' = ?3
			ORDER BY +created DESC, id DESC LIMIT 1`, pearlID, value, accountID)
		return err
	})
	return found, wrap("find lead", missing(err, what))
}

func (s *Store) LeadCalls(ctx context.Context, leadID id.ID) (ids []id.ID, last *call.Call, err error) {
	err = s.backend.read(ctx, func(q session) error {
		if ids, err = s.newTx(q).LeadCallIDs(leadID); err != nil || len(ids) == 0 {
			return err
		}
		newest, err := one(q, scanCall, "SELECT "+callColumns+" FROM call WHERE id = ?1", ids[len(ids)-1])
		if err == nil {
			last = &newest
		}
		return missing(err, "CallId") // deleted in between: the read is repeated by nobody, the list tells
	})
	if fault.Is(err, fault.NotFound) {
		return s.LeadCalls(ctx, leadID)
	}
	return ids, last, wrap("list calls of lead", err)
}

func leadSorting() map[string]string {
	return map[string]string{"": "created", "created": "created", "phonenumber": "phone", "externalid": "external_id", "status": "status", "id": "id"}
}

// SearchLeads implements engine.Queries. Without a text to look for the count comes from the counters, or from an index.
func (s *Store) SearchLeads(ctx context.Context, accountID, pearlID id.ID, wanted engine.LeadFilter, page engine.Page) (count int, rows []lead.Lead, err error) {
	order, err := orderBy(page, leadSorting())
	if err != nil {
		return 0, nil, err
	}
	err = s.scan(ctx, accountID, func(q session) error {
		if owned, err := owns(q, accountID, pearlID); err != nil || !owned {
			return err
		}
		var f filter
		if len(wanted.Statuses) > 1 && wanted.Search == "" && order.column == "created" { // as lead_status has each
			others := wanted
			others.Statuses = nil
			f = leadFilter(pearlID, others, "")
			for _, status := range slices.Compact(slices.Sorted(slices.Values(wanted.Statuses))) {
				f.either = append(f.either, "status = "+strconv.Itoa(status))
			}
		} else {
			column, err := statusColumn(q, pearlID, wanted.Statuses)
			if err != nil {
				return err
			}
			f = leadFilter(pearlID, wanted, column)
		}
		count, rows, err = search(q, scanLead, leadColumns, "lead", &f, order, page, func() (int, error) { return countMatching(q, pearlID, wanted) })
		return err
	})
	return count, rows, wrap("search leads", err)
}

// countMatching is how many leads of a campaign match.
func countMatching(q session, pearlID id.ID, wanted engine.LeadFilter) (int, error) {
	if wanted.Counted() {
		return countLeads(q, pearlID, wanted.Statuses)
	}
	f := leadFilter(pearlID, wanted, "status")
	return f.count(q, "lead")
}

// leadFilter is the conditions of a search for leads of a campaign; status is how the column is written (statusColumn).
func leadFilter(pearlID id.ID, wanted engine.LeadFilter, status string) (f filter) {
	f.add("pearl_id = ?%d", pearlID)
	if len(wanted.Statuses) > 0 {
		f.in(status, wanted.Statuses)
	}
	if wanted.Search != "" {
		var phones []string
		if wanted.Number != "" || strings.Trim(phoneNeedle(wanted.Search), "+0123456789") == "" { // no number has anything else
			phones = []string{"phone"}
		}
		f.contains(wanted.Search, wanted.Number, phones, "search")
	}
	if len(wanted.Attempts) > 0 {
		f.in("attempts", wanted.Attempts)
	}
	if len(wanted.Zones) > 0 {
		conditions, args := make([]string, len(wanted.Zones)), make([]any, len(wanted.Zones))
		for n, key := range wanted.Zones {
			conditions[n], args[n] = "zone_key = ?%d", key
		}
		f.add("("+strings.Join(conditions, " OR ")+")", args...)
	}
	return f
}

// statusColumn keeps the database from the index lead_status where several statuses hold a good part of the leads: it
// would read and sort them all, while the index in the order asked for soon fills a page. A plus sign does that in both.
func statusColumn(q session, pearlID id.ID, statuses []int) (string, error) {
	if len(statuses) < 2 {
		return "status", nil
	}
	matching, err := countLeads(q, pearlID, statuses)
	if err != nil {
		return "", err
	}
	all, err := countLeads(q, pearlID, nil)
	if matching > all/20 {
		return "+status", err
	}
	return "status", err
}

// dueQueues steps from zone to zone and, within one, from rest to rest over the index lead_due: its cost depends on how many
// queues there are, not leads. Promised call-backs take no rest.
const dueQueues = `WITH RECURSIVE zones(zone_key) AS (
	SELECT (SELECT zone_key FROM lead WHERE pearl_id = ?1 AND due > 0 ORDER BY zone_key LIMIT 1)
	UNION ALL
	SELECT (SELECT zone_key FROM lead WHERE pearl_id = ?1 AND due > 0 AND zone_key > zones.zone_key ORDER BY zone_key LIMIT 1)
	FROM zones WHERE zones.zone_key IS NOT NULL),
rests(zone_key, rest) AS (
	SELECT zone_key, (SELECT rest FROM lead WHERE pearl_id = ?1 AND lead.zone_key = zones.zone_key AND promised = {false} AND due > 0
		ORDER BY rest LIMIT 1)
	FROM zones WHERE zone_key IS NOT NULL
	UNION ALL
	SELECT zone_key, (SELECT rest FROM lead WHERE pearl_id = ?1 AND lead.zone_key = rests.zone_key AND promised = {false} AND due > 0
		AND lead.rest > rests.rest ORDER BY rest LIMIT 1)
	FROM rests WHERE rests.rest IS NOT NULL)
SELECT zone_key, 1, '', COALESCE((SELECT due FROM lead
	WHERE pearl_id = ?1 AND lead.zone_key = zones.zone_key AND promised = {true} AND rest = '' AND due > 0 ORDER BY due LIMIT 1), 0)
FROM zones WHERE zone_key IS NOT NULL
UNION ALL
SELECT zone_key, 0, rest, COALESCE((SELECT due FROM lead
	WHERE pearl_id = ?1 AND lead.zone_key = rests.zone_key AND promised = {false} AND lead.rest = rests.rest AND due > 0 ORDER BY due LIMIT 1), 0)
FROM rests WHERE rest IS NOT NULL`

// DueQueues implements engine.Queries.
func (s *Store) DueQueues(ctx context.Context, pearlID id.ID) (queues []engine.DueQueue, err error) {
	err = s.backend.read(ctx, func(q session) error {
		queues = nil
		return q.each(func(r row) error {
			var queue engine.DueQueue
			var rest string
			var promised int
			var since int64
			if err := r.Scan(&queue.ZoneKey, &promised, &rest, &since); err != nil || since == 0 {
				return err
			}
			queue.Promised, queue.Since = promised == 1, instant(since)
			queues = append(queues, queue)
			return queues[len(queues)-1].Rest.UnmarshalText([]byte(rest))
		}, dueQueues, pearlID)
	})
	return queues, wrap("list due queues", err)
}

// waitingByZone counts in the index lead_due alone.
const waitingByZone = "SELECT zone_key, count(*) FROM lead WHERE pearl_id = ?1 AND due > 0 GROUP BY zone_key ORDER BY zone_key"

// WaitingByZone implements engine.Queries.
func (s *Store) WaitingByZone(ctx context.Context, accountID, pearlID id.ID) (zones []engine.WaitingZone, err error) {
	err = s.scan(ctx, accountID, func(q session) error {
		zones = nil
		if owned, err := owns(q, accountID, pearlID); err != nil || !owned {
			return err
		}
		zones, err = list(q, func(r row) (z engine.WaitingZone, err error) {
			return z, r.Scan(&z.ZoneKey, &z.Leads)
		}, waitingByZone, pearlID)
		return err
	})
	return zones, wrap("count waiting leads", err)
}

// countLeads adds up the counters of the statuses, of all where none is named.
func countLeads(q session, pearlID id.ID, statuses []int) (int, error) {
	var f filter
	f.add("pearl_id = ?%d", pearlID)
	if len(statuses) > 0 {
		f.in("status", statuses)
	}
	return one(q, scanInt, "SELECT CAST(COALESCE(sum(n), 0) AS BIGINT) FROM lead_count"+f.where(), f.args...)
}

func pearlCounts(q session, pearlID id.ID, midnight time.Time) (engine.PearlCounts, error) {
	counts := engine.PearlCounts{ByStatus: map[int]int{}}
	err := q.each(func(r row) error {
		var status, n int
		if err := r.Scan(&status, &n); err != nil || n == 0 {
			return err
		}
		counts.ByStatus[status] = n
		counts.Leads += n
		if lead.Status(status).Final() {
			counts.Completed += n
		}
		return nil
	}, "SELECT status, CAST(sum(n) AS BIGINT) FROM lead_count WHERE pearl_id = ?1 GROUP BY status", pearlID)
	if err != nil {
		return counts, err
	}
	counts.Success, counts.Queued = counts.ByStatus[int(lead.Success)], counts.ByStatus[int(lead.InCallQueue)]
	return counts, q.each(func(r row) error {
		var waiting int
		err := r.Scan(&counts.TodayCalls, &counts.OngoingCalls, &waiting)
		counts.Queued += waiting
		return err
	}, `SELECT (SELECT count(*) FROM call WHERE pearl_id = ?1 AND start >= ?2),
		(SELECT count(*) FROM call WHERE account_id = (SELECT account_id FROM pearl WHERE id = ?1) AND pearl_id = ?1 AND ended = 0),
		(SELECT count(*) FROM request WHERE pearl_id = ?1 AND status = 1)`, pearlID, millis(midnight))
}

// searchText is what a lead is found by besides its phone number: external id and every value of callData, however deep,
// folded. A line feed stands between them, so that no search finds something across two.
func searchText(externalID string, callData []byte) string {
	var text strings.Builder
	text.WriteString(externalID)
	values(callData, func(value string) {
		if text.Len() > 0 {
			text.WriteByte('\n')
		}
		text.WriteString(value)
	})
	return searchable(text.String())
}

// values calls found with every string, number and boolean of a JSON document that is not a key; the document was
// validated when it came in. A scanner of our own because 50,000 leads may come in one request.
func values(document []byte, found func(string)) {
	for i := 0; i < len(document); {
		switch c := document[i]; {
		case c == '"':
			end := i + 1
			for end < len(document) && document[end] != '"' {
				if document[end] == '\\' {
					end++
				}
				end++
			}
			quoted := document[i:min(end+1, len(document))]
			i = end + 1
			if !followedByColon(document, i) {
				found(unquote(quoted))
			}
		case c == '-' || c == 't' || c == 'f' || c >= '0' && c <= '9':
			end := i
			for end < len(document) && !strings.ContainsRune(",]} \t\r\n", rune(document[end])) {
				end++
			}
			found(string(document[i:end]))
			i = end
		case c == 'n':
			i += len("null")
		default:
			i++
		}
	}
}

func followedByColon(document []byte, i int) bool {
	for i < len(document) && (document[i] == ' ' || document[i] == '\t' || document[i] == '\r' || document[i] == '\n') {
		i++
	}
	return i < len(document) && document[i] == ':'
}

func unquote(quoted []byte) string {
	inner := string(quoted[1:max(1, len(quoted)-1)])
	if !strings.Contains(inner, `\`) && utf8.ValidString(inner) {
		return inner
	}
	var text string
	if decode(string(quoted), &text) != nil {
		return strconv.Quote(inner)
	}
	return text
}
