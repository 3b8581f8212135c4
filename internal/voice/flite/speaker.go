package flite

import (
	"bufio"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"nacre/internal/subprocess"
)

// closeTimeout is how long a process may take for sentences under way when it is closed.
const closeTimeout = 10 * time.Second

var (
	errClosed = errors.New("the embedded voice is closed")
	errEnded  = errors.New("the process of the embedded voice ended")
)

// speaker synthesises by a process, and starts another one when it has ended.
type speaker struct {
	cacheDir string
	log      *slog.Logger

	mu      sync.Mutex
	current *process // nil: none was started
	closed  bool
}

// process is a running process that synthesises.
type process struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	errors limitedBuffer // what it wrote to stderr; complete when ended is closed
	ended  chan struct{}

	mu     sync.Mutex // guards what follows, and the order of orders
	out    *gob.Encoder
	number uint64
	asked  map[uint64]chan spoken
}

// speak synthesises cleaned text. If the process ends before, it is ordered once more from a new one.
func (s *speaker) speak(voiceID, text string) ([]int16, error) {
	for again := true; ; again = false {
		p, err := s.process()
		if err != nil {
			return nil, err
		}
		answer, err := p.ask(voiceID, text)
		switch {
		case errors.Is(err, errEnded) && again:
			continue
		case err != nil:
			return nil, err
		case answer.Err != "":
			return nil, errors.New(answer.Err)
		}
		samples := make([]int16, len(answer.Samples)/2)
		for n := range samples {
			samples[n] = int16(binary.LittleEndian.Uint16(answer.Samples[2*n:]))
		}
		return samples, nil
	}
}

// process returns the running process, and starts one if there is none.
func (s *speaker) process() (*process, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	if s.current != nil {
		select {
		case <-s.current.ended:
			s.log.Warn("the process of the embedded voice ended and is started again",
				"state", s.current.cmd.ProcessState.String(), "stderr", s.current.errors.String())
		default:
			return s.current, nil
		}
	}
	p, uncached, err := start(s.cacheDir)
	if err != nil {
		return nil, err
	}
	if uncached != "" {
		s.log.Warn("embedded voice cannot keep its compiled form and compiles at every start", "error", uncached)
	}
	s.current = p
	return p, nil
}

// close ends the process when it has synthesised what was ordered.
func (s *speaker) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.current == nil {
		s.closed = true
		return nil
	}
	s.closed = true
	p := s.current
	err := p.in.Close()
	select {
	case <-p.ended:
	case <-time.After(closeTimeout):
		err = errors.Join(err, errors.New("it still speaks: killed"), p.cmd.Process.Kill())
		<-p.ended
	}
	if errors.Is(err, os.ErrClosed) { // it had ended before
		return nil
	}
	return err
}

// start runs this program again, as the process that synthesises, and waits until it is ready.
func start(cacheDir string) (p *process, uncached string, err error) {
	cmd, err := subprocess.Command(processTitle, cacheDir)
	if err != nil {
		return nil, "", err
	}
	p = &process{cmd: cmd, ended: make(chan struct{}), asked: map[uint64]chan spoken{}}
	p.cmd.Stderr = &p.errors
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, "", err
	}
	answers, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, "", err
	}
	p.out = gob.NewEncoder(p.in)
	decoder := gob.NewDecoder(bufio.NewReader(answers))
	var hello greeting
	err = decoder.Decode(&hello)
	if err == nil && hello.Err == "" {
		go p.read(decoder)
		return p, hello.Uncached, nil
	}
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
	if hello.Err != "" {
		return nil, "", errors.New(hello.Err)
	}
	return nil, "", fmt.Errorf("%w: %s %s", errEnded, p.cmd.ProcessState, strings.TrimSpace(p.errors.String()))
}

// read passes results to those who wait for them, until the process ends.
func (p *process) read(decoder *gob.Decoder) {
	for {
		var answer spoken
		if err := decoder.Decode(&answer); err != nil {
			break
		}
		p.mu.Lock()
		asked := p.asked[answer.Number]
		delete(p.asked, answer.Number)
		p.mu.Unlock()
		if asked != nil {
			asked <- answer
		}
	}
	_ = p.cmd.Process.Kill() // it closed its output, or wrote something that is no gob
	_ = p.cmd.Wait()         // how it ended is in ProcessState
	close(p.ended)
}

// ask orders a sentence and waits for its speech; errEnded if the process ends before.
func (p *process) ask(voiceID, text string) (spoken, error) {
	asked := make(chan spoken, 1)
	p.mu.Lock()
	p.number++
	number := p.number
	p.asked[number] = asked
	err := p.out.Encode(order{Number: number, VoiceID: voiceID, Text: text})
	p.mu.Unlock()
	if err == nil {
		select {
		case answer := <-asked:
			return answer, nil
		case <-p.ended:
		}
	}
	<-p.ended // it reads no more: it has ended, or is about to
	select {
	case answer := <-asked: // its last
		return answer, nil
	default:
		return spoken{}, errEnded
	}
}
