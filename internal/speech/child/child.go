// Package child is the inside of the speech process: it loads the models of a speech folder and works on the orders of package
// speech. It is the only package that puts onnxruntime and the models together.
package child

import (
	"bufio"
	"context"
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"nacre/internal/onnx"
	"nacre/internal/speech"
	"nacre/internal/speech/folder"
	"nacre/internal/speech/kokoro"
	"nacre/internal/speech/moonshine"
	"nacre/internal/subprocess"
)

// Audio of calls goes before recognition, and recognition, which takes a tenth of a second, before synthesis, which takes as
// long as the sentence.
const (
	hearNice = 5
	sayNice  = 15
)

// Main is the program: it serves its standard input and returns the exit code.
func Main() int {
	subprocess.Outlive()
	subprocess.GiveWay(hearNice)
	return Serve(os.Stdin, os.Stdout)
}

// Serve works on orders until they end, and returns the exit code. Work under way is given up then: nobody is left to answer.
func Serve(orders io.Reader, answers io.Writer) int {
	in, out := gob.NewDecoder(bufio.NewReader(orders)), gob.NewEncoder(answers)
	var setup speech.Setup
	if in.Decode(&setup) != nil {
		return 1
	}
	s := &server{out: out, under: map[uint64]context.CancelFunc{}}
	greeting := s.load(setup)
	if out.Encode(greeting) != nil || greeting.Err != "" {
		return 1
	}
	ctx, cancel := context.WithCancel(context.Background())
	// The parent sends no more than there are workers; the room is for orders that take the place of canceled ones.
	hears, says := make(chan task, 4*setup.Hearers), make(chan task, 4*setup.Sayers)
	var all sync.WaitGroup
	for range setup.Hearers {
		all.Go(func() { s.work(hears, hearNice) })
	}
	for range setup.Sayers {
		all.Go(func() { s.work(says, sayNice) })
	}
	code := s.read(ctx, in, hears, says)
	cancel()
	close(hears)
	close(says)
	all.Wait()
	return code
}

// server works on orders.
type server struct {
	// hear recognises an utterance of 8 kHz samples; nil: there is no recogniser.
	hear func(ctx context.Context, samples []int16) (string, error)
	// say makes the speech of a clause; nil: there is no neural voice.
	say func(ctx context.Context, order speech.Say) (speech.Said, error)

	mu    sync.Mutex
	out   *gob.Encoder
	under map[uint64]context.CancelFunc // orders that are not answered yet
}

// task is an order under way.
type task struct {
	ctx   context.Context // ended by a cancel
	order speech.Order
}

// load loads the models that are there.
func (s *server) load(setup speech.Setup) (greeting speech.Greeting) {
	library, err := onnx.Open(filepath.Join(setup.Folder, folder.Library()))
	if err != nil {
		greeting.Err = err.Error()
		return greeting
	}
	if recognizer, err := moonshine.Open(library, setup.Folder); err != nil {
		greeting.Deaf = err.Error()
	} else {
		s.hear = recognizer.Recognize
	}
	if synthesiser, err := kokoro.Open(library, setup.Folder); err != nil {
		greeting.Mute = err.Error()
	} else {
		s.say = synthesiser.Say
	}
	return greeting
}

// read takes orders until they end.
func (s *server) read(ctx context.Context, in *gob.Decoder, hears, says chan<- task) (code int) {
	for {
		var order speech.Order
		if err := in.Decode(&order); errors.Is(err, io.EOF) {
			return 0
		} else if err != nil {
			return 1
		}
		s.mu.Lock()
		if cancel := s.under[order.Number]; order.Cancel {
			if cancel != nil {
				cancel()
			}
			s.mu.Unlock()
			continue
		}
		next := task{order: order}
		next.ctx, s.under[order.Number] = context.WithCancel(ctx)
		s.mu.Unlock()
		if order.Say != nil {
			says <- next
		} else {
			hears <- next
		}
	}
}

// work works on tasks, one after another, in a thread of its own priority.
func (s *server) work(tasks <-chan task, nice int) {
	runtime.LockOSThread() // and never unlocked: the thread ends with its worker
	subprocess.GiveWayHere(nice)
	for next := range tasks {
		began := time.Now()
		answer := s.do(next)
		answer.Number, answer.Took = next.order.Number, time.Since(began)
		s.mu.Lock()
		s.under[answer.Number]()
		delete(s.under, answer.Number)
		err := s.out.Encode(answer)
		s.mu.Unlock()
		if err != nil {
			return // the parent has ended, and so do the orders
		}
	}
}

// do works on one task. A panic is that task's error.
func (s *server) do(next task) (answer speech.Answer) {
	defer func() {
		if reason := recover(); reason != nil {
			answer = speech.Answer{Err: fmt.Sprintf("panic: %v\n%s", reason, debug.Stack())}
		}
	}()
	var err error
	switch order := next.order; {
	case order.Hear != nil && s.hear != nil:
		answer.Heard.Text, err = s.hear(next.ctx, speech.Samples(order.Hear.Samples))
	case order.Say != nil && s.say != nil:
		answer.Said, err = s.say(next.ctx, *order.Say)
	default:
		err = errors.New("there is no model for it")
	}
	if err != nil {
		return speech.Answer{Err: err.Error()}
	}
	return answer
}
