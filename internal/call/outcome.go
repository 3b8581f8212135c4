package call

// Cause is why a dialled call was not answered.
type Cause string

const (
	CauseBusy         Cause = "busy"         // 486, 600, 603
	CauseBlocked      Cause = "blocked"      // 603 "Network Blocked", 607, 608: what the person is called from is blocked
	CauseNoAnswer     Cause = "noAnswer"     // 480, 408, our own ring-out after a provisional response
	CauseNotAllocated Cause = "notAllocated" // 404, 410, 484, 604
	CauseFailed       Cause = "failed"       // everything else; also no response at all within the ring time
	CauseUnreachable  Cause = "unreachable"  // nothing can have rung: name not resolved, connection refused, no local port
	CauseUnauthorized Cause = "unauthorized" // our credentials were refused: nothing can have rung
	CauseTooLate      Cause = "tooLate"      // not sent: it would have rung beyond RingUntil
	CauseCancelled    Cause = "cancelled"    // our CANCEL, or a 200 that crossed it
)

// Outcome is how an attempt ended (contract 9.2); the lead's state machine and the retry policy use it.
type Outcome string

const (
	Success      Outcome = "success"      // answered, success definition met
	NotSuccess   Outcome = "notSuccess"   // answered, definition not met
	Answered     Outcome = "answered"     // answered, no definition
	Voicemail    Outcome = "voicemail"    // machine, message left
	Machine      Outcome = "machine"      // machine, no message configured
	BusyOutcome  Outcome = "busy"         // busy or rejected
	RangOut      Outcome = "noAnswer"     // rang out
	SetupFailed  Outcome = "failed"       // set-up failed at the carrier
	Blocked      Outcome = "blocked"      // a network or the person's telephone blocks the number called from
	NotAllocated Outcome = "notAllocated" // the number does not exist
	Lost         Outcome = "lost"         // the node died, or stopped, while the call was live
	NeverRang    Outcome = "neverRang"    // nothing can have rung; the attempt does not count
	Cancelled    Outcome = "cancelled"    // cancelled while ringing; see Call.Cancel
	Broke        Outcome = "broke"        // the agent broke after the answer
)

// Status is the call status of an outcome (contract 9.2).
func (o Outcome) Status() Status {
	switch o {
	case Success, NotSuccess, Answered, Voicemail, Machine, Broke:
		return Completed
	case BusyOutcome:
		return Busy
	case RangOut:
		return NoAnswer
	case Cancelled:
		return Canceled
	default:
		return Failed
	}
}

// OutcomeOf maps the cause of an unanswered call to its outcome.
func OutcomeOf(cause Cause) Outcome {
	switch cause {
	case CauseBusy:
		return BusyOutcome
	case CauseNoAnswer:
		return RangOut
	case CauseBlocked:
		return Blocked
	case CauseNotAllocated:
		return NotAllocated
	case CauseUnreachable, CauseUnauthorized, CauseTooLate:
		return NeverRang
	case CauseCancelled:
		return Cancelled
	default:
		return SetupFailed
	}
}

// CauseOf maps a final SIP status code other than 2xx, 401 and 407 to a cause (contract 9.7). Reason header fields take
// precedence over it (package telephony).
func CauseOf(code int) Cause {
	switch code {
	case 486, 600, 603:
		return CauseBusy
	case 480, 408:
		return CauseNoAnswer
	case 607, 608:
		return CauseBlocked
	case 404, 410, 484, 604:
		return CauseNotAllocated
	default:
		return CauseFailed
	}
}
