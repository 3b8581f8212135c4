// Package insight derives the results of a finished conversation: its outcome, a summary, and the part of its transcript
// that is stored. Everything follows from the script and the agent's call.Talk, without a model. It does not know leads,
// retries and storage.
package insight

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"nacre/internal/call"
)

// Transcript options of a campaign (contract 8.10).
const (
	FullTranscript       = 1
	SensitiveInfoRemoved = 2
	NoTranscript         = 3
)

// Judgement is what is stored of a conversation besides its call.Talk. The lists are never nil.
type Judgement struct {
	Outcome    call.Outcome
	Summary    string
	Tags       []string
	Sentiment  int // 0 = not judged
	Transcript []call.Line
}

// Judge derives the Judgement of an answered call. transcriptOptions is one of the transcript options; an unknown one
// stores no transcript.
func Judge(script call.Script, talk call.Talk, transcriptOptions int) Judgement {
	outcome := OutcomeOf(script, talk)
	return Judgement{
		Outcome: outcome, Summary: summary(script, talk, outcome), Tags: append([]string{}, talk.Tags...),
		Transcript: kept(talk.Transcript, transcriptOptions),
	}
}

// OutcomeOf returns the outcome of an answered call (contract 9.2). A call with an opt-out is never a success.
func OutcomeOf(script call.Script, talk call.Talk) call.Outcome {
	switch {
	case talk.VoicemailLeft:
		return call.Voicemail
	case talk.NotInService:
		return call.NotAllocated
	case talk.Answerer == call.MachineAnswerer, talk.Answerer == call.Menu, talk.Answerer == call.Announcement:
		return call.Machine
	case talk.Broke != "":
		return call.Broke
	case !script.SuccessDefined:
		return call.Answered
	case talk.Success && !talk.OptOut:
		return call.Success
	default:
		return call.NotSuccess
	}
}

func summary(script call.Script, talk call.Talk, outcome call.Outcome) string {
	switch outcome {
	case call.Voicemail:
		return "An answering machine picked up, and the message was left."
	case call.Machine, call.NotAllocated:
		if len(talk.Notes) > 0 { // they tell what kind of machine it was
			return "No person answered. " + strings.Join(talk.Notes, " ")
		}
		if outcome == call.NotAllocated {
			return "No person answered: the number is not in service."
		}
		return "An answering machine picked up; no message was left."
	case call.Broke:
		return "The call was answered, but the agent failed and could not go on."
	}
	var b strings.Builder
	switch {
	case !responded(talk):
		b.WriteString("The call was answered, but nobody responded.")
	case talk.Answerer == call.Human:
		b.WriteString("A person answered.")
	case talk.Answerer == call.Screening:
		b.WriteString("A call-screening assistant answered.")
	default:
		b.WriteString("The call was answered, and no key was pressed.")
	}
	switch {
	case outcome == call.Success:
		b.WriteString(" The goal was reached.")
	case outcome == call.NotSuccess:
		b.WriteString(" The goal was not reached.")
	}
	if len(talk.Collected) > 0 {
		given := 0
		for _, v := range talk.Collected {
			if v.Value != nil {
				given++
			}
		}
		fmt.Fprintf(&b, " Answers to %d of %s.", given, count(len(script.Questions), "question"))
	}
	for _, fact := range facts(talk) {
		b.WriteString(" " + fact)
	}
	return b.String()
}

// facts are sentences on what was done in the talk; they are in every summary, whoever writes it.
func facts(talk call.Talk) (sentences []string) {
	if talk.Callback != nil {
		sentences = append(sentences, fmt.Sprintf("A call-back in %s was promised.", span(talk.Callback.After)))
	}
	if talk.OptOut && !slices.Contains(talk.Tags, call.TagOptOutInDoubt) { // of which a note tells
		sentences = append(sentences, "They asked never to be called again.")
	}
	return append(sentences, talk.Notes...)
}

// span writes a length of time in its largest unit that still tells it: up to 90 minutes in minutes, up to two days in hours.
func span(d time.Duration) string {
	switch {
	case d <= 90*time.Minute && d%time.Hour != 0:
		return count(int(d.Round(time.Minute)/time.Minute), "minute")
	case d < 48*time.Hour || d%(24*time.Hour) != 0 && d < 4*24*time.Hour:
		return count(int(d.Round(time.Hour)/time.Hour), "hour")
	default:
		return count(int(d.Round(24*time.Hour)/(24*time.Hour)), "day")
	}
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// responded reports whether the transcript has a line of the callee.
func responded(talk call.Talk) bool {
	for _, line := range talk.Transcript {
		if line.Role == call.Client {
			return true
		}
	}
	return false
}

var (
	// Four digits or more, also in groups: numbers of cards, accounts, telephones.
	longNumber = regexp.MustCompile(`\d(?:[ .\-/]?\d){3,}`)
	address    = regexp.MustCompile(`[\p{L}\d._%+\-]+@[\p{L}\d\-]+(?:\.[\p{L}\d\-]+)+`)
)

// aDigit is what is not told of words that come one after another: part of a number may come alone.
var aDigit = regexp.MustCompile(`\d+`)

// Spoken is what may be told of words while a call is up, under the option of its transcript: as it is stored, but that of words
// without what is sensitive no digit is left, since a number that is said with a pause comes in parts. "" = nothing.
func Spoken(words string, option int) string {
	lines := kept([]call.Line{{Content: words}}, option)
	switch {
	case len(lines) == 0:
		return ""
	case option == SensitiveInfoRemoved:
		return aDigit.ReplaceAllString(lines[0].Content, "xxxx")
	}
	return words
}

// kept returns a copy of the part of a transcript that the option allows to store; nothing for an unknown option.
func kept(lines []call.Line, option int) []call.Line {
	out := []call.Line{}
	if option != FullTranscript && option != SensitiveInfoRemoved {
		return out
	}
	for _, line := range lines {
		if option == SensitiveInfoRemoved {
			line.Content = longNumber.ReplaceAllString(address.ReplaceAllString(line.Content, "[e-mail]"), "xxxx")
		}
		out = append(out, line)
	}
	return out
}
