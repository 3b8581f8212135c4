package wire

import (
	"slices"
	"strings"

	"nacre/internal/campaign"
	"nacre/internal/fault"
)

// FormInput is the body of POST /v2/Pearl, NodesInput that of POST /v2/Pearl/Voice.
type (
	FormInput  struct{ PearlInput }
	NodesInput struct{ PearlInput }
)

// Demands are what a new Pearl must have.
func (FormInput) Demands() []string {
	return []string{"name", "pearl", "pearl.companyDescription", "pearl.timeZone", "pearl.openingSentence", "inbound|outbound", "inbound.waitingSentence"}
}

// Demands are what a new Pearl must have.
func (NodesInput) Demands() []string {
	return []string{"name", "pearl", "pearl.companyDescription", "pearl.timeZone", "pearl.nodes", "variables", "inbound|outbound", "inbound.waitingSentence"}
}

// CheckWith completes the list of faults; there is no Pearl yet.
func (in *FormInput) CheckWith(_ campaign.Pearl, faults *fault.List) { in.checkNew(false, faults) }

// CheckWith completes the list of faults; there is no Pearl yet.
func (in *NodesInput) CheckWith(_ campaign.Pearl, faults *fault.List) { in.checkNew(true, faults) }

func (in PearlInput) checkNew(fromNodes bool, faults *fault.List) {
	var more fault.List
	pearl := in.Create(fromNodes, &more)
	more.Join("", pearl.Check(campaign.Judges{}))
	merge(faults, more.Fields)
}

// CheckWith completes the list of faults by those of the whole Pearl.
func (in *PearlInput) CheckWith(pearl campaign.Pearl, faults *fault.List) {
	var more fault.List
	pearl = pearl.Clone()
	in.Apply(&pearl, &more)
	pearl.Complete()
	more.Join("", pearl.Check(campaign.Judges{}))
	merge(faults, more.Fields)
}

// CheckWith completes the list of faults by those of the settings.
func (in *OutboundInput) CheckWith(pearl campaign.Pearl, faults *fault.List) {
	if pearl.Outbound != nil {
		checkSettings(pearl, in.Apply, "Outbound.", faults)
	}
}

// CheckWith completes the list of faults by those of the settings.
func (in *InboundInput) CheckWith(pearl campaign.Pearl, faults *fault.List) {
	if pearl.Inbound != nil {
		checkSettings(pearl, in.Apply, "Inbound.", faults)
	}
}

func checkSettings(pearl campaign.Pearl, apply func(*campaign.Pearl, *fault.List), prefix string, faults *fault.List) {
	var more fault.List
	pearl = pearl.Clone()
	apply(&pearl, &more)
	pearl.Complete()
	more.Join("", pearl.CheckSettings(campaign.Judges{}))
	for n, f := range more.Fields {
		more.Fields[n].Path = strings.TrimPrefix(f.Path, prefix)
	}
	merge(faults, more.Fields)
}

// merge adds faults of the whole to faults of members that could not be read: what such a member leads to is not told again.
func merge(faults *fault.List, more []fault.Field) {
	unread := slices.Clone(faults.Fields)
	for _, f := range more {
		if !slices.ContainsFunc(unread, func(u fault.Field) bool { return within(f.Path, u.Path) || within(u.Path, f.Path) }) {
			faults.Fields = append(faults.Fields, f)
		}
	}
}

// within reports whether a member path is another or lies inside it.
func within(path, outer string) bool {
	rest, inside := strings.CutPrefix(path, outer)
	return inside && (rest == "" || rest[0] == '.' || rest[0] == '[')
}
