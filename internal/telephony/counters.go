package telephony

import "sync/atomic"

// Counters are counts since the endpoint was opened.
type Counters struct {
	Invites      uint64 // INVITEs sent, without those that carry credentials for a challenge
	Challenges   uint64 // challenges answered, of any method
	Answered     uint64 // calls answered, outgoing and incoming
	Refused      uint64 // final responses to our INVITEs other than 2xx
	Silent       uint64 // INVITEs without any response within the ring time
	Cancels      uint64 // CANCELs sent
	Crossed      uint64 // 200s that came when they were no longer wanted: acknowledged and ended by BYE
	Unusable     uint64 // 200s whose session description we cannot use
	Byes         uint64 // BYEs sent
	ByesReceived uint64
	Requests     uint64 // requests from outside, of any method
	Garbage      uint64 // datagrams dropped because they are no SIP
	Flooded      uint64 // messages of unknown addresses dropped beyond their rate limit
}

type counters struct {
	invites, challenges, answered, refused, silent, cancels, crossed, unusable, byes, byesReceived, requests, garbage, flooded atomic.Uint64
}

// Counters returns the counts so far, for /metrics.
func (e *Endpoint) Counters() Counters {
	c := &e.count
	return Counters{
		Invites: c.invites.Load(), Challenges: c.challenges.Load(), Answered: c.answered.Load(), Refused: c.refused.Load(),
		Silent: c.silent.Load(), Cancels: c.cancels.Load(), Crossed: c.crossed.Load(), Unusable: c.unusable.Load(),
		Byes: c.byes.Load(), ByesReceived: c.byesReceived.Load(), Requests: c.requests.Load(), Garbage: c.garbage.Load(), Flooded: c.flooded.Load(),
	}
}
