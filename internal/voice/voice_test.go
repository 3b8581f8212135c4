package voice

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/voice/wav"
)

// Every kind of callee of the sandbox, by ear and by key.
func TestPeople(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, party string
		change      func(*call.Script)
		want        call.Talk
		callback    time.Duration
		ending      call.Ending
	}{
		{name: "agrees", party: "wait 0.4; say 0.8; hear; say+ 1.2; wait 0.3; keys 1", want: call.Talk{Answerer: call.Human, Success: true}},
		{name: "declines", party: "wait 0.4; say 0.8; hear; say+ 1.2; wait 0.3; keys 2", want: call.Talk{Answerer: call.Human}},
		{name: "machine", party: "wait 0.7; say 4; wait 0.3; beep 0.45", want: call.Talk{Answerer: call.MachineAnswerer, VoicemailLeft: true}},
		{name: "machine without a message", party: "wait 0.7; say 4; wait 0.3; beep 0.45",
			change: func(s *call.Script) { s.VoiceMail = "" }, want: call.Talk{Answerer: call.MachineAnswerer}},
		{name: "machine with a pause in its greeting", party: "wait 0.5; say 1.2; wait 0.9; say 3; wait 0.6; beep 0.45",
			want: call.Talk{Answerer: call.MachineAnswerer, VoicemailLeft: true}},
		{name: "call-back", party: "say 0.6; hear; say+ 1; wait 0.3; keys *21#", callback: time.Hour, want: call.Talk{Answerer: call.Human}},
		{name: "never again", party: "say 0.6; hear; say+ 1; wait 0.3; keys *9", want: call.Talk{Answerer: call.Human, OptOut: true}},
		{name: "never again and gone", party: "say 0.6; hear; keys *9; hang up", want: call.Talk{Answerer: call.Human, OptOut: true}, ending: call.PeerHungUp},
		{name: "hangs up at once", party: "wait 0.3; hang up", want: call.Talk{Answerer: call.UnknownAnswerer}, ending: call.PeerHungUp},
		{name: "silent", party: "", want: call.Talk{Answerer: call.UnknownAnswerer}},
		{name: "call screening", party: "wait 0.5; say 6; hear; say 3; wait 0.9; say 0.8; hear; say+ 0.7; wait 0.3; keys 1",
			want: call.Talk{Answerer: call.Human, Success: true}},
		{name: "long talk", party: "say 0.7; hear; say 9; wait 0.6; say 8; hear; say 9; wait 0.6; say 8; hear; say 10; wait 0.6; say 8; hear; " +
			"say 9; wait 0.6; say 8; hear; say+ 0.7; wait 0.3; keys 1", want: call.Talk{Answerer: call.Human, Success: true}},
		{name: "interrupts", party: "say 0.7; start; wait 1.5; say 2.8; hear; say+ 0.7; wait 0.3; keys 1", want: call.Talk{Answerer: call.Human, Success: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			script := offer()
			if c.change != nil {
				c.change(&script)
			}
			if c.ending == 0 && !strings.Contains(c.party, "hang up") {
				c.ending = call.PartyHungUp
			}
			d := &desk{}
			l := newLine(c.party)
			talk, ending := hold(t, New(Config{Speaker: &tones{}}), script, l, d)
			if talk.Answerer != c.want.Answerer || talk.Success != c.want.Success || talk.OptOut != c.want.OptOut ||
				talk.VoicemailLeft != c.want.VoicemailLeft || talk.Broke != "" {
				t.Errorf("got %+v, want %+v", talk, c.want)
			}
			if (talk.Callback != nil) != (c.callback != 0) || talk.Callback != nil && talk.Callback.After != c.callback {
				t.Errorf("call-back %v, want %s", talk.Callback, c.callback)
			}
			if ending != c.ending {
				t.Errorf("%s, want %s", ending, c.ending)
			}
			if called := d.calls.Load() > 0; called != c.want.OptOut {
				t.Errorf("opt-out asked for: %v", called)
			}
			if len(l.todo) > 0 {
				t.Errorf("the call ended before %q", l.todo)
			}
			for _, ms := range talk.TurnLatencyMS {
				if ms < 0 || ms > 2500 {
					t.Errorf("turn latencies %v ms", talk.TurnLatencyMS)
				}
			}
		})
	}
}

// The sound stops within three frames of the 400 ms of speech that make an interruption; less stops nothing.
func TestBargeIn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, speech string
		stops        bool
	}{{"interruption", "say 2", true}, {"backchannel", "say 0.26", false}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLine("start; wait 1; " + c.speech + "; wait 3; hang up")
			talk, _ := hold(t, New(Config{Speaker: &tones{}}), offer(), l, &desk{})
			from := l.marks[1] // the frame in which the speech begins
			if !l.said[from] || !l.said[from+15] {
				t.Fatal("the agent was not speaking")
			}
			latest := from + int(400*time.Millisecond/call.FrameTime) + 3
			silent := !slices.Contains(l.said[latest:latest+50], true)
			if silent != c.stops {
				t.Errorf("silent 60 ms after the interruption: %v, want %v", silent, c.stops)
			}
			if line := talk.Transcript[0]; c.stops && (line.Content == "" || len(line.Content) > 30) {
				t.Errorf("the transcript holds more than was played: %q", line.Content)
			}
		})
	}
}

func TestKeyStopsSpeech(t *testing.T) {
	t.Parallel()
	l := newLine("start; wait 1; keys *; wait 2; hang up")
	hold(t, New(Config{Speaker: &tones{}}), offer(), l, &desk{})
	at := l.marks[1]
	if !l.said[at-1] || slices.Contains(l.said[at:at+100], true) {
		t.Errorf("after the key: %v", l.said[at-1:at+10])
	}
}

func TestSpeakerFails(t *testing.T) {
	t.Parallel()
	never := func(string, string) error { return errSpeech }
	once := make(map[string]int)
	for _, c := range []struct {
		name    string
		speaker *tones
		change  func(*call.Script)
		broke   string
		success bool
	}{
		{name: "always", speaker: &tones{fail: never}, broke: "no speech today"},
		{name: "panics", speaker: &tones{fail: func(string, string) error { panic("the voice is broken") }}, broke: "the voice is broken"},
		{name: "every first time", speaker: &tones{fail: func(_, text string) error {
			if once[text]++; once[text] == 1 {
				return errSpeech
			}
			return nil
		}}, success: true},
		{name: "with the voice chosen", speaker: &tones{fail: func(voice, _ string) error {
			if voice != "" {
				return errSpeech
			}
			return nil
		}}, change: func(s *call.Script) { s.VoiceID = "odd" }, success: true},
		{name: "never answers", speaker: &tones{slow: func(string) time.Duration { return time.Hour }}, broke: "not ready in time"},
		{name: "slow", speaker: &tones{slow: func(string) time.Duration { return time.Second }}, success: true},
		{name: "only the goodbye", speaker: &tones{fail: func(_, text string) error {
			if strings.Contains(text, "Goodbye") {
				return errSpeech
			}
			return nil
		}}, success: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			script := offer()
			if c.change != nil {
				c.change(&script)
			}
			l := newLine("say 0.5; hear; keys 1")
			talk, ending := hold(t, New(Config{Speaker: c.speaker}), script, l, &desk{})
			if !strings.Contains(talk.Broke, c.broke) || (talk.Broke == "") != (c.broke == "") || talk.Success != c.success {
				t.Errorf("%+v", talk)
			}
			if ending != call.PartyHungUp || l.elapsed() > time.Minute {
				t.Errorf("%s after %s", ending, l.elapsed())
			}
		})
	}
}

// The agent hangs up only once the opt-out is written, or has failed for ten seconds.
func TestOptOutBeforeHangUp(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		do          func(ctx context.Context, attempt int) error
		least, most time.Duration // from the key to the end
	}{
		{"at once", nil, 0, 8 * time.Second},
		{"at the fifth attempt", func(_ context.Context, attempt int) error {
			if attempt < 5 {
				return errors.New("store away")
			}
			return nil
		}, 3 * time.Second, 9 * time.Second},
		{"never", func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }, 10 * time.Second, 11 * time.Second},
		{"fails", func(context.Context, int) error { return errors.New("store away") }, 10 * time.Second, 11 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			l := newLine("hear; keys *9")
			talk, _ := hold(t, New(Config{Speaker: &tones{}}), offer(), l, &desk{do: c.do})
			took := l.elapsed() - time.Duration(l.marks[len(l.marks)-1])*call.FrameTime
			if !talk.OptOut || took < c.least || took > c.most {
				t.Errorf("hung up %s after the key; talk %+v", took, talk)
			}
		})
	}
}

func TestTimeLimit(t *testing.T) {
	t.Parallel()
	script := offer()
	script.Timeout = 6 * time.Second
	l := newLine("say 90")
	_, ending := hold(t, New(Config{Speaker: &tones{}}), script, l, &desk{})
	if ending != call.PartyHungUp || l.elapsed() != script.Timeout {
		t.Errorf("%s after %s", ending, l.elapsed())
	}
	l = newLine("wait 1; hold 900") // no frames: the guard ends it
	_, ending = hold(t, New(Config{Speaker: &tones{}}), script, l, &desk{})
	if ending != call.ContextEnded || l.elapsed() > 20*time.Second {
		t.Errorf("on hold: %s after %s", ending, l.elapsed())
	}
}

func TestReady(t *testing.T) {
	t.Parallel()
	if err := New(Config{Speaker: &tones{}}).Ready(); err != nil {
		t.Error(err)
	}
	a := New(Config{Missing: errSpeech})
	if err := a.Ready(); !errors.Is(err, errSpeech) {
		t.Errorf("without a speaker: %v", err)
	}
	l := newLine("")
	talk, ending := hold(t, a, offer(), l, &desk{})
	if talk.Broke == "" || ending != call.PartyHungUp || !l.hungUp {
		t.Errorf("without a speaker: %+v, %s, hung up %v", talk, ending, l.hungUp)
	}
}

func TestPrepare(t *testing.T) {
	t.Parallel()
	speaker := &tones{}
	script := offer()
	New(Config{Speaker: speaker}).Prepare(t.Context(), script)
	if speaker.spoken[0] != script.Opening || !slices.Contains(speaker.spoken, script.VoiceMail) ||
		!slices.Contains(speaker.spoken, script.Questions[0].Ask) {
		t.Errorf("prepared %q", speaker.spoken)
	}
	stopped := &tones{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	New(Config{Speaker: stopped}).Prepare(ctx, script)
	if len(stopped.spoken) != 0 {
		t.Errorf("prepared %q for a call that is over", stopped.spoken)
	}
}

func TestRecording(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		track    call.Track
		channels int
	}{{call.TrackAgent, 1}, {call.TrackLead, 1}, {call.TrackBoth, 2}, {call.TrackNone, 0}, {0, 0}} {
		folder := filepath.Join(t.TempDir(), "recordings")
		script := offer()
		script.Recording = c.track
		l := newLine("say 1; hear; hold 5; wait 1; keys 1")
		talk, _ := hold(t, New(Config{Speaker: &tones{}, Recordings: folder}), script, l, &desk{})
		if c.channels == 0 {
			if _, err := os.Stat(folder); talk.Recording != nil || !errors.Is(err, os.ErrNotExist) {
				t.Errorf("track %d: recorded", c.track)
			}
			continue
		}
		name, bytes := talk.Recording.Saved()
		if name != callID+".wav" {
			t.Fatalf("track %d: recorded %q", c.track, name)
		}
		info, err := os.Stat(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes != info.Size() {
			t.Errorf("track %d: %d bytes recorded, not %d", c.track, info.Size(), bytes)
		}
		got := time.Duration(info.Size()-44) * time.Second / time.Duration(2*c.channels*call.SampleRate)
		if off := got - l.elapsed(); off > 60*time.Millisecond || off < -60*time.Millisecond {
			t.Errorf("track %d: %s recorded of a call of %s", c.track, got, l.elapsed())
		}
	}
}

// The agent is on the left, the lead on the right, at the same time as on the line.
func TestRecordingSides(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	l := newLine("say 1; start; wait 0.5; hang up")
	talk, _ := hold(t, New(Config{Speaker: &tones{}, Recordings: folder}), offer(), l, &desk{})
	name, _ := talk.Recording.Saved()
	left, right := sides(t, filepath.Join(folder, name))
	sound := func(side []int16, from, to time.Duration) bool {
		i, j := int(from)*call.SampleRate/int(time.Second), int(to)*call.SampleRate/int(time.Second)
		return slices.ContainsFunc(side[i:j], func(s int16) bool { return s != 0 })
	}
	if sound(left, 0, 1200*time.Millisecond) || !sound(left, 1600*time.Millisecond, 1700*time.Millisecond) {
		t.Error("the left side is not the agent")
	}
	if !sound(right, 100*time.Millisecond, 200*time.Millisecond) || sound(right, 1100*time.Millisecond, 1700*time.Millisecond) {
		t.Error("the right side is not the lead")
	}
}

// A folder that cannot be written costs the recording, not the call.
func TestRecordingFails(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	talk, _ := hold(t, New(Config{Speaker: &tones{}, Recordings: file}), offer(), newLine("hear; keys 1"), &desk{})
	if name, _ := talk.Recording.Saved(); name != "" || !talk.Success {
		t.Errorf("recorded %q of %+v", name, talk)
	}
}

// A recording that ends in the middle, here at the largest file of the process, costs the recording, not the call; nothing of it is
// left.
func TestRecordingEndsInTheMiddle(t *testing.T) {
	// Not parallel: other recordings are as large.
	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 64 << 10, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	talk, _ := hold(t, New(Config{Speaker: &tones{}, Recordings: folder}), offer(), newLine("hear; wait 2; keys 1"), &desk{})
	name, _ := talk.Recording.Saved()
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &was); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(folder)
	if name != "" || !talk.Success || err != nil || len(left) > 0 {
		t.Errorf("recorded %q of %+v; left: %v, %v", name, talk, left, err)
	}
}

// A call ends without waiting for its disk: a pipe takes nothing until somebody reads it.
func TestSlowDisk(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	pipe := filepath.Join(folder, callID+".wav")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	s := New(Config{Speaker: &tones{}, Recordings: folder, Log: slog.New(slog.NewTextHandler(&log, nil))}).session(t.Context(), nil, offer(), &desk{})
	var heard, say call.Frame
	s.Exchange(&heard, &say)
	talk := s.finish()
	reader, err := os.Open(pipe)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer reader.Close()
		_, _ = io.Copy(io.Discard, reader)
	}()
	if name, _ := talk.Recording.Saved(); name != "" || !strings.Contains(log.String(), "record call") || strings.Contains(log.String(), "in time") {
		t.Errorf("recorded %q, and the log says %s", name, log.String()) // there is no seeking in a pipe
	}
}

func sides(t *testing.T, path string) (left, right []int16) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	audio, err := wav.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	return audio.Channel(0), audio.Channel(1)
}
