package remote

import (
	"encoding/binary"
	"io"
	"iter"
	"time"

	"nacre/internal/call"
	"nacre/internal/media"
	"nacre/internal/provider"
	"nacre/internal/voice/resample"
)

// Format is how a provider sends audio, one channel: linear samples of 16 bits, the low byte first, or µ-law at 8 kHz.
type Format struct {
	Rate  int // of linear samples, in Hz; a WAVE header in the audio takes precedence
	MuLaw bool
}

const (
	longest   = 120 * call.SampleRate // samples of one text
	pieceSize = call.SampleRate / 25  // at least so many are passed on at once: 40 ms
)

// audio decodes an answer into pieces of 8 kHz samples without silence at either end. It is late when whoever listens from
// its first piece on has waited for Endpoint.Between in all. An error is yielded last.
func audio(answer *provider.Answer, format Format) iter.Seq2[[]int16, error] {
	return func(yield func([]int16, error) bool) {
		d := decoder{format: format}
		var trimmed trim
		var piece []int16
		var began time.Time
		total := 0
		buffer := make([]byte, 8<<10)
		for {
			n, err := answer.Read(buffer)
			var samples []int16
			why := ""
			if n > 0 {
				samples, why = d.write(buffer[:n])
			}
			if err == io.EOF && why == "" {
				samples, why = d.end(samples)
			}
			switch {
			case why != "":
				yield(nil, answer.Broken(why))
				return
			case err != nil && err != io.EOF:
				yield(nil, err)
				return
			}
			if len(samples) > 0 {
				if began.IsZero() {
					began = time.Now()
				}
				total += len(samples)
				ahead := time.Duration(total)*time.Second/call.SampleRate - time.Since(began)
				answer.Within(answer.Between() + ahead)
			}
			if total > longest {
				yield(nil, answer.Broken("the speech does not end"))
				return
			}
			piece = trimmed.push(piece, samples)
			if err == io.EOF {
				if piece = trimmed.rest(piece); len(piece) > 0 {
					yield(piece, nil)
				}
				answer.Release()
				return
			}
			if len(piece) >= pieceSize {
				if !yield(piece, nil) {
					return
				}
				piece = nil // the receiver's now
			}
		}
	}
}

// decoder decodes bytes as they come. Its errors say why that is no audio.
type decoder struct {
	format    Format
	head      []byte // of the body, until its kind is known
	known     bool
	left      []byte // of a sample that is not whole
	converter *resample.Converter
}

// headLimit is where the audio of a WAVE file begins at the latest.
const headLimit = 4 << 10

func (d *decoder) write(data []byte) ([]int16, string) {
	if !d.known {
		d.head = append(d.head, data...)
		if len(d.head) < 12 {
			return nil, ""
		}
		rest, why, done := d.begin(d.head)
		if why != "" || !done {
			return nil, why
		}
		d.known, data, d.head = true, rest, nil
	}
	return d.samples(data), ""
}

// begin finds the first byte of audio.
func (d *decoder) begin(head []byte) (rest []byte, why string, done bool) {
	if string(head[:4]) != "RIFF" || string(head[8:12]) != "WAVE" {
		return head, d.convert(), true
	}
	for at := 12; ; {
		if at+8 > len(head) {
			if at > headLimit {
				return nil, "a WAVE file without audio", false
			}
			return nil, "", false
		}
		name, size := string(head[at:at+4]), int(binary.LittleEndian.Uint32(head[at+4:]))
		body := head[at+8:]
		if name == "data" {
			return body, d.convert(), true
		}
		if size > headLimit {
			return nil, "a WAVE file without audio", false
		}
		if size += size & 1; len(body) < size {
			return nil, "", false
		}
		if name == "fmt " {
			le := binary.LittleEndian
			if size < 16 || le.Uint16(body[2:]) != 1 {
				return nil, "a WAVE file of more than one channel", false
			}
			switch kind, bits := le.Uint16(body), le.Uint16(body[14:]); {
			case kind == 7 && bits == 8: // WAVE_FORMAT_MULAW
				d.format = Format{Rate: int(le.Uint32(body[4:])), MuLaw: true}
			case (kind == 1 || kind == 0xFFFE) && bits == 16:
				d.format = Format{Rate: int(le.Uint32(body[4:]))}
			default:
				return nil, "a WAVE file of an unknown format", false
			}
		}
		at += 8 + size
	}
}

func (d *decoder) convert() string {
	if d.format.MuLaw && d.format.Rate == 0 {
		d.format.Rate = call.SampleRate
	}
	converter, err := resample.New(d.format.Rate, call.SampleRate)
	if err != nil {
		return "audio of an unknown rate"
	}
	d.converter = converter
	return ""
}

func (d *decoder) samples(data []byte) []int16 {
	var in []int16
	if d.format.MuLaw {
		in = make([]int16, len(data))
		media.DecodeULaw(in, data)
	} else {
		d.left = append(d.left, data...)
		in = make([]int16, len(d.left)/2)
		for n := range in {
			in[n] = int16(binary.LittleEndian.Uint16(d.left[2*n:]))
		}
		d.left = append(d.left[:0], d.left[2*len(in):]...)
	}
	return d.converter.Push(nil, in)
}

// end appends the last samples.
func (d *decoder) end(samples []int16) ([]int16, string) {
	if !d.known {
		if len(d.head) > 0 {
			return nil, "no audio"
		}
		return nil, ""
	}
	return d.converter.Flush(samples), ""
}

// trim takes silence away from both ends of a stream of samples, in blocks of 10 ms.
type trim struct {
	block []int16 // not whole yet
	quiet []int16 // after sound: kept until there is more
	begun bool
}

const (
	blockSize  = call.SampleRate / 100
	quietPeak  = 100 // −50 dBFS
	keptQuiet  = 2 * blockSize
	quietLimit = 2 * call.SampleRate // a longer pause is passed on
)

func (t *trim) push(out, samples []int16) []int16 {
	for len(samples) > 0 {
		n := min(blockSize-len(t.block), len(samples))
		t.block, samples = append(t.block, samples[:n]...), samples[n:]
		if len(t.block) == blockSize {
			out = t.take(out)
		}
	}
	return out
}

func (t *trim) take(out []int16) []int16 {
	loud := false
	for _, s := range t.block {
		loud = loud || s > quietPeak || s < -quietPeak
	}
	t.quiet = append(t.quiet, t.block...)
	t.block = t.block[:0]
	switch {
	case loud:
		if !t.begun {
			t.quiet = t.quiet[max(0, len(t.quiet)-keptQuiet):] // a weak sound before the first loud one
		}
		t.begun = true
		out = append(out, t.quiet...)
		t.quiet = t.quiet[:0]
	case !t.begun && len(t.quiet) > keptQuiet:
		t.quiet = append(t.quiet[:0], t.quiet[len(t.quiet)-blockSize:]...)
	case len(t.quiet) >= quietLimit:
		out = append(out, t.quiet...)
		t.quiet = t.quiet[:0]
	}
	return out
}

func (t *trim) rest(out []int16) []int16 {
	if len(t.block) > 0 {
		out = t.take(out)
	}
	if t.begun {
		out = append(out, t.quiet[:min(len(t.quiet), blockSize)]...)
	}
	return out
}
