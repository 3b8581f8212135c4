package deepgram

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"time"

	"nacre/internal/provider"
	"nacre/internal/voice"
)

// incoming is a message of the server: Results and UtteranceEnd of /v1/listen, TurnInfo of /v2/listen, and errors of both.
type incoming struct {
	Type string `json:"type"`

	Start        float64         `json:"start"` // seconds from the first frame
	Duration     float64         `json:"duration"`
	IsFinal      bool            `json:"is_final"`
	SpeechFinal  bool            `json:"speech_final"`
	FromFinalize bool            `json:"from_finalize"`
	Channel      json.RawMessage `json:"channel"` // of UtteranceEnd a list

	Event       string  `json:"event"`
	Transcript  string  `json:"transcript"`
	WindowStart float64 `json:"audio_window_start"`
	WindowEnd   float64 `json:"audio_window_end"`

	Code    string `json:"code"`
	ErrCode string `json:"err_code"`
}

type channel struct {
	Alternatives []struct {
		Transcript string `json:"transcript"`
		Words      []struct {
			Word       string  `json:"word"`
			Punctuated string  `json:"punctuated_word"`
			Start      float64 `json:"start"`
			End        float64 `json:"end"`
		} `json:"words"`
	} `json:"alternatives"`
}

// utterance puts the pieces of what is said together. The server's pieces follow its own pauses; an utterance is as long as our
// voice activity detector says, or the server where that heard nothing.
type utterance struct {
	speaking bool  // as our voice activity detector says
	asked    bool  // it has ended, and its last words were asked for
	told     bool  // words were final since it began
	done     piece // that do not change any more
	open     piece
}

type piece struct {
	text     string
	words    []voice.Word
	from, to time.Duration
}

func (p piece) and(next piece) piece {
	switch {
	case next.text == "":
		return p
	case p.text == "":
		return next
	}
	return piece{p.text + " " + next.text, append(slices.Clip(p.words), next.words...), p.from, next.to}
}

func (p piece) heard() voice.Heard {
	return voice.Heard{Text: p.text, Words: p.words, From: p.from, To: p.to}
}

func (u *utterance) begin() { u.speaking, u.asked, u.told = true, false, false }

// final returns the final result. What is said next is another utterance.
func (u *utterance) final() voice.Heard {
	h := u.done.and(u.open).heard()
	h.Final = true
	u.done, u.open, u.asked, u.told = piece{}, piece{}, false, true
	return h
}

var codeShape = regexp.MustCompile(`^[A-Z][A-Z0-9_\-]{2,39}$`)

// take takes a message of the server, and returns the result that follows from it. The error is that of the server, or of a
// message that cannot be understood.
func (u *utterance) take(name string, raw []byte) (h voice.Heard, ok bool, err error) {
	var m incoming
	if json.Unmarshal(raw, &m) != nil {
		return h, false, &provider.Error{Provider: name, Kind: provider.Broken, Detail: "a message is no JSON"}
	}
	switch m.Type {
	case "Results":
		var c channel
		if json.Unmarshal(m.Channel, &c) != nil {
			return h, false, &provider.Error{Provider: name, Kind: provider.Broken, Detail: "results of an unknown shape"}
		}
		h, ok = u.results(m, c)
		return h, ok, nil
	case "UtteranceEnd":
		if !u.speaking && u.done.and(u.open).text != "" {
			return u.final(), true, nil
		}
	case "TurnInfo":
		h, ok = u.turn(m)
		return h, ok, nil
	case "Error", "FatalError":
		failure := &provider.Error{Provider: name, Kind: provider.Unavailable, Detail: "an error in mid-stream"}
		for _, code := range []string{m.Code, m.ErrCode} {
			if codeShape.MatchString(code) {
				failure.Detail = code
			}
		}
		return h, false, failure
	}
	return h, false, nil // Metadata, SpeechStarted, Connected, and what comes later
}

func (u *utterance) results(m incoming, c channel) (voice.Heard, bool) {
	p := piece{from: seconds(m.Start), to: seconds(m.Start + m.Duration)}
	if len(c.Alternatives) > 0 {
		best := c.Alternatives[0]
		p.text = strings.TrimSpace(best.Transcript)
		for _, w := range best.Words {
			text := w.Punctuated
			if text == "" {
				text = w.Word
			}
			p.words = append(p.words, voice.Word{Text: text, From: seconds(w.Start), To: seconds(w.End)})
		}
		if n := len(p.words); n > 0 {
			p.from, p.to = p.words[0].From, p.words[n-1].To
		}
	}
	u.open = p
	if m.IsFinal {
		u.done, u.open = u.done.and(p), piece{}
	}
	whole := u.done.and(u.open)
	switch {
	case m.FromFinalize && u.asked, m.SpeechFinal && !u.speaking && whole.text != "":
		empty := whole.text == "" && u.told
		h := u.final()
		if h.Text == "" {
			h.From, h.To = p.from, p.to
		}
		return h, !empty
	case whole.text == "" || p.text == "":
		return voice.Heard{}, false
	}
	return whole.heard(), true
}

// turn is a TurnInfo of Flux: its transcript is that of the turn so far.
func (u *utterance) turn(m incoming) (voice.Heard, bool) {
	text := strings.TrimSpace(m.Transcript)
	h := voice.Heard{Text: text, From: seconds(m.WindowStart), To: seconds(m.WindowEnd)}
	changed := text != u.open.text
	u.open = piece{text: text, from: h.From, to: h.To}
	switch m.Event {
	case "EndOfTurn":
		h.Final, h.EndOfTurn = true, true
		u.open = piece{}
		return h, true
	case "Update", "TurnResumed", "StartOfTurn":
		return h, changed && text != ""
	}
	return h, false
}

func seconds(s float64) time.Duration {
	return time.Duration(min(max(s, 0), 1e6) * float64(time.Second)).Round(time.Millisecond)
}
