package media

import "time"

// inbound keeps the statistics of the received stream (RFC 3550 appendix A) and detects the start of a new one.
type inbound struct {
	started  bool
	ssrc     uint32
	first    uint32 // extended sequence numbers
	highest  uint32
	received uint32

	nextSSRC     uint32 // of a packet that may begin a new stream
	nextSequence uint16 // of the packet that would confirm it
	nextLikely   bool

	jitter      float64 // samples
	transit     uint32
	transitFrom bool // transit is known

	expectedBefore, receivedBefore uint32 // at the last report
	senderReport                   uint32 // middle bits of the NTP time of the peer's last
	senderReportAt                 time.Time

	lostEarlier, receivedEarlier uint64 // of streams gone by
}

const (
	maxDropout  = 3000 // packets a stream may miss
	maxMisorder = 100  // packets by which one may be late
)

// arrival classifies a packet.
type arrival int

const (
	stray     arrival = iota // of no confirmed stream: to be dropped
	fits                     // of the current stream
	newStream                // the first of a new stream: state of the old one is discarded
)

// packet classifies a packet and counts it.
func (in *inbound) packet(ssrc uint32, sequence uint16) arrival {
	if in.started && ssrc == in.ssrc {
		ahead := int(int16(sequence - uint16(in.highest)))
		if ahead < maxDropout && ahead > -maxMisorder {
			if ahead > 0 {
				in.highest += uint32(ahead)
			}
			in.received++
			in.nextLikely = false
			return fits
		}
	}
	if in.started && !(in.nextLikely && in.nextSSRC == ssrc && in.nextSequence == sequence) {
		in.nextSSRC, in.nextSequence, in.nextLikely = ssrc, sequence+1, true
		return stray
	}
	in.end()
	in.started, in.ssrc = true, ssrc
	in.first = 1<<16 | uint32(sequence) // one cycle of room for packets before the first
	in.highest, in.received = in.first, 1
	return newStream
}

// timing updates the interarrival jitter by a packet of audio (RFC 3550 section 6.4.1). arrived is in samples.
func (in *inbound) timing(timestamp, arrived uint32) {
	transit := arrived - timestamp
	if in.transitFrom {
		d := float64(int32(transit - in.transit))
		// a leap of more than a second is a new clock, not a late packet
		if d = max(d, -d); d < 8000 {
			in.jitter += (d - in.jitter) / 16
		}
	}
	in.transit, in.transitFrom = transit, true
}

// end ends the stream: its counts go into the totals, its jitter stays until the next stream has one.
func (in *inbound) end() {
	*in = inbound{lostEarlier: in.totalLost(), receivedEarlier: in.totalReceived(), jitter: in.jitter}
}

func (in *inbound) expected() uint32 {
	if !in.started {
		return 0
	}
	return in.highest - in.first + 1
}

func (in *inbound) totalReceived() uint64 { return in.receivedEarlier + uint64(in.received) }

// totalLost returns the packets lost, at least 0: duplicates count as received (RFC 3550 section 6.4.1).
func (in *inbound) totalLost() uint64 {
	return in.lostEarlier + uint64(max(0, int64(in.expected())-int64(in.received)))
}
