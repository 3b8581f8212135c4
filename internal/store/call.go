package store

import (
	"context"
	"strings"
	"time"

	"nacre/internal/account"
	"nacre/internal/call"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/phone"
	"nacre/internal/recording"
)

// lightCallColumns are those of a search row; the heavy ones follow in callColumns.
const (
	lightCallColumns = "id, account_id, pearl_id, lead_id, request_id, node, trunk_id, trace, from_number, to_number, name, start, answered, " +
		"ended, finished, cancel, hang_up, status, outcome, conversation, tags, sentiment, transferred, callback_promised, recording, recording_bytes, cost, sequence, key_id, answerer, pearl_version"
	callColumns = lightCallColumns + ", summary, call_data, collected, transcript, turn_ms, charges, analysis, evidence, messages, acts"
)

// callTable has besides what is only searched and sorted by.
var (
	callTable  = newTable("call", callColumns+", search, duration, latency, sms_sent, emails_sent")
	insertCall = callTable.insertion(1)
)

func scanLightCall(r row) (call.Call, error) { return readCall(r) }

func scanCall(r row) (call.Call, error) {
	var summary, callData, collected, transcript, turns, charges, analysis, evidence, messages, acts string
	c, err := readCall(r, &summary, &callData, &collected, &transcript, &turns, &charges, &analysis, &evidence, &messages, &acts)
	if err != nil {
		return c, err
	}
	c.Summary, c.CallData = summary, rawJSON(callData)
	if err := decode(collected, &c.Collected); err != nil {
		return c, err
	}
	if err := decode(turns, &c.TurnLatencyMS); err != nil {
		return c, err
	}
	if err := decode(charges, &c.Charges); err != nil {
		return c, err
	}
	if err := decode(analysis, &c.Analysis); err != nil {
		return c, err
	}
	if err := decode(evidence, &c.Evidence); err != nil {
		return c, err
	}
	if err := decode(messages, &c.Messages); err != nil {
		return c, err
	}
	if err := decode(acts, &c.Acts); err != nil {
		return c, err
	}
	return c, decode(transcript, &c.Transcript)
}

func readCall(r row, heavy ...any) (call.Call, error) {
	var c call.Call
	var start, answered, ended, finished int64
	var tags string
	err := r.Scan(append([]any{
		(*string)(&c.ID), (*string)(&c.Account), (*string)(&c.Pearl), (*string)(&c.Lead), (*string)(&c.Request), &c.Node, (*string)(&c.Trunk), &c.Trace,
		&c.From, &c.To, &c.Name, &start, &answered, &ended, &finished, (*string)(&c.Cancel), &c.HangUp, (*int)(&c.Status), (*string)(&c.Outcome),
		&c.Conversation, &tags, &c.Sentiment, &c.Transferred, &c.CallbackPromised, &c.Recording, &c.RecordingBytes, &c.Cost, &c.Sequence,
		(*string)(&c.Key), (*string)(&c.Answerer), &c.Version,
	}, heavy...)...)
	c.Start, c.Answered, c.Ended, c.Finished = instant(start), instant(answered), instant(ended), instant(finished)
	if tags != "" {
		c.Tags = strings.Split(strings.Trim(tags, "\n"), "\n")
	}
	return c, err
}

// tagText puts every tag between line feeds, so that a search finds whole tags.
func tagText(tags []string) string {
	if len(tags) == 0 {
		return ""
	}
	return "\n" + strings.Join(tags, "\n") + "\n"
}

// listText is ” for an empty list.
func listText[T any](values []T) (string, error) {
	if len(values) == 0 {
		return "", nil
	}
	return encode(values)
}

func (t *tx) InsertCall(c call.Call) error {
	collected, err := listText(c.Collected)
	if err != nil {
		return err
	}
	transcript, err := listText(c.Transcript)
	if err != nil {
		return err
	}
	turns, err := listText(c.TurnLatencyMS)
	if err != nil {
		return err
	}
	charges, err := listText(c.Charges)
	if err != nil {
		return err
	}
	analysis, err := analysisText(c.Analysis)
	if err != nil {
		return err
	}
	evidence, err := listText(c.Evidence)
	if err != nil {
		return err
	}
	messages, err := listText(c.Messages)
	if err != nil {
		return err
	}
	acts, err := listText(c.Acts)
	if err != nil {
		return err
	}
	_, err = t.exec(insertCall, c.ID, c.Account, c.Pearl, c.Lead, c.Request, c.Node, c.Trunk, c.Trace, c.From, c.To, c.Name,
		millis(c.Start), millis(c.Answered), millis(c.Ended), millis(c.Finished), c.Cancel, c.HangUp, int(c.Status), c.Outcome, c.Conversation,
		tagText(c.Tags), c.Sentiment, c.Transferred, c.CallbackPromised, c.Recording, c.RecordingBytes, c.Cost, c.Sequence, c.Key, c.Answerer, c.Version,
		c.Summary, string(c.CallData), collected, transcript, turns, charges, analysis, evidence, messages, acts, searchable(c.Name), c.Duration(), latency(c),
		call.Sent(c.Acts, call.ActSMS), call.Sent(c.Acts, call.ActEmail))
	if t.violates(err, liveNumber) {
		return engine.ErrNumberTaken
	}
	return err
}

func (t *tx) Call(accountID, callID id.ID) (call.Call, error) {
	c, err := one(t, scanCall, "SELECT "+callColumns+" FROM call WHERE id = ?1 AND account_id = ?2 {for update}", callID, accountID)
	return c, missing(err, "CallId")
}

// SaveCall implements engine.Tx. What a call is and whom it is to was written when it began and does not change; it stays out of SET,
// since every indexed column there costs as much as an insert.
func (t *tx) SaveCall(c call.Call) error {
	collected, err := listText(c.Collected)
	if err != nil {
		return err
	}
	transcript, err := listText(c.Transcript)
	if err != nil {
		return err
	}
	turns, err := listText(c.TurnLatencyMS)
	if err != nil {
		return err
	}
	charges, err := listText(c.Charges)
	if err != nil {
		return err
	}
	analysis, err := analysisText(c.Analysis)
	if err != nil {
		return err
	}
	evidence, err := listText(c.Evidence)
	if err != nil {
		return err
	}
	messages, err := listText(c.Messages)
	if err != nil {
		return err
	}
	acts, err := listText(c.Acts)
	if err != nil {
		return err
	}
	var set columnSet
	set.set(true, "answered", millis(c.Answered))
	set.set(true, "cancel", string(c.Cancel))
	set.set(true, "hang_up", c.HangUp)
	set.set(true, "node", c.Node)
	set.set(true, "sequence", c.Sequence)
	// Columns of a call in progress are empty; they are written when it ends, and again if it is saved after that.
	if !c.Live() || !c.Finished.IsZero() || c.Status != call.InProgress {
		set.set(true, "ended", millis(c.Ended))
		set.set(true, "finished", millis(c.Finished))
		set.set(true, "status", int64(c.Status))
		set.set(true, "outcome", string(c.Outcome))
		set.set(true, "conversation", c.Conversation)
		set.set(true, "duration", c.Duration())
		set.set(true, "latency", latency(c))
		set.set(true, "tags", tagText(c.Tags))
		set.set(true, "sentiment", c.Sentiment)
		set.set(true, "transferred", c.Transferred)
		set.set(true, "callback_promised", c.CallbackPromised)
		set.set(true, "recording", c.Recording)
		set.set(true, "recording_bytes", c.RecordingBytes)
		set.set(true, "cost", c.Cost)
		set.set(true, "summary", c.Summary)
		set.set(true, "collected", collected)
		set.set(true, "transcript", transcript)
		set.set(true, "turn_ms", turns)
		set.set(true, "charges", charges)
		set.set(true, "analysis", analysis)
		set.set(true, "answerer", string(c.Answerer))
		set.set(true, "evidence", evidence)
		set.set(true, "messages", messages)
		set.set(true, "acts", acts)
		set.set(true, "sms_sent", call.Sent(c.Acts, call.ActSMS))
		set.set(true, "emails_sent", call.Sent(c.Acts, call.ActEmail))
	}
	text, args := set.update("call", "id = ?1", string(c.ID))
	return t.queue(fault.Missing("CallId"), text, args...)
}

func (t *tx) DeleteCall(callID id.ID) error {
	if err := t.queue(nil, "DELETE FROM review WHERE call_id = ?1", callID); err != nil {
		return err
	}
	return t.queue(nil, "DELETE FROM call WHERE id = ?1", callID)
}

// oldCalls goes from Pearl to Pearl, archived ones too, and reads of each what lies before the instant and no more.
const oldCalls = `SELECT c.id FROM pearl p CROSS JOIN call c
	WHERE p.account_id = ?1 AND c.pearl_id = p.id AND c.start < ?2 AND c.finished > 0 LIMIT ?3`

// OldCalls implements engine.Queries.
func (s *Store) OldCalls(ctx context.Context, accountID id.ID, before time.Time, limit int) ([]id.ID, error) {
	return s.ids(ctx, "list old calls", oldCalls, accountID, millis(before), limit)
}

// NeedRecording implements engine.Queries.
func (s *Store) NeedRecording(ctx context.Context, callIDs []id.ID) ([]id.ID, error) {
	if len(callIDs) == 0 {
		return nil, nil
	}
	args := make([]any, len(callIDs))
	for n, callID := range callIDs {
		args[n] = callID
	}
	return s.ids(ctx, "look for calls of recordings",
		"SELECT id FROM call WHERE id IN ("+placeholders(1, len(args))+") AND (finished = 0 OR recording <> '')", args...)
}

// ids returns the one column of a query.
func (s *Store) ids(ctx context.Context, what, text string, args ...any) (found []id.ID, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = list(q, scanText[id.ID], text, args...)
		return err
	})
	return found, wrap(what, err)
}

func (t *tx) NumberTaken(accountID id.ID, number phone.Number, now time.Time) (live bool, held time.Time, err error) {
	var calls, until int64
	err = t.each(func(r row) error { return r.Scan(&calls, &until) },
		`SELECT (SELECT count(*) FROM call WHERE account_id = ?1 AND to_number = ?2 AND ended = 0),
		COALESCE((SELECT until FROM held_number WHERE account_id = ?1 AND number = ?2 AND until > ?3), 0)`, accountID, number, millis(now))
	return calls > 0, instant(until), err
}

// HoldNumber implements engine.Tx: holds that are over go with the next one.
func (t *tx) HoldNumber(accountID id.ID, number phone.Number, now, until time.Time) error {
	if _, err := t.exec("DELETE FROM held_number WHERE until <= ?1", millis(now)); err != nil {
		return err
	}
	_, err := t.exec(`INSERT INTO held_number (account_id, number, until) VALUES (?1, ?2, ?3)
		ON CONFLICT (account_id, number) DO UPDATE SET until = excluded.until WHERE held_number.until < excluded.until`, accountID, number, millis(until))
	return err
}

// load counts over what is held only: a few rows, however many leads and calls there are. One statement, so that on
// PostgreSQL a claim that becomes a call meanwhile is counted once.
const load = `SELECT
	(SELECT count(*) FROM lead WHERE account_id = ?1 AND held = 20 AND held > 0),
	(SELECT count(*) FROM lead WHERE account_id = ?1 AND pearl_id = ?2 AND held = 20 AND held > 0),
	(SELECT count(*) FROM lead l JOIN pearl p ON p.id = l.pearl_id LEFT JOIN number n ON n.id = p.phone_number_id
		WHERE l.account_id = ?1 AND l.held = 20 AND l.held > 0 AND COALESCE(n.trunk_id, '') = ?3),
	(SELECT count(*) FROM request WHERE account_id = ?1 AND claim <> ''),
	(SELECT count(*) FROM request WHERE account_id = ?1 AND pearl_id = ?2 AND claim <> ''),
	(SELECT count(*) FROM request r JOIN pearl p ON p.id = r.pearl_id LEFT JOIN number n ON n.id = p.phone_number_id
		WHERE r.account_id = ?1 AND r.claim <> '' AND COALESCE(n.trunk_id, '') = ?3),
	(SELECT count(*) FROM call WHERE account_id = ?1 AND ended = 0),
	(SELECT count(*) FROM call WHERE account_id = ?1 AND pearl_id = ?2 AND ended = 0),
	(SELECT count(*) FROM call WHERE account_id = ?1 AND trunk_id = ?3 AND ended = 0)`

func (t *tx) Load(accountID, pearlID, trunkID id.ID) (engine.Load, error) {
	var found engine.Load
	var leads, pearlLeads, trunkLeads, requests, pearlRequests, trunkRequests, calls, pearlCalls, trunkCalls int
	err := t.each(func(r row) error {
		return r.Scan(&leads, &pearlLeads, &trunkLeads, &requests, &pearlRequests, &trunkRequests, &calls, &pearlCalls, &trunkCalls)
	}, load, accountID, pearlID, trunkID)
	if err != nil {
		return found, err
	}
	found.Running, err = list(t, func(r row) (engine.RunningCall, error) {
		var answered int64
		err := r.Scan(&answered)
		return engine.RunningCall{Answered: instant(answered)}, err
	}, "SELECT answered FROM call WHERE account_id = ?1 AND pearl_id = ?2 AND ended = 0", accountID, pearlID)
	found.Account = leads + requests + calls
	found.Pearl = pearlLeads + pearlRequests + pearlCalls
	found.Trunk = trunkLeads + trunkRequests + trunkCalls
	return found, err
}

func (s *Store) ReadCall(ctx context.Context, accountID, callID id.ID) (found call.Call, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = one(q, scanCall, "SELECT "+callColumns+" FROM call WHERE id = ?1 AND account_id = ?2", callID, accountID)
		return err
	})
	return found, wrap("read call", missing(err, "CallId"))
}

// Recorded implements engine.CallQueries.
func (s *Store) Recorded(ctx context.Context, accountID id.ID) (bytes int64, err error) {
	err = s.backend.read(ctx, func(q session) error {
		return q.each(func(r row) error { return r.Scan(&bytes) },
			"SELECT CAST(COALESCE(sum(recording_bytes), 0) AS BIGINT) FROM call WHERE account_id = ?1 AND recording_bytes > 0", accountID)
	})
	return bytes, wrap("sum up recordings", err)
}

// RecordingOf implements engine.Queries.
func (s *Store) RecordingOf(ctx context.Context, callID id.ID, holder recording.Holder) (file string, err error) {
	err = s.backend.read(ctx, func(q session) error {
		file, err = one(q, scanText[string], `SELECT recording FROM call WHERE id = ?1 AND recording <> ''
			AND EXISTS (SELECT 1 FROM account WHERE account.id = call.account_id AND standing <> ?2)
			AND (CAST(?3 AS TEXT) = '' OR EXISTS (SELECT 1 FROM api_key WHERE api_key.id = ?3 AND api_key.account_id = call.account_id))
			AND (CAST(?4 AS TEXT) = '' OR EXISTS (SELECT 1 FROM person WHERE person.id = ?4 AND person.account_id = call.account_id AND sessions = ?5))`,
			callID, int(account.Suspended), holder.Key, holder.Person, holder.Sessions)
		return err
	})
	return file, wrap("read recording of call", missing(err, "CallId"))
}

// latency is what calls are sorted by: calls without an answer come first.
func latency(c call.Call) int {
	median, ok := c.MedianLatency()
	if !ok {
		return -1
	}
	return median
}

func callSorting() map[string]string {
	return map[string]string{
		"": "start", "starttime": "start", "duration": "duration", "status": "status", "conversationstatus": "conversation",
		"from": "from_number", "to": "to_number", "name": "name", "id": "id",
		"cost": "cost", "latencyms": "latency",
	}
}

// SearchCalls implements engine.Queries.
func (s *Store) SearchCalls(ctx context.Context, accountID, pearlID id.ID, wanted engine.CallFilter, page engine.Page) (count int, rows []call.Call, err error) {
	order, err := orderBy(page, callSorting())
	if err != nil {
		return 0, nil, err
	}
	var f filter
	f.add("pearl_id = ?%d", pearlID)
	f.add("start >= ?%d AND start <= ?%d", millis(wanted.From), millis(wanted.To))
	if len(wanted.Conversations) > 0 {
		f.in("conversation", wanted.Conversations)
	}
	if len(wanted.Tags) > 0 {
		conditions := make([]string, len(wanted.Tags))
		args := make([]any, len(wanted.Tags))
		for n, tag := range wanted.Tags {
			conditions[n], args[n] = "{contains}(tags, ?%d) > 0", tagText([]string{tag})
		}
		f.add("("+strings.Join(conditions, " OR ")+")", args...)
	}
	if wanted.Search != "" {
		f.contains(wanted.Search, wanted.Number, []string{"from_number", "to_number"}, "search")
	}
	if len(wanted.Versions) > 0 {
		f.in("pearl_version", wanted.Versions)
	}
	if wanted.Reviewed != nil {
		not := map[bool]string{true: "", false: "NOT "}[*wanted.Reviewed]
		f.add("id "+not+"IN (SELECT call_id FROM review WHERE pearl_id = ?%d AND reviewed > 0)", pearlID)
	}
	columns, scan := lightCallColumns, scanLightCall
	if wanted.Heavy {
		columns, scan = callColumns, scanCall
	}
	err = s.scan(ctx, accountID, func(q session) error {
		if owned, err := owns(q, accountID, pearlID); err != nil || !owned {
			return err
		}
		count, rows, err = search(q, scan, columns, "call", &f, order, page, func() (int, error) { return f.count(q, "call") })
		return err
	})
	return count, rows, wrap("search calls", err)
}

// UnfinishedCalls implements engine.Queries.
func (s *Store) UnfinishedCalls(ctx context.Context, node string) (found []call.Call, err error) {
	var f filter
	f.add("finished = 0")
	if node != "" {
		f.add("node = ?%d", node)
	}
	err = s.backend.read(ctx, func(q session) error {
		found, err = list(q, scanCall, "SELECT "+callColumns+" FROM call"+f.where()+" ORDER BY id || ''", f.args...)
		return err
	})
	return found, wrap("list unfinished calls", err)
}

// CallsToStop implements engine.Queries: it is asked every second, so it reads no more of the others than says that they go on.
func (s *Store) CallsToStop(ctx context.Context, node string) (found []call.Call, err error) {
	err = s.backend.read(ctx, func(q session) error {
		found, err = list(q, scanCall, "SELECT "+callColumns+" FROM call WHERE finished = 0 AND node = ?1 AND (cancel <> '' OR hang_up = {true})", node)
		return err
	})
	return found, wrap("list calls to stop", err)
}

// HeldClaims implements engine.Queries.
func (s *Store) HeldClaims(ctx context.Context, node string) (found []engine.HeldClaim, err error) {
	ofNode := ""
	var args []any
	if node != "" {
		ofNode, args = " AND node = ?1", []any{node}
	}
	err = s.backend.snapshot(ctx, func(q session) error {
		found, err = list(q, func(r row) (h engine.HeldClaim, err error) {
			return h, r.Scan((*string)(&h.Account), (*string)(&h.Pearl), (*string)(&h.Lead), (*string)(&h.Request), (*string)(&h.Claim), &h.Node)
		}, `SELECT account_id, pearl_id, id, '', claim, node FROM lead WHERE held > 0 AND held = 20`+ofNode+`
			UNION ALL SELECT account_id, pearl_id, '', id, claim, node FROM request WHERE claim <> ''`+ofNode, args...)
		return err
	})
	return found, wrap("list held claims", err)
}
