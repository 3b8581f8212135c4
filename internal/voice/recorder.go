package voice

import (
	"errors"
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
	chunkFrames = 10 // frames passed to the writer at a time: 0.2 s
	chunksAhead = 50 // chunks that the disk may fall behind: 10 s
	closeWithin = 5 * time.Second
)

// chunk is a piece of a recording: frames of silence, then audio of both sides.
type chunk struct {
	silence      int
	length       int
	agent, heard [chunkFrames]call.Frame
}

// recorder records a call without blocking on the disk: a goroutine of its own writes.
type recorder struct {
	name    string
	log     *slog.Logger
	chunks  chan *chunk
	free    chan *chunk
	done    chan error
	current *chunk
	silence int // frames of silence at the start of the next chunk: hold, or chunks that were dropped
	lost    int
	bytes   int64 // of the file, before done
}

// record starts the recording of a call; nil if the track is none.
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

// skip adds frames of silence.
func (r *recorder) skip(frames int) {
	if r.current.length > 0 {
		r.pass()
	}
	r.silence += frames
}

// pass passes the current chunk to the writer. If the disk is too slow it is replaced by silence.
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

// end ends the recording. The disk may have fallen behind: see saved.
func (r *recorder) end() {
	if r.current.length == 0 {
		r.current.silence, r.silence = r.silence, 0
	}
	r.pass()
	close(r.chunks)
	if r.lost > 0 {
		r.log.Warn("disk too slow for the recording", "lostFrames", r.lost)
	}
}

// saved waits until the recording is on disk and returns its file name, "" when it could not be written, and its size.
func (r *recorder) saved() (name string, bytes int64) {
	timer := time.NewTimer(closeWithin)
	defer timer.Stop()
	select {
	case err := <-r.done:
		if err != nil {
			r.log.Error("record call", "error", err)
			return "", 0
		}
		return r.name, r.bytes
	case <-timer.C:
		r.log.Error("record call", "error", "the disk did not take it in time")
		return "", 0
	}
}

// write writes chunks until the channel is closed; after a failure it discards them, and removes the file in the end.
func (r *recorder) write(folder string, track call.Track) {
	defer survive(func(err error) { r.done <- err })
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
	if err != nil && writer != nil { // no call names what there is of it, and its disk may be full
		err = errors.Join(err, os.Remove(filepath.Join(folder, r.name)))
	}
	if err == nil {
		err = syncFolder(folder)
	}
	if info, statErr := os.Stat(filepath.Join(folder, r.name)); err == nil {
		if err = statErr; err == nil {
			r.bytes = info.Size()
		}
	}
	r.done <- err
}

// syncFolder has the name of a new file outlive a power failure, as wav.Writer.Close does for what is in it: the end of the
// call, which names the recording, is committed afterwards.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("open recordings folder: %w", err)
	}
	if err := folder.Sync(); err != nil {
		return fmt.Errorf("sync recordings folder: %w", errors.Join(err, folder.Close()))
	}
	return folder.Close()
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
