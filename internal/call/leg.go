package call

import (
	"context"
	"time"

	"nacre/internal/id"
)

// SampleRate of all audio inside the product, in Hz; mono, 16-bit signed linear.
const SampleRate = 8000

// FrameSamples is the length of a Frame: 20 ms.
const FrameSamples = SampleRate / 50

// FrameTime is the duration of a Frame.
const FrameTime = 20 * time.Millisecond

// Frame is 20 ms of audio.
type Frame [FrameSamples]int16

// Trunk is what must be known of a SIP trunk to place a call over it (contract 12.1).
type Trunk struct {
	ID             id.ID // zero: the sandbox carrier
	Host           string
	Port           int    // 0 = the transport's default
	Transport      string // "udp", "tcp"
	Username       string // "" = authentication by address
	Password       string
	Registers      bool
	FromDomain     string   // "" = Host
	Codecs         []string // in order of preference: "PCMU", "PCMA"
	MaxCalls       int
	CallsPerSecond float64
	LockMedia      bool   // audio is heard from no address but the one that the peer's SDP names (contract 9.7)
	MediaTo        string // MediaToSource or MediaToDescription; "" = MediaToSource
}

// Where our audio goes when the peer's comes from another address than its SDP names.
const (
	MediaToSource      = "source"      // to where the peer's comes from, as peers behind a NAT need it
	MediaToDescription = "description" // to where its SDP says, for peers that send from a port of their own
)

// Invite is one attempt to be put on the wire: exactly one INVITE (besides the one that answers a challenge).
type Invite struct {
	Call     id.ID
	Trace    string // W3C trace id, for logs
	Trunk    Trunk
	From, To string        // caller-id as the account's number is; E.164 of the callee
	RingFor  time.Duration // from the first INVITE to our CANCEL
	// RingUntil is the end of the calling hours, by which the ringing must be over whenever the INVITE leaves; zero = never.
	RingUntil time.Time
}

// Failure says why a call was not answered. Code and Reason are the peer's last SIP answer (0, "" without one).
type Failure struct {
	Cause  Cause
	Code   int
	Reason string
}

// Dialer places calls. Implemented by telephony.
type Dialer interface {
	// Dial sends the INVITE and blocks until the call is answered (Leg, already acknowledged),
	// or is over (nil, Failure). When ctx ends while the call rings, it is cancelled: CANCEL within two seconds,
	// or within two seconds of the first provisional response where none has come yet; Dial then returns CauseCancelled
	// once the transaction is over, at most 32 s after the CANCEL. A 200 that crosses the CANCEL is acknowledged and ended by BYE
	// and is CauseCancelled too.
	Dial(ctx context.Context, invite Invite) (Leg, *Failure)
}

// Prober asks a trunk's peer how it is. Implemented by telephony.
type Prober interface {
	Options(ctx context.Context, trunk Trunk) ProbeResult
	Register(ctx context.Context, trunk Trunk) ProbeResult
}

// ProbeResult is the outcome of an OPTIONS or REGISTER request.
type ProbeResult struct {
	OK           bool
	Unauthorized bool          // our credentials were refused
	Detail       string        // in words, with the peer's status line where there is one
	Expires      time.Duration // of a registration
}

// Party is who holds our end of a leg: the agent, or a simulated person. All methods are called by the leg's one
// goroutine; none may block.
type Party interface {
	// Exchange is called every 20 ms while the call is up and not on hold: heard is what the peer sent (silence where
	// nothing came), say is to be filled in full with what we send. It answers false to end the call by BYE.
	Exchange(heard, say *Frame) (more bool)
	// Key is a key pressed by the peer (RFC 4733): 0–9 * # A–D, once per press.
	Key(key rune)
	// Held tells that the peer put us on hold, or resumed. While held Exchange is not called.
	Held(on bool)
}

// Leg is an answered call.
type Leg interface {
	// Serve carries audio between the peer and the party until the call is over on the wire, and answers who ended it.
	// When ctx ends the call is ended by BYE. Called once. It returns when the BYE was first sent or received;
	// a BYE without answer holds nothing.
	Serve(ctx context.Context, party Party) Ending
	// SendKeys queues keys to be sent as RFC 4733 events, one after another, in place of the audio.
	SendKeys(keys string)
	// HangUp ends the call by BYE without serving it (a cancel that crossed the answer). Safe to call at any time.
	HangUp()
	// Stats are the figures of the media so far.
	Stats() LegStats
}

// Ending is how an answered call ended.
type Ending int

const (
	PeerHungUp     Ending = iota // BYE received
	PartyHungUp                  // Exchange answered false
	ContextEnded                 // ctx was done: time limit, hang-up by a person, shutdown
	AudioLost                    // no packet from the peer for 20 s while not on hold
	SignallingLost               // the dialog broke
)

func (e Ending) String() string {
	return [...]string{"peer hung up", "party hung up", "context ended", "audio lost", "signalling lost"}[e]
}

// LegStats counts packets of one leg. Late are packets of ours sent more than 5 ms after they were due.
type LegStats struct {
	Sent, Received, Lost, Late uint64
	JitterMS                   float64 // RFC 3550 interarrival jitter of what we received
	Codec                      string
}
