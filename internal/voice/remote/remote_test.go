package remote_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"nacre/internal/call"
	"nacre/internal/media"
	"nacre/internal/provider"
	"nacre/internal/provider/providertest"
	"nacre/internal/voice"
	"nacre/internal/voice/remote"
)

const short, long = 200 * time.Millisecond, time.Minute

// tone returns silence, a tone of 440 Hz, and silence, in milliseconds at a rate.
func tone(rate, before, sound, after int) []int16 {
	samples := make([]int16, rate*(before+sound+after)/1000)
	from, to := rate*before/1000, rate*(before+sound)/1000
	for n := from; n < to; n++ {
		samples[n] = int16(9000 * math.Sin(2*math.Pi*440*float64(n-from)/float64(rate)))
	}
	return samples
}

func linear(samples []int16) string {
	var b []byte
	for _, s := range samples {
		b = binary.LittleEndian.AppendUint16(b, uint16(s))
	}
	return string(b)
}

func muLaw(samples []int16) string {
	b := make([]byte, len(samples))
	media.EncodeULaw(b, samples)
	return string(b)
}

// wave returns a WAVE file as streams have it: of unknown length, with a chunk before the format.
func wave(kind, channels uint16, rate uint32, bits uint16, data string) string {
	le := binary.LittleEndian
	b := []byte("RIFF\xff\xff\xff\xffWAVELIST\x05\x00\x00\x00abcde\x00fmt \x10\x00\x00\x00")
	b = le.AppendUint16(b, kind)
	b = le.AppendUint16(b, channels)
	b = le.AppendUint32(b, rate)
	b = le.AppendUint32(b, rate*uint32(channels*bits/8))
	b = le.AppendUint16(b, channels*bits/8)
	b = le.AppendUint16(b, bits)
	return string(b) + "data\xff\xff\xff\xff" + data
}

func voices(t *testing.T, s *providertest.Server, format remote.Format, first, between time.Duration) *remote.Voices {
	t.Helper()
	client := provider.NewClient(s.Endpoint(t, "", first, between))
	return remote.New(remote.Config{
		Voices: []voice.Info{{ID: "one"}, {ID: "two"}}, Format: format,
		Ask: func(ctx context.Context, voiceID, text string) (*provider.Answer, error) {
			return client.PostJSON(ctx, "/"+voiceID, nil, text)
		},
	})
}

func TestDecodes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body   string
		format remote.Format
	}{
		"linear 24 kHz":    {linear(tone(24_000, 200, 300, 200)), remote.Format{Rate: 24_000}},
		"linear 8 kHz":     {linear(tone(8000, 0, 300, 0)), remote.Format{Rate: 8000}},
		"an odd byte":      {linear(tone(8000, 0, 300, 0)) + "x", remote.Format{Rate: 8000}},
		"µ-law":            {muLaw(tone(8000, 210, 300, 1700)), remote.Format{MuLaw: true}},
		"WAVE 22 kHz":      {wave(1, 1, 22_050, 16, linear(tone(22_050, 100, 300, 100))), remote.Format{Rate: 24_000}},
		"WAVE µ-law 8 kHz": {wave(7, 1, 8000, 8, muLaw(tone(8000, 100, 300, 100))), remote.Format{Rate: 24_000}},
	} {
		for _, piece := range []int{3, 1000, 1 << 20} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := providertest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Content-Type", "audio/whatever")
					for rest := c.body; rest != ""; {
						n := min(piece, len(rest))
						_, _ = io.WriteString(w, rest[:n])
						rest = rest[n:]
						if piece >= 1000 {
							_ = http.NewResponseController(w).Flush()
						}
					}
				})
				got, err := voices(t, s, c.format, long, long).Speak(t.Context(), "", "Hello.")
				if err != nil {
					t.Fatal(err)
				}
				if length := voice.LengthOf(got); length < 300*time.Millisecond || length > 350*time.Millisecond {
					t.Errorf("%s: silence at the ends is not taken away, or sound is", length)
				}
				crossings, peak, below := 0, 0, true
				for _, sample := range got {
					if below && sample > 2000 {
						crossings++
					}
					below = sample < -2000 || below && sample <= 2000
					peak = max(peak, int(sample))
				}
				if crossings < 128 || crossings > 136 || peak < 8500 || peak > 9600 {
					t.Errorf("%d periods of 440 Hz in 300 ms, peak %d", crossings, peak)
				}
			})
		}
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	sound := linear(tone(8000, 0, 500, 0))
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		kind    provider.Kind
		heard   bool
	}{
		"refused key":          {providertest.Status(401, ""), provider.Unauthorized, false},
		"too many":             {providertest.Status(429, "", "Retry-After", "1"), provider.Limited, false},
		"never answers":        {providertest.Hang, provider.Late, false},
		"a header alone":       {providertest.Stall("audio/pcm", ""), provider.Late, false},
		"cut":                  {providertest.Cut("audio/pcm", sound), provider.Broken, true},
		"stalls":               {providertest.Stall("audio/pcm", sound), provider.Late, true},
		"slower than speech":   {providertest.Drip("audio/pcm", sound, linear(tone(8000, 0, 1, 0))), provider.Late, true},
		"an error as 200":      {providertest.Status(200, `{"error":"no credit"}`, "Content-Type", "application/json"), provider.Broken, false},
		"a page":               {providertest.Status(200, "<html>", "Content-Type", "text/html"), provider.Broken, false},
		"nothing":              {providertest.Status(200, "", "Content-Type", "audio/pcm"), provider.Broken, false},
		"a few bytes":          {providertest.Status(200, "abc", "Content-Type", "audio/pcm"), provider.Broken, false},
		"silence":              {providertest.Status(200, linear(tone(8000, 900, 0, 0)), "Content-Type", "audio/pcm"), provider.Broken, false},
		"stereo":               {providertest.Status(200, wave(1, 2, 8000, 16, sound)), provider.Broken, false},
		"compressed":           {providertest.Status(200, wave(85, 1, 8000, 0, sound)), provider.Broken, false},
		"a WAVE of no audio":   {providertest.Status(200, "RIFF\xff\xff\xff\xffWAVE"+strings.Repeat("JUNK\x04\x00\x00\x00abcd", 9000)), provider.Broken, false},
		"a huge chunk":         {providertest.Status(200, "RIFF\xff\xff\xff\xffWAVEJUNK\xff\xff\xff\x7fabcd"), provider.Broken, false},
		"a rate of no telling": {providertest.Status(200, wave(1, 1, 4_000_000_000, 16, sound)), provider.Broken, false},
		"without end":          {providertest.Drip("audio/pcm", "", strings.Repeat(sound, 20)), provider.Broken, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, between := long, long
			if c.kind == provider.Late {
				first, between = short, short
			}
			v := voices(t, providertest.Serve(t, c.handler), remote.Format{Rate: 8000}, first, between)
			var failed error
			heard := 0
			for samples, err := range v.Stream(t.Context(), "", "Hello.") {
				if failed != nil {
					t.Error("something came after the error")
				}
				failed, heard = err, heard+len(samples)
			}
			if provider.KindOf(failed) != c.kind || (heard > 0) != c.heard {
				t.Errorf("%v after %d samples, want %s", failed, heard, c.kind)
			}
			if _, known := v.Length("", "Hello."); known {
				t.Error("half a sentence is kept")
			}
		})
	}
}

func TestStreamsAndKeeps(t *testing.T) {
	t.Parallel()
	sound := muLaw(tone(8000, 0, 500, 0))
	more := make(chan struct{})
	s := providertest.Serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, sound)
		_ = http.NewResponseController(w).Flush()
		<-more
		_, _ = io.WriteString(w, sound)
	})
	v := voices(t, s, remote.Format{MuLaw: true}, long, long)
	heard := 0
	for samples, err := range v.Stream(t.Context(), "two", "  Hello \n there. ") {
		if err != nil {
			t.Fatal(err)
		}
		if heard == 0 {
			close(more) // the second half is not sent before the first was heard
		}
		heard += len(samples)
	}
	again, err := v.Speak(t.Context(), "two", "Hello there.")
	if err != nil || len(again) != heard || heard < call.SampleRate*9/10 || len(s.Requests()) != 1 {
		t.Errorf("%d samples, then %d by %d requests, %v", heard, len(again), len(s.Requests()), err)
	}
	if length, known := v.Length("two", "Hello there."); !known || length != voice.LengthOf(again) {
		t.Errorf("%s, %t", length, known)
	}
	if _, known := v.Length("", "Hello there."); known {
		t.Error("another voice has not said it")
	}
	if samples, err := v.Speak(t.Context(), "", " – … "); err != nil || len(samples) > 0 || len(s.Requests()) != 1 {
		t.Errorf("nothing to say: %d samples, %v", len(samples), err)
	}
	if request := s.Requests()[0]; request.Path != "/two" || request.Body != `"Hello there."` {
		t.Errorf("%+v", request)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Speak(t.Context(), "", "Hello."); err == nil {
		t.Error("it speaks after its end")
	}
}

func TestWhoGoesAwayEndsTheRequest(t *testing.T) {
	t.Parallel()
	s := providertest.Serve(t, providertest.Stall("audio/pcm", linear(tone(8000, 0, 500, 0))))
	v := voices(t, s, remote.Format{Rate: 8000}, long, long)
	for range v.Stream(t.Context(), "", "Hello.") {
		break
	}
	s.Left(t)

	s = providertest.Serve(t, providertest.Hang)
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(short, cancel)
	if _, err := voices(t, s, remote.Format{Rate: 8000}, long, long).Speak(ctx, "", "Hello."); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	s.Left(t)
}
