// Package child is the inside of a speech process: it loads one model of a speech folder, or an operator's recogniser, and works
// on the orders of package speech. It is the only package that puts libraries and models together.
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
	"runtime/debug"
	"sync"
	"time"

	"nacre/internal/onnx"
	"nacre/internal/speech"
	"nacre/internal/speech/folder"
	"nacre/internal/speech/kokoro"
	"nacre/internal/speech/moonshine"
	"nacre/internal/speech/sherpa"
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
	return Serve(os.Stdin, os.Stdout)
}

// Serve works on orders until they end, and returns the exit code. Work under way is given up then: nobody is left to answer.
func Serve(orders io.Reader, answers io.Writer) int {
	in, out := gob.NewDecoder(bufio.NewReader(orders)), gob.NewEncoder(answers)
	var setup speech.Setup
	if in.Decode(&setup) != nil {
		return 1
	}
	if setup.Task == speech.Saying {
		subprocess.GiveWay(sayNice)
	} else {
		subprocess.GiveWay(hearNice)
	}
	s := &server{out: out, under: map[uint64]context.CancelFunc{}}
	greeting := s.load(setup)
	if out.Encode(greeting) != nil || greeting.Err != "" {
		return 1
	}
	ctx, cancel := context.WithCancel(context.Background())
	// The parent sends no more than there are workers; the room is for orders that take the place of canceled ones.
	tasks := make(chan task, 4*setup.Workers)
	var all sync.WaitGroup
	for range setup.Workers {
		all.Go(func() { s.work(tasks) })
	}
	code := s.read(ctx, in, tasks)
	cancel()
	close(tasks)
	all.Wait()
	return code
}

// server works on orders.
type server struct {
	// hear recognises an utterance of 8 kHz samples in a language; nil: that is another process's task.
	hear func(ctx context.Context, samples []int16, language string) (string, error)
	// say makes the speech of a clause; nil: likewise.
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

// load loads the model of the task.
func (s *server) load(setup speech.Setup) speech.Greeting {
	if err := s.open(setup); err != nil {
		return speech.Greeting{Err: err.Error()}
	}
	return speech.Greeting{}
}

func (s *server) open(setup speech.Setup) error {
	if setup.Task == speech.Hearing && setup.Ears != nil {
		recognizer, err := sherpa.Open(filepath.Join(setup.Folder, folder.SherpaLibrary()), *setup.Ears, speech.Hearers())
		if err == nil {
			s.hear = recognizer.Recognize
		}
		return err
	}
	library, err := onnx.Open(filepath.Join(setup.Folder, folder.Library()))
	if err != nil {
		return err
	}
	if setup.Task == speech.Saying {
		synthesiser, err := kokoro.Open(library, setup.Folder)
		if err == nil {
			s.say = synthesiser.Say
		}
		return err
	}
	recognizer, err := moonshine.Open(library, setup.Folder)
	if err == nil {
		s.hear = func(ctx context.Context, samples []int16, _ string) (string, error) {
			return recognizer.Recognize(ctx, samples)
		}
	}
	return err
}

// read takes orders until they end.
func (s *server) read(ctx context.Context, in *gob.Decoder, tasks chan<- task) (code int) {
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
		tasks <- next
	}
}

// work works on tasks, one after another.
func (s *server) work(tasks <-chan task) {
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
		answer.Heard.Text, err = s.hear(next.ctx, speech.Samples(order.Hear.Samples), order.Hear.Language)
	case order.Say != nil && s.say != nil:
		answer.Said, err = s.say(next.ctx, *order.Say)
	default:
		err = errors.New("this process has another task")
	}
	if err != nil {
		return speech.Answer{Err: err.Error()}
	}
	return answer
}
