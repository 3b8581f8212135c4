package calls

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"time"

	"nacre/internal/api/route"
	"nacre/internal/call"
	"nacre/internal/fault"
)

const (
	together = 5 // frames that are sent at a time: 100 ms
	askAgain = 5 * time.Second
	noteSize = 512 // bytes that the audit log takes
)

// Audio lets whoever asks hear a conversation that goes on. Nothing is heard before it is noted who listens.
func (h *Handlers) Audio(r *route.Request, _ route.None) (route.Audio, error) {
	found, err := h.read(r)
	if err != nil {
		return nil, err
	}
	if h.Listen == nil || !found.Live() {
		return nil, errSilent
	}
	if err := r.TakeUpload(noteSize); err != nil {
		return nil, err
	}
	frames, leave, ok := h.Listen(found.ID)
	if !ok {
		return nil, errSilent
	}
	return Overhear(r, frames, leave, func(ctx context.Context) error {
		if err := h.Engine.ListenedIn(ctx, r.Actor, found); err != nil {
			return fmt.Errorf("note who listens: %w", err)
		}
		return nil
	}), nil
}

// Overhear answers with both sides of a conversation until it is over. before is done first, and has to succeed; nil = nothing is.
func Overhear(r *route.Request, frames <-chan call.Sound, leave func(), before func(ctx context.Context) error) route.Audio {
	context.AfterFunc(r.Context(), leave) // also where nothing is sent, as for HEAD
	return func(ctx context.Context, write func([]byte) error, beat func() error) error {
		defer leave()
		if before != nil {
			if err := before(ctx); err != nil {
				return err
			}
		}
		if err := write(wavHeader()); err != nil {
			return err
		}
		asks := time.NewTicker(askAgain)
		defer asks.Stop()
		samples := make([]byte, 0, together*call.FrameSamples*4)
		for {
			select {
			case sound, more := <-frames:
				if !more {
					return write(samples)
				}
				for n := range sound.Said {
					samples = binary.LittleEndian.AppendUint16(samples, uint16(sound.Said[n]))
					samples = binary.LittleEndian.AppendUint16(samples, uint16(sound.Heard[n]))
				}
				if len(samples) < cap(samples) {
					continue
				}
				if err := write(samples); err != nil {
					return err
				}
				samples = samples[:0]
			case <-asks.C:
				if err := beat(); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

var errSilent = fault.Bad("validation", "Nobody talks in this call now: it rings, or is over. The recording has what was said.")

// wavHeader is that of a file whose length is not known: two channels of 16 bits.
func wavHeader() []byte {
	const channels, depth = 2, 2
	h := append(make([]byte, 0, 44), "RIFF"...)
	h = binary.LittleEndian.AppendUint32(h, math.MaxUint32)
	h = append(h, "WAVEfmt "...)
	h = binary.LittleEndian.AppendUint32(h, 16)
	h = binary.LittleEndian.AppendUint16(h, 1) // PCM
	h = binary.LittleEndian.AppendUint16(h, channels)
	h = binary.LittleEndian.AppendUint32(h, call.SampleRate)
	h = binary.LittleEndian.AppendUint32(h, call.SampleRate*channels*depth)
	h = binary.LittleEndian.AppendUint16(h, channels*depth)
	h = binary.LittleEndian.AppendUint16(h, 8*depth)
	h = append(h, "data"...)
	return binary.LittleEndian.AppendUint32(h, math.MaxUint32)
}
