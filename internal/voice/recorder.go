package voice

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"nacre/internal/call"
	"nacre/internal/id"
	"nacre/internal/recording"
	"nacre/internal/voice/wav"
)

const (
	chunkFrames = 10 // handed to the writer at a time: 0.2 s
	chunksAhead = 50 // the disk may fall that far behind: 10 s
	closeWithin = 5 * time.Second
)

// chunk is a piece of a recording: some frames of silence, and then what was said and heard.
type chunk struct {
	silence      int
	length       int
	agent, heard [chunkFrames]call.Frame
}

// recorder takes the audio of a call without ever waiting for the disk; a goroutine of its own writes it.
type recorder struct {
	name    string
	log     *slog.Logger
	chunks  chan *chunk
	free    chan *chunk
	done    chan error
	current *chunk
	silence int // frames that the next chunk begins with: hold, or what the disk was too slow for
	lost    int
}

// record begins the recording of a call, nil where the track says that none is made.
func record(folder string, callID id.ID, track call.Track, log *slog.Logger) *recorder {
	if track != call.TrackAgent && track != call.TrackLead && track != call.TrackBoth {
		return nil
	}
	r := &recorder{
		name: recording.FileName(callID), log: log,
		chunks: make(chan *chunk, chunksAhead), free: make(chan *chunk, 2), done: make(chan error, 1),
		current: new(chunk),
	}
	go r.write(folder, track)
	return r
}

func (r *recorder) add(said, heard *call.Frame) {
	c := r.current
	if c.length == 0 {
		c.silence, r.silence = r.silence, 0
	}
	c.agent[c.length], c.heard[c.length] = *said, *heard
	c.length++
	if c.length == chunkFrames {
		r.pass()
	}
}

// skip leaves frames of silence.
func (r *recorder) skip(frames int) {
	if r.current.length > 0 {
		r.pass()
	}
	r.silence += frames
}

// pass hands the current chunk to the writer. Where the disk is too slow, silence takes its place.
func (r *recorder) pass() {
	c := r.current
	select {
	case r.chunks <- c:
		select {
		case r.current = <-r.free:
			r.current.length = 0
		default:
			r.current = new(chunk)
		}
	default:
		r.silence += c.silence + c.length
		r.lost += c.length
		c.length = 0
	}
}

// close ends the recording and answers its file name, "" when it could not be written.
func (r *recorder) close() string {
	if r.current.length == 0 {
		r.current.silence, r.silence = r.silence, 0
	}
	r.pass()
	close(r.chunks)
	if r.lost > 0 {
		r.log.Warn("disk too slow for the recording", "lostFrames", r.lost)
	}
	timer := time.NewTimer(closeWithin)
	defer timer.Stop()
	select {
	case err := <-r.done:
		if err != nil {
			r.log.Error("record call", "error", err)
			return ""
		}
		return r.name
	case <-timer.C:
		r.log.Error("record call", "error", "the disk did not take it in time")
		return ""
	}
}

// write runs until the chunks end; after a failure it goes on taking them.
func (r *recorder) write(folder string, track call.Track) {
	writer, err := create(folder, r.name, track)
	var silence call.Frame
	for c := range r.chunks {
		for i := 0; i < c.silence && err == nil; i++ {
			err = put(writer, track, &silence, &silence)
		}
		for i := 0; i < c.length && err == nil; i++ {
			err = put(writer, track, &c.agent[i], &c.heard[i])
		}
		select {
		case r.free <- c:
		default:
		}
	}
	if writer != nil {
		if closed := writer.Close(); err == nil {
			err = closed
		}
	}
	r.done <- err
}

func create(folder, name string, track call.Track) (*wav.Writer, error) {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return nil, fmt.Errorf("make recordings folder: %w", err)
	}
	channels := 1
	if track == call.TrackBoth {
		channels = 2
	}
	return wav.Create(filepath.Join(folder, name), channels)
}

func put(w *wav.Writer, track call.Track, agent, heard *call.Frame) error {
	switch track {
	case call.TrackBoth:
		return w.WriteStereo(agent, heard)
	case call.TrackAgent:
		return w.WriteMono(agent)
	default:
		return w.WriteMono(heard)
	}
}
