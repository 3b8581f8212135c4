// Package brain conducts conversations with a language model: it tells the model who it is and what the Pearl wants (prompt.txt),
// has its sentences spoken as they come, and does what it asks for by tools, each checked first. It knows no provider (Model),
// no audio, and no time but that of the conversation.
package brain

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"nacre/internal/call"
	"nacre/internal/knowledge"
	"nacre/internal/provider"
	"nacre/internal/turn"
)

// Named is a Model with the name that it has in the order, and in what it costs.
type Named struct {
	Name string
	Model
}

// Config configures New.
type Config struct {
	Models *provider.Order[Named] // the one that the Pearl chose first
	// Used is told what a model counted for an answer; ctx is that of the call. nil = nobody is told.
	Used func(ctx context.Context, model string, usage Usage)
	// Knowledge returns the index of what a Pearl knows; nil = each conversation makes its own.
	Knowledge func(text string) *knowledge.Index
}

// Brain implements turn.Brain for one conversation. A model that fails before its first sentence is replaced by the next in
// order, turn by turn.
type Brain struct {
	config Config
	script call.Script
	tools  toolbox
	system Message
	says   *turn.Sentences
	uses   []use            // of tools, in order
	known  *knowledge.Index // of the Pearl's knowledge, once it is asked for
}

// use is a round of tools: what the model asked for and what came of it.
type use struct {
	at       time.Duration // since the answer
	messages []Message
}

var _ turn.Brain = (*Brain)(nil)

// New returns the Brain of a conversation, whose script says when it began.
func New(script call.Script, config Config) (*Brain, error) {
	text, err := prompt(script)
	if err != nil {
		return nil, err
	}
	if config.Knowledge == nil {
		config.Knowledge = knowledge.New
	}
	return &Brain{config: config, script: script, tools: newToolbox(script), system: Message{Role: System, Content: text}, says: turn.SentencesIn(script.Language)}, nil
}

// spokeOn tells a model that its answer is not wanted any more.
const spokeOn = "they went on speaking: nothing was done, or you will be told what came of it"

const (
	mostRounds    = 4 // of tools without a word
	mostSentences = 6 // in a turn: a model that goes on is stopped
)

var (
	errMute  = errors.New("the model uses tools and says nothing")
	errNoise = errors.New("the model writes what is not to be spoken")
)

// Answer replies to a turn (turn.Brain). Whoever has asked never to be called again hears so, whatever the model would say.
func (b *Brain) Answer(ctx context.Context, in turn.Input, t turn.Turn) (turn.Reply, error) {
	if in.OptedOut {
		return turn.Reply{Parts: []string{b.says.OptedOut}, End: true}, nil
	}
	b.hear(in)
	for range mostRounds {
		said, answer, err := b.ask(ctx, in, t)
		switch {
		case ctx.Err() != nil:
			return turn.Reply{}, ctx.Err()
		case err != nil && said > 0:
			return listening(), nil // what was said stands
		case err != nil:
			return turn.Reply{}, fmt.Errorf("ask model: %w", err)
		}
		done, err := b.use(answer.Calls, in, t)
		if err != nil {
			return turn.Reply{}, err
		}
		switch {
		case done.leaves:
			return turn.Reply{}, nil
		case done.end && said == 0 && done.optOut:
			return turn.Reply{Parts: []string{b.says.OptedOut}, End: true}, nil
		case done.end && said == 0:
			return turn.Reply{Parts: []string{b.says.Goodbye}, End: true}, nil
		case done.end:
			return turn.Reply{End: true}, nil
		case said > 0:
			return listening(), nil
		}
	}
	return turn.Reply{}, errMute
}

// hear keeps what the conversation tells besides words: what came of actions.
func (b *Brain) hear(in turn.Input) {
	var notes []Message
	for _, text := range in.Outcomes {
		notes = append(notes, Message{Role: User, Content: "(" + flat(text, textLimit) + ")"})
	}
	if in.Kind == turn.InputWorked {
		notes = append(notes, Message{Role: User, Content: "(They could not be put through: " + line(in.Text) + ". Tell them so, and offer to call back or to take a message.)"})
	}
	if len(notes) > 0 {
		b.uses = append(b.uses, use{at: in.At, messages: notes})
	}
}

// listening is the end of a reply that is answered, by words or digits.
func listening() turn.Reply { return turn.Reply{Expect: turn.ExpectDigits} }

// ask has one model after another answer, until one says something or uses tools. said is how many sentences were spoken.
func (b *Brain) ask(ctx context.Context, in turn.Input, t turn.Turn) (said int, answer Answer, err error) {
	messages := b.messages(in)
	passages, long := b.passages(in)
	if long {
		messages[0].Content += fitting(passages)
	}
	err = b.config.Models.Try(ctx, func(model Named) (used bool, err error) {
		asking, stop := context.WithCancelCause(ctx)
		defer stop(nil)
		s := splitter{language: language(b.script)}
		say := func(sentences []string) {
			for _, sentence := range sentences {
				switch {
				case asking.Err() != nil:
					return
				case noise(sentence):
					stop(errNoise)
				case said == mostSentences:
					stop(nil)
				default:
					if err := b.say(sentence, passages, t); err != nil {
						stop(err)
						return
					}
					said++
				}
			}
		}
		answer, err = model.Stream(asking, messages, b.tools.tools, func(text string) { say(s.push(text)) })
		if err == nil {
			say(s.rest())
		}
		if b.config.Used != nil && answer.Usage != (Usage{}) {
			b.config.Used(ctx, model.Name, answer.Usage)
		}
		switch cause := context.Cause(asking); {
		case errors.Is(cause, errNoise):
			return said > 0, &provider.Error{Provider: model.Name, Kind: provider.Broken, Detail: errNoise.Error()}
		case said == mostSentences && asking.Err() != nil && ctx.Err() == nil:
			return true, nil // it was stopped
		case cause != nil && ctx.Err() == nil:
			return true, cause
		case err == nil && said == 0 && len(answer.Calls) == 0:
			return false, &provider.Error{Provider: model.Name, Kind: provider.Broken, Detail: "nothing that can be spoken"}
		}
		return said > 0, err
	})
	return said, answer, err
}

// longestWord is more letters than a word has that is said.
const longestWord = 60

// noise reports whether a sentence is what models write for programs: a call of a tool as text, or a fragment of JSON; or what is
// no words at all.
func noise(sentence string) bool {
	endless := func(word string) bool {
		return utf8.RuneCountInString(word) > longestWord && !strings.Contains(word, "://")
	}
	return slices.ContainsFunc(strings.Fields(sentence), endless) || strings.HasPrefix(sentence, "{") || strings.HasPrefix(sentence, "[{") || strings.Contains(sentence, "\":")
}

// use does what the model asked for, and keeps it for the turns to come. The error ends the turn.
func (b *Brain) use(calls []Call, in turn.Input, t turn.Turn) (all effect, err error) {
	if len(calls) == 0 {
		return all, nil
	}
	calls = slices.Clone(calls)
	for n := range calls {
		if calls[n].ID == "" {
			calls[n].ID = fmt.Sprintf("call_%d_%d", len(b.uses), n)
		}
	}
	round := use{at: in.At, messages: []Message{{Role: Assistant, Calls: calls}}}
	defer func() { b.uses = append(b.uses, round) }()
	for n, c := range calls {
		done, failed := effect{result: spokeOn, failed: true}, err
		if failed == nil {
			done, failed = b.tools.use(c, b.script.Answered.Add(in.At), t)
		}
		if failed != nil && err == nil {
			err = failed
			done = effect{result: spokeOn, failed: true}
		}
		all.leaves = all.leaves || done.leaves
		all.end, all.optOut = all.end || done.end, all.optOut || done.optOut
		round.messages = append(round.messages, Message{Role: Result, Call: calls[n].ID, Content: done.result})
	}
	return all, err
}

// messages returns the conversation so far: what was heard of either side, and what tools brought, in the order of time.
func (b *Brain) messages(in turn.Input) []Message {
	// Some models take no conversation that the assistant begins.
	all := []Message{b.system, {Role: User, Content: "(They answer the call.)"}}
	add := func(role Role, text string) {
		if last := &all[len(all)-1]; last.Role == role && len(last.Calls) == 0 {
			last.Content += " " + text
			return
		}
		all = append(all, Message{Role: role, Content: text})
	}
	uses := b.uses
	lastOurs := -1
	for n, l := range in.Transcript {
		if l.Role == call.Pearl {
			lastOurs = n
		}
	}
	for n, l := range in.Transcript {
		for len(uses) > 0 && uses[0].at.Seconds() < l.Start {
			all = append(all, uses[0].messages...)
			uses = uses[1:]
		}
		switch {
		case l.Role == call.Pearl && n == lastOurs && in.Interrupted:
			add(Assistant, l.Content+" …")
		case l.Role == call.Pearl:
			add(Assistant, l.Content)
		case l.Content == speechMark:
			add(User, "(something that was not understood)")
		default:
			add(User, l.Content)
		}
	}
	answered := len(uses) > 0 && uses[len(uses)-1].at == in.At // tools of this turn
	if last := all[len(all)-1]; last.Role != User && !answered {
		switch {
		case in.Kind == turn.InputSilence && in.Silences > 1:
			add(User, fmt.Sprintf("(silence, %d times in a row; once more, and the call ends)", in.Silences))
		case in.Kind == turn.InputSilence:
			add(User, "(silence)")
		case in.Kind == turn.InputRepeat:
			add(User, "(They want to hear that again.)")
		case in.Kind == turn.InputKeys:
			add(User, "[pressed "+in.Keys+"]")
		case in.Words != "":
			add(User, in.Words)
		default:
			add(User, "(something that was not understood)")
		}
	}
	for _, u := range uses {
		all = append(all, u.messages...)
	}
	return all
}

// speechMark stands in transcripts for speech that was not recognised (package turn).
const speechMark = "(speech)"

func language(script call.Script) string {
	base, _, _ := strings.Cut(script.Language, "-")
	return strings.ToLower(base)
}
