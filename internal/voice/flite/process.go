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

// What ps and top show of the process.
const (
	processTitle = "nacre: voice"
	processName  = "nacre-voice"
)

// Messages over the pipes, as gob in both directions. The first one from the process is greeting.
type (
	order struct {
		Number        uint64
		VoiceID, Text string // text is clean
	}
	spoken struct {
		Number  uint64
		Samples []byte // 16 bits each, little endian
		Err     string // "" = none
	}
	greeting struct {
		Err      string // why it cannot synthesise
		Uncached string // why the compiled module is not cached
	}
)

func init() {
	subprocess.Serve(processTitle, processName, func(cacheDir string) int { return serve(cacheDir, os.Stdin, os.Stdout) })
}

// serve synthesises the orders from its standard input until that ends, and returns the exit code. It ends when the parent
// process does.
func serve(cacheDir string, orders io.Reader, answers io.Writer) int {
	subprocess.GiveWay(10) // audio of calls goes before synthesis
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
			_ = out.Encode(answer) // fails only when the parent has ended; the orders end too
		})
	}
}

// workers returns how many sentences are synthesised at a time; one processor is left for audio if there are two or more.
func workers() int { return min(2, max(1, runtime.NumCPU()-1)) }

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
