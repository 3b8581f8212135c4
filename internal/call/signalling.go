package call

import "time"

// SIPMessage is one SIP message of a call, as it passed our socket. Line is its start line (RFC 3261 7.1, 7.2), Method that of its
// CSeq, Detail those of its header fields that tell why: Reason, Warning, Retry-After, Contact of a redirection; and "SDP" where
// it carries a session description.
type SIPMessage struct {
	At     time.Time `json:"at"`
	Sent   bool      `json:"sent"` // by us
	Line   string    `json:"line"`
	Method string    `json:"method"`
	Detail string    `json:"detail"`
}
