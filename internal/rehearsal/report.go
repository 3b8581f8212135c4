package rehearsal

import (
	"encoding/xml"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Write writes a verdict for people: one line, and where it failed the reasons and the transcript.
func (v Verdict) Write(out io.Writer) {
	if len(v.Faults) == 0 {
		fmt.Fprintf(out, "ok    %s (%.0f s of talk in %d ms)\n", v.Scenario, v.Result.Seconds, v.Took.Milliseconds())
		return
	}
	fmt.Fprintf(out, "FAIL  %s\n", v.Scenario)
	v.writeReasons(out, "      ")
}

func (v Verdict) writeReasons(out io.Writer, indent string) {
	for _, fault := range v.Faults {
		fmt.Fprintf(out, "%s- %s\n", indent, fault)
	}
	v.Result.WriteTranscript(out, indent)
	fmt.Fprintf(out, "%soutcome %s, ended by the %s\n", indent, v.Result.Outcome, v.Result.EndedBy)
}

// Suite is the verdicts on one file.
type Suite struct {
	Name     string
	Verdicts []Verdict
}

// Failed is how many scenarios failed.
func (s Suite) Failed() (n int) {
	for _, v := range s.Verdicts {
		if len(v.Faults) > 0 {
			n++
		}
	}
	return n
}

// The JUnit format, as CI servers read it (testmoapp/junitxml): times are seconds.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name      string        `xml:"name,attr"`
		Classname string        `xml:"classname,attr"`
		Time      string        `xml:"time,attr"`
		Failure   *junitFailure `xml:"failure,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes the verdicts as JUnit XML.
func WriteJUnit(out io.Writer, suites []Suite) error {
	var all junitSuites
	for _, suite := range suites {
		in := junitSuite{Name: suite.Name, Tests: len(suite.Verdicts), Failures: suite.Failed()}
		total := 0.0
		for _, v := range suite.Verdicts {
			total += v.Took.Seconds()
			c := junitCase{Name: v.Scenario, Classname: suite.Name, Time: fmt.Sprintf("%.3f", v.Took.Seconds())}
			if len(v.Faults) > 0 {
				var text strings.Builder
				v.writeReasons(&text, "")
				c.Failure = &junitFailure{Message: strings.Join(v.Faults, "; "), Text: text.String()}
			}
			in.Cases = append(in.Cases, c)
		}
		in.Time = fmt.Sprintf("%.3f", total)
		all.Tests, all.Failures = all.Tests+in.Tests, all.Failures+in.Failures
		all.Suites = append(all.Suites, in)
	}
	if _, err := io.WriteString(out, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(out)
	encoder.Indent("", "  ")
	if err := encoder.Encode(all); err != nil {
		return err
	}
	_, err := io.WriteString(out, "\n")
	return err
}

// sorted goes through a map in the order of its keys.
func sorted[V any](m map[string]V) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if !yield(key, m[key]) {
				return
			}
		}
	}
}
