package amd

import (
	"time"

	"nacre/internal/call"
)

// AppAMD are the parameters of Asterisk's AMD application, with the defaults of its documentation and sample configuration
// (docs.asterisk.org, "AMD"; amd.conf.sample). What they mean is implemented here from these.
type AppAMD struct {
	InitialSilence       time.Duration // of this length before a greeting: a machine
	Greeting             time.Duration // speech of this length: a machine
	AfterGreetingSilence time.Duration // silence of this length after a greeting: a person
	TotalAnalysisTime    time.Duration // then it is not sure
	MinimumWordLength    time.Duration // shorter sounds are no words
	BetweenWordsSilence  time.Duration // ends a word
	MaximumNumberOfWords int           // more of them: a machine
	MaximumWordLength    time.Duration // a longer one: a machine
	SilenceThreshold     int           // mean of the samples' absolute values below which a frame is silence
}

// DefaultAppAMD returns the defaults.
func DefaultAppAMD() AppAMD {
	return AppAMD{
		InitialSilence: 2500 * time.Millisecond, Greeting: 1500 * time.Millisecond, AfterGreetingSilence: 800 * time.Millisecond,
		TotalAnalysisTime: 5 * time.Second, MinimumWordLength: 100 * time.Millisecond, BetweenWordsSilence: 50 * time.Millisecond,
		MaximumNumberOfWords: 2, MaximumWordLength: 5 * time.Second, SilenceThreshold: 256,
	}
}

// Judge returns whether it takes a recording for a machine, a person, or is not sure (UnknownAnswerer), when, and why, in the
// words of AMDCAUSE.
func (a AppAMD) Judge(samples []int16) (answerer call.Answerer, at time.Duration, cause string) {
	var now, silence, word, speech time.Duration
	words, inWord, greeted := 0, false, false
	var frame call.Frame
	for rest := samples; now < a.TotalAnalysisTime; rest = rest[min(len(rest), len(frame)):] {
		clear(frame[copy(frame[:], rest):])
		now += call.FrameTime
		if loudness(&frame) < a.SilenceThreshold {
			silence += call.FrameTime
			if silence >= a.BetweenWordsSilence {
				word, inWord = 0, false
			}
			switch {
			case !greeted && silence > a.InitialSilence:
				return call.MachineAnswerer, now, "INITIALSILENCE"
			case greeted && silence > a.AfterGreetingSilence:
				return call.Human, now, "HUMAN"
			}
			continue
		}
		word += call.FrameTime
		if word < a.MinimumWordLength {
			continue // no word yet: the silence goes on
		}
		silence, greeted = 0, true
		if !inWord {
			words, inWord, speech = words+1, true, speech+word
		} else {
			speech += call.FrameTime
		}
		switch {
		case word > a.MaximumWordLength:
			return call.MachineAnswerer, now, "MAXWORDLENGTH"
		case words > a.MaximumNumberOfWords:
			return call.MachineAnswerer, now, "MAXWORDS"
		case speech > a.Greeting:
			return call.MachineAnswerer, now, "LONGGREETING"
		}
	}
	return call.UnknownAnswerer, now, "TOOLONG"
}

func loudness(frame *call.Frame) int {
	sum := 0
	for _, s := range frame {
		sum += max(int(s), -int(s))
	}
	return sum / len(frame)
}
