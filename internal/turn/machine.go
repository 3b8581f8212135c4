package turn

import (
	"slices"
	"strings"
	"time"

	"nacre/internal/call"
	"nacre/internal/understanding"
)

type phase int

const (
	answering phase = iota
	talking
	beeped
	leaving
	handing
	ending
	over
)

// timer identifies an instant that the machine waits for; zero = not set.
type timer int

const (
	atFirst    timer = iota // the agent begins although nobody said hello
	atReply                 // the queued reply may be spoken if the other side is quiet
	byReply                 // the queued reply is spoken even if they go on
	atWords                 // what they said is complete
	atSilence               // no answer came
	atKeys                  // no further key came
	atPatience              // they have been speaking for too long
	byOptOut                // the call waits for the opt-out no longer
	atTail                  // the last word was played and the tail has passed
	byGoodbye               // the call ends even if they go on speaking
	atFiller                // the reply takes too long to say nothing
	byWork                  // what the rules wait for has taken too long
	byTransfer              // nobody has taken the person over
	byBrain                 // the brain has failed
	timerCount
)

// utterance is something the agent says.
type utterance struct {
	id      int
	parts   []string
	heard   int // parts played to their end
	asked   time.Duration
	begun   bool
	started time.Duration
	starts  []time.Duration // of the parts played so far
	filler  bool            // it passes the time until a reply comes, and is none
	from    []source        // of its parts
}

// sources returns what was heard of the passages that it is taken from, where so many parts were played and a fraction of the next.
func (u *utterance) sources(parts int, fraction float64) (texts []string) {
	for _, s := range u.from {
		if (s.part < parts || s.part == parts && fraction > 0) && !slices.Contains(texts, s.text) {
			texts = append(texts, s.text)
		}
	}
	return texts
}

// hear notes that so many parts were played to their end.
func (u *utterance) hear(parts int, now time.Duration) {
	u.heard = max(u.heard, min(parts, len(u.parts)))
	for u.begun && len(u.starts) <= u.heard {
		u.starts = append(u.starts, now)
	}
}

// Machine is the state machine of one conversation. It is not safe for concurrent use.
type Machine struct {
	timing    Timing
	rules     Rules
	voicemail string
	menuKeys  string
	questions []call.Question
	pearl     []call.Action // what the script has done besides talking
	opening   []string      // not heard yet
	greeting  []string      // the opening, for whoever comes to the telephone later

	now     time.Duration
	phase   phase
	timers  [timerCount]time.Duration
	actions []Action
	held    bool
	heldAt  time.Duration

	// The other side.
	speaking   bool
	run        time.Duration // start of the sound now heard
	lastSound  time.Duration
	speechFrom time.Duration // start and last sound of the speech now heard, or heard last
	speechTo   time.Duration
	spokeTo    time.Duration // end of the speech before
	withKey    bool          // that speech goes with a key and is no turn of its own
	spoke      time.Duration // speech not yet answered
	ears       bool          // a recogniser listens
	phrases    listening
	answerers  answererPhrases
	words      string        // final ones of the turn
	partial    string        // and what follows them so far
	taken      string        // the words of the turn that was replied to last
	heardTo    time.Duration // the sound up to here has been recognised
	answered   time.Duration // words of sound up to here are no part of the turn
	takenTo    time.Duration // a turn was taken back that went up to here; words from before it may hold it once more
	overlaps   bool          // partial does
	endOfTurn  bool          // the recogniser says so
	early      bool          // speech was taken for ended before the detector says so
	resumed    int           // frames of sound since then
	reopened   int           // how often words after the goodbye were replied to
	outOfTime  bool

	judgedWords string // Listener.Judge is asked once
	judgedFor   Expect
	judged      understanding.Completeness

	lastBeep   time.Duration
	beforeBeep time.Duration // end of the speech before it
	lastTones  time.Duration // of the network
	bareBeep   bool          // no greeting came before it
	evidence   evidence
	screening  screening
	dialled    bool // the keys were pressed in a menu

	// Our side.
	opened      bool
	saying      *utterance
	stopped     []*utterance // StopSpeaking was sent, PlayoutFinished has not come
	utterances  int
	reply       Reply // in force: spoken last, or queued
	queued      bool  // reply waits for the floor
	queuedByKey bool
	lastSaid    *utterance // what we said last
	heard       int        // parts of the reply spoken last that were heard to their end
	interrupted bool
	yielded     bool // last words were interrupted by speech once
	firstWord   time.Duration
	brains      int    // that can be asked
	brain       int    // the one that is asked; the rules reply if there is none
	asked       *asked // the turn that a brain replies to; nil = none
	asks        int
	turnEnd     time.Duration // end of the turn that our next words answer; 0 = none
	silences    int           // in a row

	// Keys.
	keypad     keypad
	keys       []byte // pressed since the last line of the transcript
	keysFrom   time.Duration
	lastKey    time.Duration
	lastAnswer time.Duration // 0 = none by keys yet

	// Results.
	lines         transcript
	latencies     []int
	voicemailLeft bool
	callback      *call.Callback
	optOut        bool
	optOutPending bool
	optOutUses    []int // of the tool, to be answered when it is done
	doubt         doubt
	collected     []call.Value
	goal          *bool
	work          work
	tags, notes   []string
	broke         string
}

// Config configures a Machine.
type Config struct {
	Rules     Rules
	Voicemail string // left on an answering machine; "" = none
	MenuKeys  string // pressed in a telephone menu; "" = it is left
	Timing    Timing
	// Brains is how many brains can be asked, in order; with none the Rules reply.
	Brains int
	// Opening is what is said first where there are brains.
	Opening []string
	// Questions are what tools may collect.
	Questions []call.Question
	Actions   []call.Action
	Language  string // of the phrases that are no turn; BCP 47
}

// New returns the Machine of one conversation.
func New(c Config) *Machine {
	m := &Machine{
		timing: c.Timing, rules: c.Rules, voicemail: c.Voicemail, menuKeys: c.MenuKeys, questions: c.Questions, pearl: c.Actions, opening: c.Opening, greeting: c.Opening, brains: c.Brains,
		phrases: listeningIn(c.Language), answerers: answerersIn(c.Language),
	}
	m.set(atFirst, m.timing.FirstWait)
	return m
}

// Step handles one event at now, the time since the answer, which never decreases. The actions must be done at once and in
// order; the slice is valid until the next Step. After HangUp, or PeerHungUp, Step returns no actions; what was heard before is
// still understood.
func (m *Machine) Step(now time.Duration, event Event) []Action {
	m.now = now
	m.actions = m.actions[:0]
	switch event.Kind {
	case PlayoutStarted:
		m.playoutStarted(event)
	case PlayoutPart:
		if u := m.utterance(event.Utterance); u != nil {
			u.hear(event.Part, now)
		}
	case PlayoutFinished:
		m.playoutFinished(event)
	case OptOutDone:
		m.optOutPending = false
		m.optOutDone(event.Failed)
	case PeerHungUp:
		m.doubt.left = m.doubt.left || m.phase != over
		m.finish()
	}
	if m.phase == over {
		m.heardAfter(event)
		return nil
	}
	switch event.Kind {
	case Tick:
		if !m.held {
			m.tick(event.Active)
		}
	case SpeechStarted:
		m.speechStarted()
	case SpeechEnded:
		m.speechEnded()
	case Heard:
		m.heardWords(event)
	case Ears:
		m.ears = event.Active
	case ReplySource:
		m.replySource(event)
	case ReplyPart:
		m.replyPart(event)
	case ReplyEnd:
		m.replyEnd(event)
	case AskFailed:
		m.askFailed(event)
	case ToolUsed:
		m.toolUsed(event)
	case KeyPressed:
		m.key(event.Key)
	case SpeakFailed:
		m.speakFailed(event)
	case Beep:
		m.beep(event.Tone)
	case NetworkTones:
		m.networkTones(event.NotInService)
	case Worked:
		m.worked(event)
	case Held:
		m.hold()
	case Resumed:
		m.resume()
	case TimeUp:
		m.timeUp()
	}
	return m.actions
}

// Over reports whether the conversation has ended.
func (m *Machine) Over() bool { return m.phase == over }

// WantsPartial reports whether words are of use before a pause tells that they may be all: they stop what we say, or go on with a
// turn that we reply to, or a beep may come that judges them. A person's turn is not replied to before its end.
func (m *Machine) WantsPartial() bool {
	return m.phase != talking || m.saying != nil || m.asked != nil || m.queued || m.screening.on() || m.evidence.words != somebody
}

// HeardAll reports whether the words of all that they said are there.
func (m *Machine) HeardAll() bool { return m.wordsAreIn() }

// Talk returns the result of the conversation so far. Recording is empty.
func (m *Machine) Talk() call.Talk {
	collected, success := m.outcome()
	talk := call.Talk{
		Answerer: m.evidence.answerer(), Evidence: m.evidence.pieces, NotInService: m.notInService(), VoicemailLeft: m.voicemailLeft,
		Collected: collected, Success: success, Judged: m.goal != nil,
		Callback: m.callback, OptOut: m.optOut, Tags: m.tags, Notes: m.notes, Transferred: m.work.transferred, Acts: m.work.acts, Learned: m.work.learned,
		Transcript: m.lines.inOrder(), Broke: m.broke, TurnLatencyMS: m.latencies,
	}
	if m.inDoubt() {
		talk.OptOut, talk.Callback = true, nil // the end of the call writes it
		talk.Tags = append(slices.Clone(talk.Tags), call.TagOptOutInDoubt)
		talk.Notes = append(slices.Clone(talk.Notes), noteInDoubt)
	}
	return talk
}

func (m *Machine) set(t timer, after time.Duration) { m.timers[t] = max(m.now+after, 1) }
func (m *Machine) clear(list ...timer) {
	for _, t := range list {
		m.timers[t] = 0
	}
}
func (m *Machine) due(t timer) bool { return m.timers[t] != 0 && m.now >= m.timers[t] }

func (m *Machine) do(a Action) { m.actions = append(m.actions, a) }

func (m *Machine) tick(active bool) {
	if active {
		if m.now-m.lastSound > 100*time.Millisecond {
			m.run = m.now
		}
		m.lastSound = m.now
		if m.speaking {
			m.speechTo = m.now
		}
	}
	m.earlyTick(active)
	switch m.phase {
	case answering:
		m.tickAnswering()
	case talking:
		m.tickTalking()
	case beeped:
		m.tickBeeped()
	case handing:
		m.tickHanding()
	case ending:
		m.tickEnding()
	}
}

func (m *Machine) hold() {
	if m.held {
		return
	}
	m.speechEnded()
	m.held, m.heldAt = true, m.now
}

// resume moves all timers and reference instants by the time on hold.
func (m *Machine) resume() {
	if !m.held {
		return
	}
	m.held = false
	away := m.now - m.heldAt
	for i := range m.timers {
		if m.timers[i] != 0 {
			m.timers[i] += away
		}
	}
	for _, instant := range []*time.Duration{
		&m.lastSound, &m.speechTo, &m.spokeTo, &m.lastBeep, &m.beforeBeep, &m.lastTones, &m.firstWord, &m.turnEnd, &m.lastKey, &m.lastAnswer,
		&m.heardTo, &m.answered, &m.takenTo, &m.screening.until,
	} {
		if *instant != 0 {
			*instant += away
		}
	}
	if m.saying != nil {
		m.saying.asked += away
	}
}

// timeUp ends the call, except that an opt-out being written is waited for.
func (m *Machine) timeUp() {
	m.outOfTime, m.doubt.left = true, true
	m.hangUp()
}

// hangUp ends the call; an opt-out that is being written, perhaps one that they asked for only now, is waited for first.
func (m *Machine) hangUp() {
	if !m.doubt.left {
		m.doubt.settle() // their last turn was replied to
	}
	m.stopSpeaking()
	m.lastWords()
	m.dropAsk()
	if m.optOutPending && !m.due(byOptOut) {
		m.phase = ending
		m.unqueue()
		m.set(atTail, 0)
		return
	}
	m.finish()
	m.do(Action{Do: HangUp})
}

// finish completes what is open when the call is over: an incomplete entry of keys, and speech without a transcript line.
func (m *Machine) finish() {
	if m.phase == over {
		return
	}
	m.speechEnded()
	m.lastWords()
	m.dropAsk()
	switch m.keypad.pause(m.reply.Expect) {
	case commandHours:
		m.promise()
	case commandAnswer:
		if m.brain < m.brains {
			break // what a brain makes of it comes too late
		}
		m.rules.Next(Input{Kind: InputKeys, Keys: m.keypad.text, Heard: m.heard, Interrupted: m.interrupted})
	}
	m.flushKeys()
	m.transferUntold()
	m.phase = over
	m.unqueue()
}

// heardAfter takes final words that come when the call is over: whoever says never to be called again may hang up at once.
func (m *Machine) heardAfter(event Event) {
	if event.Kind != Heard || !event.Final || event.Failed {
		return
	}
	text := strings.TrimSpace(event.Text)
	m.lines.hear(text, max(event.From, 0), max(event.From, event.To, 0))
	switch {
	case m.echo(wordsOf(text), event.From):
	case m.optsOut(text):
		m.optOut, m.callback = true, nil // the end of the call writes it
	default:
		m.doubt.after(text)
	}
}

// lastWords has effect, once, what they said before the call ends and nothing has replied to.
func (m *Machine) lastWords() {
	words, final := m.said(), m.words
	if m.asked != nil && !m.asked.spoken {
		words, final = join(m.asked.in.Words, words), join(m.asked.in.Words, final)
	}
	m.doubt.last(words, final, m.partial != "" && !m.wordsAreIn())
	switch {
	case words == "", m.screening.on() && !m.optsOut(words):
	case m.phase == talking && m.timers[atWords] != 0 && m.brain == m.brains:
		m.useTools(m.rules.Next(Input{Kind: InputWords, Words: words, Spoke: m.spoke, Heard: m.heard, Interrupted: m.interrupted, At: m.now}).Tools)
	case m.optsOut(words):
		m.startOptOut()
	}
	m.words, m.partial = "", ""
	m.clear(atWords)
}
