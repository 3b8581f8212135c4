package flite

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"io"
	"os"
	"runtime"
	"sync"

	"nacre/internal/subprocess"
)

// What ps and top show of the process that speaks.
const (
	processTitle = "nacre: voice"
	processName  = "nacre-voice"
)

// What goes over the pipes, as gob in both directions. The first answer is greeting.
type (
	order struct {
		Number        uint64
		VoiceID, Text string // text is clean
	}
	spoken struct {
		Number  uint64
		Samples []byte // 16 bits each, little endian
		Err     string // "" is none
	}
	greeting struct {
		Err      string // why it cannot speak
		Uncached string // why it compiles at every start
	}
)

func init() {
	subprocess.Serve(processTitle, processName, func(cacheDir string) int { return serve(cacheDir, os.Stdin, os.Stdout) })
}

// serve speaks what is ordered until the orders end, and answers the exit code. The orders end when the process they
// come from does, however that ends.
func serve(cacheDir string, orders io.Reader, answers io.Writer) int {
	giveWay()
	ctx := context.Background()
	out := gob.NewEncoder(answers)
	synthesiser, uncached, err := openSynthesiser(ctx, cacheDir)
	if out.Encode(greeting{Err: message(err), Uncached: message(uncached)}) != nil || err != nil {
		return 1
	}
	var (
		in      = gob.NewDecoder(bufio.NewReader(orders))
		slots   = make(chan struct{}, workers())
		all     sync.WaitGroup
		writing sync.Mutex
	)
	defer all.Wait()
	for {
		var next order
		if err := in.Decode(&next); errors.Is(err, io.EOF) {
			return 0
		} else if err != nil {
			return 1
		}
		all.Go(func() {
			slots <- struct{}{}
			samples, err := synthesiser.synthesise(ctx, next.VoiceID, next.Text)
			<-slots
			answer := spoken{Number: next.Number, Samples: make([]byte, 0, 2*len(samples)), Err: message(err)}
			for _, sample := range samples {
				answer.Samples = binary.LittleEndian.AppendUint16(answer.Samples, uint16(sample))
			}
			writing.Lock()
			defer writing.Unlock()
			_ = out.Encode(answer) // when nobody reads any more, the orders end as well
		})
	}
}

// workers speak at the same time; one processor is always left to those who carry audio, as far as there are two.
func workers() int { return min(2, max(1, runtime.NumCPU()-1)) }

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
