package call

import (
	"context"
	"fmt"
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

// Sound is 20 ms of a conversation: what the agent said, and what was heard of the other side.
type Sound struct{ Said, Heard Frame }

// Trunk is the part of a SIP trunk's settings that is needed to place a call over it (contract 12.1).
type Trunk struct {
	ID             id.ID // zero: the sandbox carrier
	Host           string
	Port           int    // 0 = the transport's default
	Transport      string // "udp", "tcp", "tls"
	Username       string // "" = authentication by address
	Password       string
	Registers      bool
	FromDomain     string   // "" = Host
	Codecs         []string // in order of preference: "PCMU", "PCMA"
	MaxCalls       int
	CallsPerSecond float64
	LockMedia      bool   // audio is accepted only from the address in the peer's SDP (contract 9.7)
	MediaTo        string // MediaToSource or MediaToDescription; "" = MediaToSource
}

// Values of Trunk.MediaTo: where our audio goes if the peer's comes from another address than the one in its SDP.
const (
	MediaToSource      = "source"      // to the source of the peer's audio, for peers behind a NAT
	MediaToDescription = "description" // to the address in its SDP, for peers that send from another port than they receive on
)

// Invite is one attempt to call: exactly one INVITE (besides those that answer a challenge or a 422).
type Invite struct {
	Call     id.ID
	Trace    string // W3C trace id, for logs
	Trunk    Trunk
	From, To string        // caller-id as the account's number is; E.164 of the callee
	RingFor  time.Duration // from the first INVITE to our CANCEL
	// RingUntil is the end of the calling hours, by which the ringing must be over; zero = no limit.
	RingUntil time.Time
}

// Failure is why a call was not answered. Code and Reason are those of the final SIP response (0, "" without one).
type Failure struct {
	Cause    Cause
	Code     int
	Reason   string
	Messages []SIPMessage // that passed
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

// Prober tests a trunk (contract 12.1). Implemented by telephony.
type Prober interface {
	Options(ctx context.Context, trunk Trunk) ProbeResult
	Register(ctx context.Context, trunk Trunk) ProbeResult
}

// ProbeResult is the outcome of an OPTIONS or REGISTER request.
type ProbeResult struct {
	OK           bool
	Unauthorized bool          // our credentials were refused
	Detail       string        // in words, with the peer's status line if it responded
	Expires      time.Duration // of a registration
}

// Party is our end of a leg: the agent, or a simulated person. All methods are called by one goroutine of the leg; none may
// block.
type Party interface {
	// Exchange is called every 20 ms while the call is up and not on hold: heard is what the peer sent (silence if no packet
	// came), say must be filled with what we send. It returns false to end the call by BYE.
	Exchange(heard, say *Frame) (more bool)
	// Key is called once for every key that the peer pressed: 0–9 * # A–D (RFC 4733, SIP INFO, or tones in the audio).
	Key(key rune)
	// Held is called when the peer puts us on hold, or resumes. While on hold Exchange is not called.
	Held(on bool)
}

// Leg is an answered call.
type Leg interface {
	// Serve carries audio between the peer and the party until the call is over on the wire, and returns who ended it.
	// When ctx ends the call is ended by BYE. Called once. It returns when the BYE was first sent or received, without
	// waiting for the response to it.
	Serve(ctx context.Context, party Party) Ending
	// Transfer asks the peer to connect its side to a number in our place, blind (REFER, RFC 3515), and returns nil once it has
	// told that this has happened. Our side of the call goes on, whatever comes of it. A *TransferError says that it did not come
	// about, or that nothing was told of it within minutes. The end of ctx, or of the call, ends the wait.
	Transfer(ctx context.Context, to string) error
	// SendKeys queues keys to be sent as RFC 4733 events, one after another, in place of the audio.
	SendKeys(keys string)
	// HangUp ends the call by BYE without serving it (a cancel that crossed the answer). Safe to call at any time.
	HangUp()
	// Stats returns what was counted and noted so far.
	Stats() LegStats
}

// TransferError is why a transfer did not come about.
type TransferError struct {
	Code   int // status that the peer refused it with, or that the new call ended with; 0 = none was told
	Reason string
}

func (e *TransferError) Error() string {
	if e.Code == 0 {
		return e.Reason
	}
	return fmt.Sprintf("%d %s", e.Code, e.Reason)
}

// Ending is how an answered call ended.
type Ending int

const (
	PeerHungUp     Ending = iota // BYE received
	PartyHungUp                  // Exchange returned false
	ContextEnded                 // ctx was done: time limit, hang-up by a person, shutdown
	AudioLost                    // no packet from the peer for 20 s while not on hold
	SignallingLost               // the dialog broke
)

func (e Ending) String() string {
	return [...]string{"peer hung up", "party hung up", "context ended", "audio lost", "signalling lost"}[e]
}

// LegStats counts packets of one leg, and has the SIP messages that passed. Late are packets of ours sent more than 5 ms after
// they were due.
type LegStats struct {
	Messages                   []SIPMessage
	Ended                      time.Time // when the BYE was first sent or received; zero while the call is up
	Sent, Received, Lost, Late uint64
	JitterMS                   float64 // RFC 3550 interarrival jitter of what we received
	Codec                      string
}
