// Package utterance makes a voice.Recognizer of a recogniser that takes whole utterances: it cuts them out of the audio of
// each call as the voice activity detector says, asks again for what was said so far while somebody speaks, and shares the
// recogniser between all calls in a queue by age.
package utterance

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"nacre/internal/voice"
)

// Utterance is what somebody said, without the silence around it.
type Utterance struct {
	Samples  []int16 // 8 kHz mono; must not be modified
	Language string  // BCP 47, "" = the recogniser's own
	Final    bool    // else the speaker has not ended, and a quick answer is better than a good one
}

// Recognize returns the words of an utterance, "" for sound without words. It returns soon after ctx ends, and is safe for
// concurrent use.
type Recognize func(ctx context.Context, u Utterance) (string, error)

// Config configures New. A zero field takes its default.
type Config struct {
	Recognize Recognize
	// Ready returns why nothing is recognised at all; nil = it always is.
	Ready func() error
	// Languages are those that it recognises, by their primary subtags (BCP 47); nil = any.
	Languages []string
	// AtOnce is how many utterances are recognised at the same time; default 1.
	AtOnce int
	// Deadline is the longest time from the end of an utterance to its words; default 3 s. Later ones are of no use to a talk.
	Deadline time.Duration
	// FirstPartial is how long somebody speaks until the first partial result, NextPartial the time between two; defaults
	// 600 and 500 ms. Negative: none are made.
	FirstPartial, NextPartial time.Duration
	// Observe is told how each utterance fared, for metrics; it must not block. nil = nobody is told.
	Observe func(Report)
	Log     *slog.Logger
}

// Report is how a request for the words of an utterance fared.
type Report struct {
	Final  bool
	Audio  time.Duration // its length
	Waited time.Duration // in the queue
	Took   time.Duration // to recognise; 0 = that was not begun
	Err    error         // ErrLate, or the recogniser's; nil for a partial result that gave way to others
}

// ErrLate is the error of an utterance that could not be recognised before its deadline.
var ErrLate = errors.New("speech was not recognised in time")

// ErrBehind is the error of Ready when the recogniser cannot keep up with the calls.
var ErrBehind = errors.New("the recogniser cannot keep up: words are late, people can answer by keys")

// behindFor is how long Ready tells of a late utterance.
const behindFor = 20 * time.Second

// Recognizer implements voice.Recognizer. It runs no goroutine while it has nothing to do.
type Recognizer struct {
	config Config
	log    *slog.Logger

	mu      sync.Mutex
	finals  []*request // waiting, the oldest first
	likely  []*request // partial results that become final if nothing more is said
	partial []*request
	running int
	active  sync.WaitGroup
	lateAt  time.Time // of the last utterance that was late
	behind  bool      // the log says so
}

var _ voice.Recognizer = (*Recognizer)(nil)

// New returns a Recognizer.
func New(config Config) *Recognizer {
	if config.AtOnce == 0 {
		config.AtOnce = 1
	}
	config.Deadline = orDefault(config.Deadline, 3*time.Second)
	config.FirstPartial = orDefault(config.FirstPartial, 600*time.Millisecond)
	config.NextPartial = orDefault(config.NextPartial, 500*time.Millisecond)
	log := config.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Recognizer{config: config, log: log}
}

func orDefault(d, standard time.Duration) time.Duration {
	if d == 0 {
		return standard
	}
	return d
}

// Ready returns why words are not recognised, or are late (voice.Recognizer).
func (r *Recognizer) Ready(language string) error {
	if !r.knows(language) {
		return fmt.Errorf("%w %s", voice.ErrLanguage, language)
	}
	if r.config.Ready != nil {
		if err := r.config.Ready(); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	if !r.lateAt.IsZero() && now.Sub(r.lateAt) < behindFor || len(r.finals) > 0 && now.Sub(r.finals[0].asked) > r.config.Deadline/2 {
		return ErrBehind
	}
	if r.behind {
		r.behind = false
		r.log.Info("the recogniser keeps up again")
	}
	return nil
}

func (r *Recognizer) knows(language string) bool {
	primary, _, _ := strings.Cut(strings.ToLower(language), "-")
	return primary == "" || r.config.Languages == nil || slices.Contains(r.config.Languages, primary)
}

// Listen opens the ear of one call (voice.Recognizer).
func (r *Recognizer) Listen(ctx context.Context, language string) (voice.Ear, error) {
	if !r.knows(language) {
		return nil, fmt.Errorf("%w %s", voice.ErrLanguage, language)
	}
	ctx, cancel := context.WithCancel(ctx)
	e := &ear{r: r, ctx: ctx, cancel: cancel, language: language, results: make(chan voice.Heard, 64)}
	e.reset()
	context.AfterFunc(ctx, e.end)
	return e, nil
}

// urgency is the order in which requests are taken; of the same one the oldest first.
type urgency int

const (
	final urgency = iota
	likely
	partial
)

// request is an utterance to be recognised.
type request struct {
	ear      *ear
	ctx      context.Context
	cancel   context.CancelFunc
	urgency  urgency
	u        Utterance
	number   int // of the utterance in its ear
	from, to time.Duration
	asked    time.Time
	timer    *time.Timer // of a final one, while it waits
	begun    bool        // recognition was begun: out of the queue
	gone     bool        // nobody wants it any more
	answered bool        // guarded by ear.mu
	place    *slot       // of the final result; nil while it is none. Guarded by ear.mu
}

func (r *Recognizer) queue(u urgency) *[]*request {
	switch u {
	case final:
		return &r.finals
	case likely:
		return &r.likely
	default:
		return &r.partial
	}
}

// ask queues a request. A partial one is refused while utterances wait that are over.
func (r *Recognizer) ask(q *request) bool {
	r.mu.Lock()
	if q.urgency == partial && len(r.finals)+len(r.likely) > 0 || q.urgency == likely && len(r.finals) >= r.config.AtOnce {
		r.mu.Unlock()
		return false
	}
	q.asked = time.Now()
	list := r.queue(q.urgency)
	*list = append(*list, q)
	if q.urgency == final {
		q.timer = time.AfterFunc(r.config.Deadline, func() { r.expire(q) })
	}
	r.pump()
	r.mu.Unlock()
	return true
}

// promote makes a request final that was asked for while nobody knew.
func (r *Recognizer) promote(q *request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if q.gone || q.begun {
		q.urgency = final
		return
	}
	r.remove(q)
	q.urgency = final
	r.finals = append(r.finals, q)
	q.timer = time.AfterFunc(r.config.Deadline, func() { r.expire(q) })
	r.pump()
}

// drop takes back a request, or has its recognition ended.
func (r *Recognizer) drop(q *request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	q.gone = true
	q.cancel()
	if !q.begun {
		r.remove(q)
	}
}

// remove takes a request out of its queue. r.mu is held.
func (r *Recognizer) remove(q *request) {
	list := r.queue(q.urgency)
	if n := slices.Index(*list, q); n >= 0 {
		*list = slices.Delete(*list, n, n+1)
	}
	if q.timer != nil {
		q.timer.Stop()
	}
}

// expire gives up an utterance that waited for too long.
func (r *Recognizer) expire(q *request) {
	r.mu.Lock()
	if q.begun || q.gone {
		r.mu.Unlock()
		return
	}
	q.gone = true
	r.remove(q)
	r.late()
	r.mu.Unlock()
	q.cancel()
	r.observe(Report{Final: true, Audio: voice.LengthOf(q.u.Samples), Waited: time.Since(q.asked), Err: ErrLate})
	q.ear.answer(q, "", ErrLate)
}

// late notes that words did not come in time. r.mu is held.
func (r *Recognizer) late() {
	r.lateAt = time.Now()
	if !r.behind {
		r.behind = true
		r.log.Warn("the recogniser cannot keep up: words are late", "waiting", len(r.finals))
	}
}

// pump begins what waits as far as the recogniser has room. r.mu is held.
func (r *Recognizer) pump() {
	for r.running < r.config.AtOnce {
		q := r.next()
		if q == nil {
			return
		}
		q.begun = true
		r.running++
		r.active.Add(1)
		go r.run(q)
	}
}

// next takes the request to be served next. What somebody still says gives way to all that is over. r.mu is held.
func (r *Recognizer) next() *request {
	for _, u := range []urgency{final, likely, partial} {
		if list := *r.queue(u); len(list) > 0 {
			q := list[0]
			r.remove(q)
			return q
		}
	}
	return nil
}

// Wait waits until everything that was asked for is recognised, or not wanted any more. It is for the goroutine that writes to the
// only ear of a Recognizer, where time stands still meanwhile.
func (r *Recognizer) Wait() { r.active.Wait() }

func (r *Recognizer) run(q *request) {
	defer r.active.Done()
	began := time.Now()
	waited := began.Sub(q.asked)
	ctx, cancel := context.WithTimeout(q.ctx, max(r.config.Deadline-waited, 0))
	text, err := r.recognize(ctx, q.u)
	if err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = errors.Join(ErrLate, err)
	}
	cancel()

	r.mu.Lock()
	r.running--
	gone, isFinal := q.gone, q.urgency == final
	if errors.Is(err, ErrLate) && isFinal {
		r.late()
	}
	r.pump()
	r.mu.Unlock()
	q.cancel()
	if gone {
		return
	}
	r.observe(Report{Final: isFinal, Audio: voice.LengthOf(q.u.Samples), Waited: waited, Took: time.Since(began), Err: err})
	q.ear.answer(q, text, err)
}

// recognize has an utterance recognised; a panic costs that utterance and no other.
func (r *Recognizer) recognize(ctx context.Context, u Utterance) (text string, err error) {
	defer func() {
		if reason := recover(); reason != nil {
			err = fmt.Errorf("recognise speech: panic: %v\n%s", reason, debug.Stack())
		}
	}()
	text, err = r.config.Recognize(ctx, u)
	if err != nil {
		return "", fmt.Errorf("recognise speech: %w", err)
	}
	return text, nil
}

func (r *Recognizer) observe(report Report) {
	if r.config.Observe != nil {
		r.config.Observe(report)
	}
}
