package telephony

import "sync/atomic"

// Counters count since the endpoint was opened.
type Counters struct {
	Invites      uint64 // INVITEs sent, those that answer a challenge not included
	Challenges   uint64 // challenges answered, of any method
	Answered     uint64 // calls handed over as a Leg, either side
	Refused      uint64 // final responses to our INVITEs other than 2xx
	Silent       uint64 // INVITEs without any response within the ring time
	Cancels      uint64 // CANCELs sent
	Crossed      uint64 // 200s that came when they were no longer wanted: acknowledged and ended by BYE
	Unusable     uint64 // 200s whose session description we cannot use
	Byes         uint64 // BYEs sent
	ByesReceived uint64
	Requests     uint64 // requests from outside, of any method
	Garbage      uint64 // datagrams dropped unread
	Flooded      uint64 // messages of strangers beyond their share, dropped unread
}

type counters struct {
	invites, challenges, answered, refused, silent, cancels, crossed, unusable, byes, byesReceived, requests, garbage, flooded atomic.Uint64
}

// Counters are the figures for /metrics.
func (e *Endpoint) Counters() Counters {
	c := &e.count
	return Counters{
		Invites: c.invites.Load(), Challenges: c.challenges.Load(), Answered: c.answered.Load(), Refused: c.refused.Load(),
		Silent: c.silent.Load(), Cancels: c.cancels.Load(), Crossed: c.crossed.Load(), Unusable: c.unusable.Load(),
		Byes: c.byes.Load(), ByesReceived: c.byesReceived.Load(), Requests: c.requests.Load(), Garbage: c.garbage.Load(), Flooded: c.flooded.Load(),
	}
}
