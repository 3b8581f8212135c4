package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"nacre/internal/account"
	"nacre/internal/engine"
	"nacre/internal/id"
	"nacre/test/process"
)

// The heavy account of the row: so many leads with notes of so many letters, which are searched for a text that almost occurs at
// every position.
const (
	heavyLeads   = 3800
	heavyNote    = 32_000
	heavyReaders = 8
)

// stops measures how long it takes from sending PUT 130 for a ringing lead until CANCEL is on the wire: while nothing else is done,
// and while eight readers of another account search as expensively as they may.
func (b *bench) stops(ctx context.Context) (err error) {
	samples, rounds := 60, 3
	if b.quick {
		samples = 20
	}
	var heavyPearl id.ID
	var heavyKey string
	r, err := b.ringing(ctx, "stops", samples*rounds*2, func(f *folder) (err error) {
		heavyPearl, heavyKey, err = f.heavy(ctx)
		return err
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.end()) }()
	var quiet, loaded []time.Duration
	var searches atomic.Int64
	for range rounds {
		taken, err := r.stop(ctx, samples)
		if err != nil {
			return err
		}
		quiet = append(quiet, taken...)
		reading, stop := context.WithCancel(ctx)
		var readers sync.WaitGroup
		for range heavyReaders {
			readers.Go(func() {
				for reading.Err() == nil {
					searches.Add(1)
					searchHeavily(reading, r.server.address, heavyKey, heavyPearl)
				}
			})
		}
		if err := pause(ctx, time.Second); err != nil { // all of them are at it
			stop()
			return err
		}
		taken, err = r.stop(ctx, samples)
		stop()
		readers.Wait()
		if err != nil {
			return err
		}
		loaded = append(loaded, taken...)
	}
	before, during := measured(quiet, time.Second, 0), measured(loaded, time.Second, 0)
	ratio := float64(during.p99) / float64(before.p99)
	b.add(result{
		name:   fmt.Sprintf("PUT 130 to CANCEL while %d readers search", heavyReaders),
		figure: fmt.Sprintf("p50 %s, p99 %s, %d searches", milliseconds(during.p50), milliseconds(during.p99), searches.Load()),
		raw:    fmt.Sprintf("quiet: p50 %s, p99 %s", milliseconds(before.p50), milliseconds(before.p99)),
		ratio:  times(ratio), goal: "≤ 2×", missed: ratio > 2,
	})
	return nil
}

// ringing is a server with a campaign that runs, whose leads are called, and never answer.
type ringing struct {
	server *program
	client
	peer  *peer
	pearl id.ID
	ids   map[string]id.ID // of the leads, by number
}

// ringing starts a server on a core of its own. prepare adds to its data before.
func (b *bench) ringing(ctx context.Context, name string, count int, prepare func(*folder) error) (r *ringing, err error) {
	r = &ringing{ids: map[string]id.ID{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.end())
		}
	}()
	if err := stepAside(); err != nil {
		return r, err
	}
	if r.peer, err = listenPeer(); err != nil {
		return r, err
	}
	f, err := openFolder(ctx, filepath.Join(b.dir, name))
	if err != nil {
		return r, err
	}
	key, _, err := f.campaigns(ctx, r.peer.conn.LocalAddr().String(), nil)
	if err != nil {
		return r, err
	}
	numbers, err := f.store.Numbers(ctx, f.actor.Account)
	if err != nil {
		return r, err
	}
	if r.pearl, err = f.newPearl(ctx, name, numbers[len(numbers)-1].ID, 8); err != nil { // the number over the trunk is the newest
		return r, err
	}
	leads := newLeads(0, count)
	for n := range leads {
		leads[n].Zone = ""
	}
	added, err := f.engine.AddLeads(ctx, f.actor, r.pearl, leads, nil)
	if err != nil {
		return r, err
	}
	for n, leadID := range added {
		r.ids[leads[n].Phone] = leadID
	}
	if err := errors.Join(prepare(f), f.store.Close()); err != nil {
		return r, err
	}
	ours, _ := cores()
	r.server, err = start(ctx, ours, filepath.Join(b.dir, name+".log"), []string{"GOMAXPROCS=2"}, b.nacre, "serve", "--data", f.dir, "--listen", "127.0.0.1:0",
		"--sip-listen", "127.0.0.1:0", "--allow-networks", "127.0.0.0/8", "--streams-per-person", "0", "--log-level", "error")
	if err != nil {
		return r, err
	}
	if err := r.server.settle(ctx); err != nil {
		return r, err
	}
	r.client = client{process.Client{Base: r.server.address, Key: key}}
	return r, r.Do(ctx, "PUT", "/v2/Pearl/"+string(r.pearl)+"/Active", map[string]any{"isActive": true}, nil)
}

func (r *ringing) end() (err error) {
	if r.server != nil {
		err = r.server.stop()
	}
	if r.peer != nil {
		_ = r.peer.conn.Close()
	}
	return err
}

// stop stops leads that ring, one after another, and returns how long each CANCEL took to come.
func (r *ringing) stop(ctx context.Context, samples int) (taken []time.Duration, err error) {
	for len(taken) < samples {
		var number string
		select {
		case number = <-r.peer.ringing:
		case <-time.After(30 * time.Second):
			return nil, errors.New("no lead is called")
		}
		leadID, ok := r.ids[number]
		if !ok {
			return nil, fmt.Errorf("%s is called, which is no lead", number)
		}
		began := time.Now()
		if err := r.Do(ctx, "PUT", "/v2/Outbound/"+string(r.pearl)+"/Lead/"+string(leadID), map[string]any{"status": 130}, nil); err != nil {
			return nil, err
		}
		for cancelled := ""; cancelled != number; {
			select {
			case stop := <-r.peer.cancelled:
				if cancelled = stop.number; cancelled == number {
					taken = append(taken, stop.at.Sub(began))
				}
			case <-time.After(60 * time.Second):
				return nil, fmt.Errorf("no CANCEL for %s", number)
			}
		}
	}
	return taken, nil
}

// heavy makes the heavy account with its campaign and a key that may read.
func (f *folder) heavy(ctx context.Context) (pearlID id.ID, key string, err error) {
	owner, err := f.engine.CreateAccount(ctx, "heavy")
	if err != nil {
		return "", "", err
	}
	numbers, err := f.store.Numbers(ctx, owner.ID)
	if err != nil {
		return "", "", err
	}
	other := *f
	other.actor = engine.Actor{Account: owner.ID, By: "bench"}
	if pearlID, err = other.newPearl(ctx, "heavy", numbers[0].ID, 1); err != nil {
		return "", "", err
	}
	data := fmt.Appendf(nil, `{"note":%q}`, strings.Repeat("a", heavyNote))
	leads := newLeads(0, heavyLeads)
	for n := range leads {
		leads[n].CallData = data
	}
	if _, err := f.engine.AddLeads(ctx, other.actor, pearlID, leads, nil); err != nil {
		return "", "", err
	}
	_, key, err = f.engine.CreateKey(ctx, other.actor, "bench", account.ScopeRead, time.Time{})
	return pearlID, key, err
}

// searchHeavily searches; what becomes of it does not matter, and much of it takes longer than it may.
func searchHeavily(ctx context.Context, base, key string, pearlID id.ID) {
	body := fmt.Sprintf(`{"searchInput":%q}`, strings.Repeat("a", 99)+"b")
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v2/Outbound/"+string(pearlID)+"/Leads", strings.NewReader(body))
	if err != nil {
		return
	}
	request.Header.Set("Authorization", "Bearer "+key)
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		_ = pause(ctx, 10*time.Millisecond)
		return
	}
	defer answer.Body.Close()
	_, _ = io.Copy(io.Discard, answer.Body)
}

// peer is the least carrier there can be: everybody's telephone rings, nobody answers.
type peer struct {
	conn      net.PacketConn
	ringing   chan string // numbers
	cancelled chan cancelledCall
}

type cancelledCall struct {
	number string
	at     time.Time
}

func listenPeer() (*peer, error) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &peer{conn: conn, ringing: make(chan string, 10_000), cancelled: make(chan cancelledCall, 10_000)}
	go p.serve()
	return p, nil
}

// serve answers requests until the connection is closed (RFC 3261 8.2.6, 9.2).
func (p *peer) serve() {
	invites := map[string][]byte{} // by Call-ID
	packet := make([]byte, 1<<16)
	for {
		n, from, err := p.conn.ReadFrom(packet)
		if err != nil {
			return
		}
		at := time.Now()
		request := bytes.Clone(packet[:n])
		method, rest, _ := strings.Cut(string(request), " ")
		_, number, _ := strings.Cut(rest, "sip:")
		number, _, _ = strings.Cut(number, "@")
		callID := sipHeader(request, "call-id")
		reply := func(request []byte, status string) { _, _ = p.conn.WriteTo(sipReply(request, status), from) }
		switch method {
		case "INVITE":
			reply(request, "180 Ringing")
			if invites[callID] == nil { // else it is repeated
				invites[callID] = request
				p.ringing <- number
			}
		case "CANCEL":
			reply(request, "200 OK")
			if invite := invites[callID]; invite != nil {
				reply(invite, "487 Request Terminated")
				p.cancelled <- cancelledCall{number, at}
			}
		case "ACK":
		default:
			reply(request, "200 OK")
		}
	}
}

// sipHeader is the value of a header by its lower-case name, in its long form.
func sipHeader(message []byte, name string) string {
	for line := range strings.SplitSeq(string(message), "\r\n") {
		if found, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(found), name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// sipReply repeats what an answer has to repeat.
func sipReply(request []byte, status string) []byte {
	reply := []byte("SIP/2.0 " + status + "\r\n")
	for line := range strings.SplitSeq(string(request), "\r\n") {
		name, _, _ := strings.Cut(line, ":")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "via", "from", "call-id", "cseq":
			reply = append(reply, line+"\r\n"...)
		case "to":
			reply = append(reply, line+";tag=bench\r\n"...)
		}
	}
	return append(reply, "Content-Length: 0\r\n\r\n"...)
}
