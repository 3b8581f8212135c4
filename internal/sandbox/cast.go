package sandbox

import "time"

// Voices of the people, as the embedded voice names them.
const (
	woman = "slt"
	man   = "rms"
	scot  = "awb"
	// machine is a male voice that is fast to synthesise; it speaks the long lines.
	machine = "kal16"
)

// cue is what a person waits for before a step; the zero value is only the end of the step before, or the answer.
type cue int

const (
	// afterAgent: the agent has spoken since our last line, and stopped.
	afterAgent cue = iota + 1
	// whileAgent: the agent is speaking, and has been for the time of after.
	whileAgent
)

// step is one action of a person: speak, beep or hang up, and press keys while speaking.
type step struct {
	cue    cue
	after  time.Duration // from the cue
	voice  string
	say    string
	keys   string  // pressed while speaking
	aloud  string  // said instead of say and keys where words are understood; "" = say, without keys
	keypad bool    // the keys are pressed there, too
	beep   float64 // Hz
	hangUp bool
	// forever repeats the step whenever its cue comes again.
	forever bool
}

type rejection struct {
	code   int
	reason string
}

// inWords returns the step of a person who knows that words are understood.
func (s step) inWords() step {
	if s.keypad {
		return s
	}
	if s.aloud != "" {
		s.say = s.aloud
	}
	s.keys = ""
	return s
}

// callee is how a call to one number goes.
type callee struct {
	name     string
	rings    bool
	lingers  time.Duration // ring time besides Options.Ring
	ringsOut bool
	rejects  *rejection
	steps    []step // once answered
	noise    noise  // behind the person, where words are understood
}

// calleeOf returns the callee of a number at its attempt-th call, counted from 1. A number without two digits at its end
// gets 404.
func calleeOf(number string, attempt int) callee {
	digits, ok := lastTwo(number)
	if !ok {
		return rejecting(callee{name: "no number"}, 404, "Not Found")
	}
	for _, r := range roles() {
		if digits >= r.from && digits <= r.to {
			c := r.cast(digits-r.from, attempt)
			c.name = r.name
			return c
		}
	}
	return rejecting(callee{name: "no number"}, 404, "Not Found")
}

func lastTwo(number string) (int, bool) {
	if len(number) < 2 {
		return 0, false
	}
	tens, ones := number[len(number)-2], number[len(number)-1]
	if tens < '0' || tens > '9' || ones < '0' || ones > '9' {
		return 0, false
	}
	return int(tens-'0')*10 + int(ones-'0'), true
}

// role is a range of last digits. variant is the index within the range, so that not all sound the same.
type role struct {
	from, to int
	name     string
	cast     func(variant, attempt int) callee
}

// roles returns the table of the sandbox: every ending of two digits once.
func roles() []role {
	return []role{
		{0, 19, "agrees", agrees},
		{20, 24, "busy", busy},
		{25, 29, "rings out", func(_, _ int) callee { return callee{rings: true, ringsOut: true} }},
		{30, 34, "answering machine", answeringMachine},
		{35, 39, "declines", declines},
		{40, 44, "not allocated", func(_, _ int) callee { return rejecting(callee{}, 404, "Not Found") }},
		{45, 49, "carrier failure", func(_, _ int) callee { return rejecting(callee{}, 503, "Service Unavailable") }},
		{50, 54, "call-back", callBack},
		{55, 59, "never again", neverAgain},
		{60, 64, "busy at first", busyAtFirst},
		{65, 69, "hangs up", hangsUp},
		{70, 74, "silent", func(variant, _ int) callee { return answering(variant) }},
		{75, 79, "rejects", func(variant, _ int) callee { return rejecting(callee{rings: true}, 603, "Decline") }},
		{80, 84, "call screening", screened},
		{85, 89, "long talk", longTalk},
		{90, 99, "interrupts", interrupts},
	}
}

func rejecting(c callee, code int, reason string) callee {
	c.rejects = &rejection{code, reason}
	return c
}

// answering returns a callee who picks up within a second after Options.Ring.
func answering(variant int, steps ...step) callee {
	return callee{rings: true, lingers: time.Duration(variant%4) * 250 * time.Millisecond, steps: steps}
}

func voiceOf(variant int) string { return []string{woman, man, scot}[variant%3] }

// pause returns how long a person waits after the agent before speaking: 0.6 to 0.8 s. The agent pauses less between two
// sentences.
func pause(variant int) time.Duration {
	return 600*time.Millisecond + time.Duration(variant%3)*100*time.Millisecond
}

// hello returns the first step, a moment after the answer.
func hello(variant int) step {
	words := []string{"Hello?", "Hello, who is this?", "Yes, hello?"}
	return step{after: 400 * time.Millisecond, voice: voiceOf(variant), say: words[variant/3%3]}
}

// answers returns the steps that answer the first question and all that follow: those may want digits, so # ends them.
// aloud is the first answer where words are understood; further are the others, since whoever is not understood says it in
// other words, and one of them has a number.
func answers(variant int, say, aloud, later string, further []string, key, closing string) []step {
	once := step{cue: afterAgent, after: pause(variant), voice: voiceOf(variant), say: say, aloud: aloud, keys: key}
	steps := []step{once}
	for n, other := range further {
		once.say, once.aloud, once.keys, once.forever = later, other, key+closing, n == len(further)-1
		steps = append(steps, once)
	}
	return steps
}

// yesses and noes are how people say it, one wording a person.
var (
	yesses = []string{
		"Yes, that is fine.", "Yes, please.", "Sure, I would like that.", "Yeah, sure.", "Yes.",
		"Of course.", "Um, yes, I think so.", "Okay, let us do that.", "Yes, I would.", "Absolutely.",
		"Sure, why not.", "Well, yes, please do.", "That sounds good.", "Yes, go ahead.", "Yep.",
		"Oh yes, I would love to.", "Uh, sure.", "Yes, of course.", "All right, yes.", "Definitely.",
	}
	noes = []string{
		"No, thank you. I am not interested.", "No.", "No thanks.", "I would rather not.", "Not really, no.",
		"Nope.", "I do not think so.", "No, I am good.", "Um, no, not this time.", "Not interested.",
		"I am afraid not.", "No, not at the moment.", "Absolutely not.", "Sorry, no.", "No way.",
		"I do not want that.", "Well, no.", "No, that is all right, thanks.", "Definitely not.", "Certainly not.",
	}
)

func yes(variant int) []step {
	words := []string{"Yes, that is fine.", "Yes, please.", "Sure, I would like that."}
	steps := answers(variant, words[variant/3%3], yesses[variant%len(yesses)], "Yes.", []string{"Yes.", "Yes, one.", "Yes, I would.", "One, yes."}, "1", "#")
	if variant%8 == 7 { // some keep to the keys, whatever they are told
		for n := range steps {
			steps[n].keypad = true
		}
	}
	return steps
}

func agrees(variant, _ int) callee {
	c := answering(variant, append([]step{hello(variant)}, yes(variant)...)...)
	c.noise = noise(variant%4) * room // a quiet line, and three that are less so
	return c
}

func declines(variant, _ int) callee {
	no := answers(variant, "No, thank you. I am not interested.", noes[variant*4%len(noes)], "No.", []string{"No.", "No, none.", "No, thank you."}, "2", "#")
	return answering(variant, append([]step{hello(variant)}, no...)...)
}

func callBack(variant, _ int) callee {
	wish := []string{
		"I have no time now. Please call me again in an hour.", "Can you call me back in one hour?", "I am driving. Call me back in an hour, please.",
		"Not now. Call me in an hour.", "Could you call back in about an hour?",
	}[variant%5]
	later := answers(variant, "I have no time now. Please call me again in an hour.", wish, "In an hour, please.", []string{"Yes, in an hour.", "In one hour.", "Please call me again in an hour."}, "*21#", "")
	return answering(variant, append([]step{hello(variant)}, later...)...)
}

func neverAgain(variant, _ int) callee {
	wish := []string{
		"Please never call me again.", "Take me off your list.", "Stop calling me.", "Do not ever call me again.", "Please remove my number from your list.",
	}[variant%5]
	never := answers(variant, "Please never call me again.", wish, "Never again, I said.", []string{"Yes. Never call me again.", "Take me off your list.", "Never again."}, "*9", "")
	return answering(variant, append([]step{hello(variant)}, never...)...)
}

func busy(_, _ int) callee { return rejecting(callee{}, 486, "Busy Here") }

func busyAtFirst(variant, attempt int) callee {
	if attempt == 1 {
		return busy(variant, attempt)
	}
	return agrees(variant, attempt)
}

func hangsUp(variant, _ int) callee {
	return answering(variant, step{after: 300 * time.Millisecond, hangUp: true})
}

// answeringMachine returns the steps of a machine that greets for three to six seconds, beeps, and is then silent.
func answeringMachine(variant, _ int) callee {
	greetings := []string{
		"Hi, you have reached the Miller family. Please leave a message after the tone.",
		"Hello, this is John. I cannot take your call right now. Leave a message after the beep.",
		"We are not at home. Please leave your name and number after the tone.",
		"Hi, this is Simon's phone. I will call you back. Please speak after the beep.",
		"The person you are calling is not available. Please record your message after the tone.",
	}
	tones := []float64{1000, 850, 1400, 440, 1000}
	return answering(variant,
		step{after: 700 * time.Millisecond, voice: machine, say: greetings[variant%5]},
		step{after: 300 * time.Millisecond, beep: tones[variant%5]},
	)
}

func screened(variant, _ int) callee {
	steps := []step{
		{after: 500 * time.Millisecond, voice: machine,
			say: "Hello. The person you are calling uses a screening service. Please say your name and why you are calling."},
		{cue: afterAgent, after: 800 * time.Millisecond, voice: machine, say: "Thank you. One moment, please. I am putting you through."},
		{after: 900 * time.Millisecond, voice: voiceOf(variant), say: "Hello, speaking."},
	}
	return answering(variant, append(steps, yes(variant)...)...)
}

// longTalk returns the steps of a person who speaks at length after each sentence of the agent before a yes.
func longTalk(variant, _ int) callee {
	steps := []step{hello(variant)}
	for _, story := range [][2]string{
		{"Oh, how nice that somebody calls. You know, I was just in the garden, and the neighbour came by with his dog, and we talked for quite a while.",
			"And then I could not find my glasses, I looked for them in the kitchen and in the bedroom and everywhere."},
		{"Well, that is a good question. My daughter always says that I should decide things more quickly, but I like to think them over first.",
			"Last year I said yes to something at once, and it took me three months to get out of it again."},
		{"I see, I see. Let me think about that. It depends a little on the weather too, because on rainy days my knee hurts and I do not like to go out.",
			"The doctor says that it will get better in the spring, but he has been saying that for years."},
	} {
		steps = append(steps,
			step{cue: afterAgent, after: pause(variant), say: story[0]},
			step{after: 600 * time.Millisecond, say: story[1]})
	}
	steps = append(steps, yes(variant)...)
	for n := range steps {
		steps[n].voice = machine // one person, one voice
	}
	return answering(variant, steps...)
}

// interrupts returns the steps of a person who speaks a second and a half after the agent began.
func interrupts(variant, _ int) callee {
	steps := []step{
		hello(variant),
		{cue: whileAgent, after: 1500 * time.Millisecond, voice: voiceOf(variant), say: "Sorry, who is this, and what is it about?"},
	}
	return answering(variant, append(steps, yes(variant)...)...)
}
