package call

// Answerer is who picked up, as far as it is known.
type Answerer string

const (
	UnknownAnswerer Answerer = "unknown" // treated as a person
	Human           Answerer = "human"
	MachineAnswerer Answerer = "machine"      // a mailbox, or an answering machine
	Screening       Answerer = "screening"    // an assistant that asks who calls before it lets anybody through
	Menu            Answerer = "menu"         // of a telephone system (IVR)
	Announcement    Answerer = "announcement" // of the network: the call did not reach the number
)

// Answerers returns all of them.
func Answerers() []Answerer {
	return []Answerer{UnknownAnswerer, Human, MachineAnswerer, Screening, Menu, Announcement}
}

// EvidenceSource is what a piece of evidence was taken from.
type EvidenceSource string

const (
	EvidenceWords   EvidenceSource = "words"   // of a recogniser
	EvidenceCadence EvidenceSource = "cadence" // lengths of speech and of pauses
	EvidenceBeep    EvidenceSource = "beep"
	EvidenceTones   EvidenceSource = "tones" // special information tones (ITU-T E.180)
	EvidenceKeys    EvidenceSource = "keys"
	EvidenceQuiet   EvidenceSource = "quiet" // silence where a machine, or a person, would not be silent
)

// EvidenceSources returns all of them.
func EvidenceSources() []EvidenceSource {
	return []EvidenceSource{EvidenceWords, EvidenceCadence, EvidenceBeep, EvidenceTones, EvidenceKeys, EvidenceQuiet}
}

// Evidence is one piece of what tells who picked up. Weights of the pieces for one Answerer add up.
type Evidence struct {
	At       float64        `json:"at"`
	Source   EvidenceSource `json:"source"`
	Answerer Answerer       `json:"answerer"`
	Weight   int            `json:"weight"`
	Detail   string         `json:"detail"`
}
