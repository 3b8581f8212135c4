package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/id"
	"nacre/internal/lead"
	"nacre/internal/webhook"
)

// rawUpdates writes what Update Lead writes, without reading or judging anything.
type rawUpdates struct {
	db       *rawDB
	plain    bool
	ids      []id.ID
	pearl    campaign.Pearl
	body     []byte
	order    []int
	used     turns
	delivery atomic.Int64
}

func newRawUpdates(path string, pearl campaign.Pearl, ids []id.ID, how rawManner) (*rawUpdates, error) {
	sample := lead.Lead{ID: ids[0], Campaign: pearl.ID, Phone: "+14155550101", ExternalID: "crm-0000001", Status: lead.Completed, CallData: json.RawMessage(callData(1, 1))}
	body, err := webhook.Renderer{}.LeadBody(sample, pearl, nil, time.Now())
	if err != nil {
		return nil, err
	}
	db, err := openRaw(path, how)
	if err != nil {
		return nil, err
	}
	return &rawUpdates{db: db, plain: how == plain, ids: ids, pearl: pearl, body: body, order: shuffled(len(ids))}, nil
}

func (r *rawUpdates) run(length time.Duration) (measure, error) {
	jobs := make(chan rawJob, callers)
	ended := make(chan error, 1)
	go func() { ended <- r.db.group(jobs) }()
	figure, err := hammer(callers, length, &r.used, func(turn int) error {
		j := rawJob{write: r.write(turn), done: make(chan error, 1)}
		jobs <- j
		return <-j.done
	})
	close(jobs)
	if failed := <-ended; err == nil {
		err = failed
	}
	return figure, err
}

// wholeLead writes every column that a caller may change, as a store does that keeps no account of what differs.
const wholeLead = `UPDATE lead SET version = version + 1, sequence = sequence + 1, phone = ?, external_id = ?, zone = ?, zone_key = ?, call_data = ?,
	collected = ?, search = ?, status = ?, attempts = ?, due = ?, promised = ?, claim = ?, node = ?, call_id = ?, state = ?, held = ? WHERE id = ?`

// write prepares the rows outside the writer, as any good client of SQLite would.
func (r *rawUpdates) write(turn int) func(*rawDB) error {
	n := r.order[turn%len(r.order)]
	round := turn / len(r.order)
	status, before := statuses[round%len(statuses)], 1
	if round > 0 {
		before = statuses[(round-1)%len(statuses)]
	}
	now := time.Now().UnixMilli()
	due := int64(0)
	if status == 1 || status == 10 {
		due = now
	}
	data := string(callData(n, turn+1))
	leadID, account, pearl := string(r.ids[n]), string(r.pearl.Account), string(r.pearl.ID)
	delivery := fmt.Sprintf("%024x", r.delivery.Add(1))
	zoneKey := zones[n%len(zones)]
	if zoneKey == "" {
		zoneKey = "America/New_York"
	}
	return func(db *rawDB) error {
		var err error
		if r.plain {
			err = db.exec(wholeLead, fictional(n), fmt.Sprintf("crm-%07d", n), zones[n%len(zones)], zoneKey, data, "", data, int64(status), int64(0), due, int64(0),
				"", "", "", "", int64(0), leadID)
		} else {
			err = db.exec(`UPDATE lead SET version = version + 1, call_data = ?, search = ?, status = ?, due = ?, sequence = sequence + 1 WHERE id = ?`,
				data, data, int64(status), due, leadID)
		}
		if err != nil {
			return err
		}
		const history = `INSERT INTO history (lead_id, at, kind, status_from, status_to, call_id, actor, note) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
		if err := db.exec(history, leadID, now, "status", int64(before), int64(status), "", "bench", ""); err != nil {
			return err
		}
		if err := db.exec(history, leadID, now, "edited", int64(0), int64(0), "", "bench", "callData, status"); err != nil {
			return err
		}
		return db.exec(`INSERT INTO delivery (id, account_id, pearl_id, kind, lead_id, call_id, is_start, sequence, trace, state, created, next_try, tries,
			replays, body, lease, held_back, hurried) VALUES (?, ?, ?, 'lead', ?, '', 0, ?, '', 'dead', ?, 0, '', 0, ?, 0, 0, 0)`,
			delivery, account, pearl, leadID, int64(round+1), now, r.body)
	}
}

// rawOptions are what a raw writer in a process of its own is told.
type rawOptions struct {
	Path   string // of the database
	Pearl  campaign.Pearl
	IDs    string // file with the ids of leads, one a line
	Plain  bool
	Length time.Duration
}

// rawServer runs the raw writer for a while whenever a line comes, and answers a loadResult, so that it has a core to
// itself as the server has.
func rawServer(options string) error {
	var o rawOptions
	if err := json.Unmarshal([]byte(options), &o); err != nil {
		return fmt.Errorf("read options: %w", err)
	}
	ids, err := readIDs(o.IDs)
	if err != nil {
		return err
	}
	how := tuned
	if o.Plain {
		how = plain
	}
	raw, err := newRawUpdates(o.Path, o.Pearl, ids, how)
	if err != nil {
		return err
	}
	defer raw.db.close()
	lines := bufio.NewReader(os.Stdin)
	for {
		switch _, err := lines.ReadString('\n'); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
		figure, err := raw.run(o.Length)
		if err != nil {
			return err
		}
		if err := json.NewEncoder(os.Stdout).Encode(loadResult{Rate: figure.rate, P50: figure.p50, P99: figure.p99, CPU: figure.cpu}); err != nil {
			return err
		}
	}
}

// rawProcess is a raw writer in a process of its own.
type rawProcess struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *json.Decoder
}

func startRaw(ctx context.Context, cores, self string, o rawOptions) (*rawProcess, error) {
	options, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	p := &rawProcess{cmd: pinned(ctx, cores, self, "raw", string(options))}
	p.cmd.Env = append(os.Environ(), "GOMAXPROCS=2")
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start raw writer: %w", err)
	}
	p.out = json.NewDecoder(out)
	return p, nil
}

// run has it write for a while.
func (p *rawProcess) run() (result loadResult, err error) {
	if _, err := io.WriteString(p.in, "\n"); err != nil {
		return result, err
	}
	return result, p.out.Decode(&result)
}

// stop ends it: it has no more to read.
func (p *rawProcess) stop() {
	_ = p.in.Close()
	_ = p.cmd.Wait()
}
