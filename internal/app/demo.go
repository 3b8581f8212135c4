package app

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"nacre/examples"
	"nacre/internal/account"
	"nacre/internal/config"
	"nacre/internal/engine"
)

type demoCommand struct {
	config.Log
	Listen string `help:"Address of the HTTP API; port 0 is any." default:"127.0.0.1:0"`
	Once   bool   `help:"Stop after the summary; exit 0 when every lead ended as expected, else 1. So it is where there is no terminal."`
	JSON   bool   `help:"Write one JSON object to stdout, everything else to stderr. The folder is kept." name:"json"`
	Keep   bool   `help:"Keep the folder of data and recordings."`
	Neural bool   `help:"Speak with the neural voice. What it will say is spoken before the first call, which takes some minutes the first time, and kept in the user's cache folder."`
	Keys   bool   `help:"Have people answer with the keys of their telephone, as where nothing understands words."`
}

// demoResult is the object of --json.
type demoResult struct {
	OK         bool           `json:"ok"`
	Seconds    float64        `json:"seconds"`
	Leads      int            `json:"leads"`
	ByStatus   map[string]int `json:"byStatus"`
	Calls      int            `json:"calls"`
	Webhooks   webhookCounts  `json:"webhooks"`
	Recordings []string       `json:"recordings"`
	Data       string         `json:"data"`
	Results    []demoLead     `json:"results"`
}

type webhookCounts struct {
	Lead int `json:"lead"`
	Call int `json:"call"`
}

type demoLead struct {
	LeadID      string   `json:"leadId"`
	ExternalID  string   `json:"externalId"`
	PhoneNumber string   `json:"phoneNumber"`
	Callee      string   `json:"callee"`
	Expected    []int    `json:"expected"`
	Status      int      `json:"status"`
	Attempts    int      `json:"attempts"`
	CallsID     []string `json:"callsId"`
}

// callees are rows of the sandbox table: who picks up, by the last two digits, and how a lead ends after two attempts.
var callees = []struct {
	from, to int
	who      string
	ends     []int
}{
	{0, 19, "agrees", []int{100}}, {20, 24, "busy", []int{150}}, {25, 29, "rings out", []int{150}}, {30, 34, "answering machine", []int{70}},
	{35, 39, "declines", []int{110}}, {40, 44, "number not allocated", []int{150}}, {45, 49, "carrier failure", []int{150}},
	{50, 54, "wants to be called back in an hour", []int{10}}, {55, 59, "never wants to be called again", []int{110}},
	{60, 64, "busy at first, then agrees", []int{100}}, {65, 69, "hangs up at once", []int{110}}, {70, 73, "silent", []int{110}}, {74, 74, "telephone menu", []int{110, 150}},
	{75, 79, "rejects the call", []int{150}}, {80, 84, "call-screening assistant, then agrees", []int{100}}, {85, 89, "a long talk, then agrees", []int{100}},
	{90, 99, "interrupts, then agrees", []int{100}},
}

// demo is one run: a server of its own, used by its API.
type demo struct {
	say      io.Writer // text output
	terminal bool      // say is a terminal
	talk     talk
	base     string
	key      string
	pearl    string
	data     string
	hears    bool
	shown    int // lines of the table on the terminal; otherwise lines printed, one every five seconds
	receiver *receiver
	leads    []demoLead
	callData [][]byte // of the leads
	started  time.Time
}

func (c *demoCommand) Run(ctx context.Context, s streams) (err error) {
	d := &demo{say: s.Out, started: time.Now()}
	if c.JSON {
		d.say = s.Err
	}
	d.terminal = onTerminal(d.say)
	running, err := d.open(ctx, c, s)
	defer func() {
		if running != nil {
			running.Close()
		}
		if d.receiver != nil {
			d.receiver.Close()
		}
		if !c.JSON && !c.Keep {
			err = errors.Join(err, os.RemoveAll(d.data))
		}
	}()
	if err != nil {
		c.Keep, c.JSON = false, false // there is no result
		return exitError{exitUsage, fmt.Errorf("the demo could not start: %w", err)}
	}
	if err := d.watch(ctx); err != nil {
		return err
	}
	result, err := d.result(ctx, running.recordings)
	if err != nil {
		return err
	}
	stays := d.terminal && !c.Once && !c.JSON
	kept := c.JSON || c.Keep
	d.summary(result, stays || kept)
	if c.JSON {
		if err := json.NewEncoder(s.Out).Encode(result); err != nil {
			return fmt.Errorf("write result: %w", err)
		}
	}
	if kept {
		fmt.Fprintln(d.say, "data in", d.data)
	}
	if stays {
		if err := d.invite(result); err != nil {
			return err
		}
		<-ctx.Done()
	}
	if !result.OK {
		return exitError{code: exitFailed}
	}
	return nil
}

// open creates data, server, receiver, campaign and leads, and starts the campaign.
func (d *demo) open(ctx context.Context, c *demoCommand, s streams) (*server, error) {
	var err error
	if d.data, err = os.MkdirTemp("", "nacre-demo-"); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	fmt.Fprintln(d.say, "nacre demo: the voice and the simulated people get ready, some seconds …")
	level := c.Log
	if level.LogLevel == "info" {
		level.LogLevel = "error" // log lines would break the table
	}
	settings := config.Serve{
		Database: config.Database{Data: d.data}, Log: level, Listen: c.Listen, SIPListen: "127.0.0.1:0", AllowPrivateWebhooks: true, Grace: 2 * time.Second,
	}
	chosen := parts{openVoice: openVoice, agentSaid: d.agentSaid, personSaid: d.talk.personSaid, deaf: c.Keys}
	if c.Neural {
		settings.VoiceCache, chosen.cache = demoCache, keptCache(d.data)
	}
	running, err := startWith(ctx, settings, newLog(s.Err, level), chosen)
	if err != nil {
		return running, err
	}
	if c.Neural && running.neural == nil {
		return running, errors.New("--neural: there is no neural voice on this machine; make brings it")
	}
	if d.receiver, err = newReceiver(); err != nil {
		return running, err
	}
	owner, err := running.engine.DefaultAccount(ctx)
	if err != nil {
		return running, err
	}
	if _, d.key, err = running.engine.CreateKey(ctx, engine.Actor{Account: owner.ID, By: "demo"}, "demo", account.ScopeFull, time.Time{}); err != nil {
		return running, err
	}
	d.base = running.url
	if err := d.owner(ctx, running); err != nil {
		return running, err
	}
	select {
	case <-running.rehearsed: // cold lines would make telephones ring longer
	case <-ctx.Done():
		return running, ctx.Err()
	}
	d.head(running.hears, !c.Neural && running.neuralHere)
	if err := d.campaign(ctx); err != nil {
		return running, err
	}
	if c.Neural {
		if err := d.speakAhead(ctx, running, owner.ID); err != nil {
			return running, err
		}
	}
	return running, d.run(ctx)
}

// demoEmail is by whom the dashboard of a demo is looked at.
const demoEmail = "demo@example.com"

// owner makes somebody who can sign in, and says first of all where.
func (d *demo) owner(ctx context.Context, running *server) error {
	code, err := running.engine.OpenFirstStart(ctx)
	if err != nil {
		return fmt.Errorf("make the owner: %w", err)
	}
	password := strings.ToLower(rand.Text()[:16])
	if err := d.call(ctx, "POST", "/v2/FirstStart", map[string]any{"code": code, "email": demoEmail, "password": password, "company": "Pearl Fitness"}, &struct{}{}); err != nil {
		return fmt.Errorf("make the owner: %w", err)
	}
	d.invitation(password)
	return nil
}

// invitation says where the demo is to be seen, and how.
func (d *demo) invitation(password string) {
	fmt.Fprintf(d.say, "Watch it at %s\n  sign in as %s with the password %s\n", d.base, demoEmail, password)
}

func (d *demo) campaign(ctx context.Context) error {
	var numbers []struct{ ID string }
	if err := d.call(ctx, "GET", "/v2/Account/PhoneNumbers", nil, &numbers); err != nil {
		return err
	}
	if len(numbers) == 0 {
		return errors.New("the account has no phone number")
	}
	var pearl map[string]any
	if err := json.Unmarshal(examples.Campaign, &pearl); err != nil {
		return fmt.Errorf("read sample campaign: %w", err)
	}
	maps.Copy(pearl["outbound"].(map[string]any), map[string]any{
		"phoneNumberId": numbers[0].ID, "callWebhookUrl": d.receiver.url + "/call", "leadWebhookUrl": d.receiver.url + "/lead",
	})
	if err := d.call(ctx, "POST", "/v2/Pearl", pearl, &d.pearl); err != nil {
		return fmt.Errorf("create campaign: %w", err)
	}
	rows, err := csv.NewReader(strings.NewReader(examples.Leads)).ReadAll()
	if err != nil {
		return fmt.Errorf("read sample leads: %w", err)
	}
	var leads []map[string]any
	for _, row := range rows[1:] {
		data, err := json.Marshal(map[string]any{"firstName": row[3], "lastName": row[4], "plan": row[5]})
		if err != nil {
			return fmt.Errorf("write sample lead: %w", err)
		}
		d.callData = append(d.callData, data)
		leads = append(leads, map[string]any{"phoneNumber": row[0], "externalId": row[1], "timeZoneId": row[2], "callData": json.RawMessage(data)})
		d.leads = append(d.leads, expectation(row[0], row[1]))
		d.talk.name("+"+strings.TrimPrefix(row[0], "+"), row[3])
	}
	var added struct{ LeadIDs []string }
	if err := d.call(ctx, "POST", "/v2/Outbound/"+d.pearl+"/Leads/Add?returnIds=true", map[string]any{"leads": leads}, &added); err != nil {
		return fmt.Errorf("add leads: %w", err)
	}
	if len(added.LeadIDs) != len(d.leads) {
		return fmt.Errorf("add leads: %d ids for %d leads", len(added.LeadIDs), len(d.leads))
	}
	for n, leadID := range added.LeadIDs {
		d.leads[n].LeadID = leadID
	}
	return nil
}

// run starts the campaign.
func (d *demo) run(ctx context.Context) error {
	var activity int
	if err := d.call(ctx, "PUT", "/v2/Pearl/"+d.pearl+"/Active", map[string]any{"isActive": true}, &activity); err != nil {
		return fmt.Errorf("run campaign: %w", err)
	}
	d.started = time.Now()
	return nil
}

func expectation(number, externalID string) demoLead {
	l := demoLead{PhoneNumber: number, ExternalID: externalID}
	digits := int(number[len(number)-2]-'0')*10 + int(number[len(number)-1]-'0')
	for _, c := range callees {
		if digits >= c.from && digits <= c.to {
			l.Callee, l.Expected = c.who, c.ends
		}
	}
	return l
}

// demoLimit bounds the duration of a demo.
const demoLimit = 5 * time.Minute

// watch shows the campaign until no lead is at 20 or 40 and none is due within ten minutes.
func (d *demo) watch(ctx context.Context) error {
	deadline := time.Now().Add(demoLimit)
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		counts, open, err := d.look(ctx)
		if err != nil {
			return err
		}
		d.show(counts)
		if !open {
			return nil
		}
		if time.Now().After(deadline) {
			fmt.Fprintln(d.say, "the demo did not finish in time")
			return nil
		}
		select {
		case <-ctx.Done():
			return exitError{code: exitFailed, err: errors.New("interrupted before the campaign was over")}
		case <-ticker.C:
		}
	}
}

type leadRow struct {
	ID     string
	Status int
}

// look counts leads by status; open is set while a call is under way or due soon.
func (d *demo) look(ctx context.Context) (counts map[int]int, open bool, err error) {
	var page struct{ Results []leadRow }
	if err := d.call(ctx, "POST", "/v2/Outbound/"+d.pearl+"/Leads", map[string]any{"limit": 1000}, &page); err != nil {
		return nil, false, fmt.Errorf("search leads: %w", err)
	}
	counts = map[int]int{}
	var waiting []string
	for _, row := range page.Results {
		counts[row.Status]++
		if row.Status == 1 || row.Status == 10 {
			waiting = append(waiting, row.ID)
		}
	}
	if counts[20]+counts[40] > 0 || len(waiting) > 10 {
		return counts, true, nil
	}
	for _, leadID := range waiting {
		var next struct{ DueAt *time.Time }
		if err := d.call(ctx, "GET", "/v2/Outbound/"+d.pearl+"/Lead/"+leadID+"/Next", nil, &next); err != nil {
			return nil, false, fmt.Errorf("ask when a lead is next: %w", err)
		}
		if next.DueAt == nil || time.Until(*next.DueAt) < 10*time.Minute {
			return counts, true, nil
		}
	}
	return counts, false, nil
}

// result reads the status of every lead.
func (d *demo) result(ctx context.Context, recordings string) (demoResult, error) {
	result := demoResult{OK: true, Seconds: time.Since(d.started).Seconds(), Leads: len(d.leads), ByStatus: map[string]int{}, Recordings: []string{}, Data: d.data}
	for n := range d.leads {
		l := &d.leads[n]
		var full struct {
			Status  int
			CallsID []string
		}
		if err := d.call(ctx, "GET", "/v2/Outbound/"+d.pearl+"/Lead/"+l.LeadID, nil, &full); err != nil {
			return result, fmt.Errorf("read lead: %w", err)
		}
		var next struct{ Attempts int }
		if err := d.call(ctx, "GET", "/v2/Outbound/"+d.pearl+"/Lead/"+l.LeadID+"/Next", nil, &next); err != nil {
			return result, fmt.Errorf("read attempts: %w", err)
		}
		l.Status, l.CallsID, l.Attempts = full.Status, full.CallsID, next.Attempts
		result.ByStatus[fmt.Sprint(l.Status)]++
		result.Calls += len(l.CallsID)
		result.OK = result.OK && slices.Contains(l.Expected, l.Status)
	}
	result.Results = d.leads
	result.Recordings = append(result.Recordings, pickRecordings(d.leads, recordings)...)
	result.Webhooks = d.receiver.settled(ctx)
	return result, nil
}

// pickRecordings returns three recordings: a success, a machine, a long conversation.
func pickRecordings(leads []demoLead, folder string) []string {
	var paths []string
	for _, who := range []string{"agrees", "answering machine", "a long talk, then agrees"} {
		for _, l := range leads {
			if l.Callee != who || len(l.CallsID) == 0 {
				continue
			}
			path := filepath.Join(folder, l.CallsID[len(l.CallsID)-1]+".wav")
			if _, err := os.Stat(path); err == nil {
				paths = append(paths, path)
				break
			}
		}
	}
	return paths
}

// call sends one API request and decodes the response.
func (d *demo) call(ctx context.Context, method, path string, body, into any) error {
	var reader io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("write body: %w", err)
		}
		reader = bytes.NewReader(raw)
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, d.base+path, reader)
	if err != nil {
		return fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+d.key)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, raw)
	}
	if text, ok := into.(*string); ok && strings.HasPrefix(response.Header.Get("Content-Type"), "text/plain") {
		*text = string(raw)
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s %s: read answer: %w", method, path, err)
	}
	return nil
}
