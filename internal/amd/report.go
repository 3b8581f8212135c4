package amd

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"nacre/internal/call"
)

// Goals of answering machine detection.
const (
	MostPeople    = 0.01 // of people treated as machines
	LeastMachines = 0.97 // of machines found before or at their beep
)

// Result is what both detections made of a recording.
type Result struct {
	Recording // without samples
	Ours      Judgement
	Theirs    call.Answerer // of Asterisk's AMD
	TheirsAt  time.Duration
	Cause     string
}

// Compare judges a recording in both ways.
func Compare(r Recording, ours Judgement, rules AppAMD) Result {
	result := Result{Recording: r, Ours: ours}
	result.Theirs, result.TheirsAt, result.Cause = rules.Judge(r.Samples)
	result.Samples = nil
	return result
}

// Wrong reports whether a person was treated as a machine, or a machine not found in time.
func (r Result) Wrong() bool {
	switch r.Label {
	case call.Human:
		return r.Ours.ByItself()
	case call.MachineAnswerer:
		return !r.Ours.Found(r.Recording)
	default:
		return r.Ours.Answerer != r.Label
	}
}

// theirsFound reports whether Asterisk's AMD knew a machine in time.
func (r Result) theirsFound() bool {
	return r.Theirs == call.MachineAnswerer && (r.Beep == 0 || r.TheirsAt <= r.Beep)
}

// share is some of a number.
type share struct{ some, all int }

func (s share) String() string {
	if s.all == 0 {
		return "none"
	}
	return fmt.Sprintf("%d of %d, %.1f%%", s.some, s.all, 100*float64(s.some)/float64(s.all))
}

func (s *share) count(is bool) {
	s.all++
	if is {
		s.some++
	}
}

// Report is what came of all recordings.
type Report struct {
	People, Machines             share // ours: people treated as machines, machines found in time
	TheirPeople, TheirMachines   share
	results                      []Result
	openings, messages, decided  []time.Duration
	theirPeopleAt, theirDecision []time.Duration
}

// Reports sums results up.
func Reports(results []Result) Report {
	report := Report{results: results}
	for _, r := range results {
		switch r.Label {
		case call.Human:
			report.People.count(r.Ours.ByItself())
			report.TheirPeople.count(r.Theirs == call.MachineAnswerer)
			if r.Ours.Opening > 0 && r.Ours.Hello > 0 && r.Ours.Opening > r.Ours.Hello {
				report.openings = append(report.openings, r.Ours.Opening-r.Ours.Hello)
			}
			if r.Theirs == call.Human {
				report.theirPeopleAt = append(report.theirPeopleAt, r.TheirsAt)
			}
		case call.MachineAnswerer:
			report.Machines.count(r.Ours.Found(r.Recording))
			report.TheirMachines.count(r.theirsFound())
			if r.Ours.Found(r.Recording) {
				report.decided = append(report.decided, r.Ours.Decided)
			}
			if r.theirsFound() {
				report.theirDecision = append(report.theirDecision, r.TheirsAt)
			}
			if r.Ours.Message > 0 && r.Beep > 0 {
				report.messages = append(report.messages, r.Ours.Message-r.Beep)
			}
		}
	}
	return report
}

// Write prints the confusion matrices, the times and the goals.
func (report Report) Write(out io.Writer) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	verdicts := []call.Answerer{call.UnknownAnswerer, call.Human, call.MachineAnswerer, call.Screening, call.Menu, call.Announcement}
	fmt.Fprint(table, "nacre\t")
	for _, verdict := range verdicts {
		fmt.Fprintf(table, "%s\t", verdict)
	}
	fmt.Fprintln(table, "\tAsterisk AMD\tHUMAN\tNOTSURE\tMACHINE\t")
	for _, label := range Labels() {
		ours, theirs, all := map[call.Answerer]int{}, map[call.Answerer]int{}, 0
		for _, r := range report.results {
			if r.Label == label {
				ours[r.Ours.Answerer]++
				theirs[r.Theirs]++
				all++
			}
		}
		if all == 0 {
			continue
		}
		fmt.Fprintf(table, "%s (%d)\t", label, all)
		for _, verdict := range verdicts {
			fmt.Fprintf(table, "%d\t", ours[verdict])
		}
		fmt.Fprintf(table, "\t\t%d\t%d\t%d\t\n", theirs[call.Human], theirs[call.UnknownAnswerer], theirs[call.MachineAnswerer])
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	fmt.Fprintln(out, "unknown is treated as a person")
	fmt.Fprintln(out)
	table = tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\tnacre\tAsterisk AMD\tgoal")
	fmt.Fprintf(table, "people treated as machines\t%s\t%s\tat most %.0f%%\n", report.People, report.TheirPeople, 100*MostPeople)
	fmt.Fprintf(table, "machines found before or at their beep\t%s\t%s\tat least %.0f%%\n", report.Machines, report.TheirMachines, 100*LeastMachines)
	fmt.Fprintf(table, "decision on machines, from the answer\t%s\t%s\t\n", times(report.decided), times(report.theirDecision))
	fmt.Fprintf(table, "a person is spoken to\t%s from the end of the hello\t%s from the answer\t0.4 s\n", times(report.openings), times(report.theirPeopleAt))
	fmt.Fprintf(table, "message, from the end of the beep\t%s\t\t0.3 s\n", times(report.messages))
	if err := table.Flush(); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// WriteWrong prints the recordings that were judged wrongly, with the evidence and what was heard.
func (report Report) WriteWrong(out io.Writer) {
	for _, r := range report.results {
		if !r.Wrong() {
			continue
		}
		fmt.Fprintf(out, "\n%s: %s", r.Name, r.Ours.Answerer)
		for _, at := range []struct {
			what string
			at   time.Duration
		}{{"decided", r.Ours.Decided}, {"beep over", r.Beep}, {"opening", r.Ours.Opening}, {"message", r.Ours.Message}, {"left", r.Ours.Left}} {
			if at.at > 0 {
				fmt.Fprintf(out, ", %s at %.2f s", at.what, at.at.Seconds())
			}
		}
		fmt.Fprintln(out)
		for _, e := range r.Ours.Evidence {
			fmt.Fprintf(out, "  %6.2f  %s: %s %+d, %s\n", e.At, e.Source, e.Answerer, e.Weight, e.Detail)
		}
		for _, line := range r.Ours.Heard {
			fmt.Fprintf(out, "  %6.2f – %.2f  %s\n", line.Start, line.End, map[call.Role]string{call.Pearl: "[agent] "}[line.Role]+line.Content)
		}
	}
}

// times tells median and 95th percentile.
func times(all []time.Duration) string {
	if len(all) == 0 {
		return "–"
	}
	slices.Sort(all)
	at := func(share float64) float64 { return all[min(len(all)-1, int(share*float64(len(all))))].Seconds() }
	return fmt.Sprintf("p50 %.2f s, p95 %.2f s", at(0.5), at(0.95))
}
