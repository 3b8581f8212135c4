package app

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"nacre/internal/id"
)

// statusNames are lead statuses as people write them; on the wire there are only the numbers.
var statusNames = map[int]string{
	1: "New", 10: "NeedRetry", 20: "InCallQueue", 30: "WrongCountryCode", 40: "OnCall", 70: "VoiceMailLeft", 100: "Success",
	110: "NotSuccessful", 130: "Completed", 150: "Unreachable", 220: "Blacklisted", 500: "Error",
}

// callStatusNames are those of calls (contract 8.3).
var callStatusNames = map[int]string{3: "InProgress", 4: "Completed", 5: "Busy", 6: "Failed", 7: "NoAnswer", 8: "Canceled"}

// columns is the width of the narrowest supported terminal: no line is longer.
const columns = 80

// fit truncates a line to columns, with an ellipsis.
func fit(line string) string {
	if utf8.RuneCountInString(line) < columns {
		return line
	}
	return string([]rune(line)[:columns-2]) + "…"
}

// wrapped joins parts by commas, in as many lines below columns as that takes; those after the first are indented like the first one's
// head.
func wrapped(head string, parts []string) string {
	indent := strings.Repeat(" ", utf8.RuneCountInString(head))
	lines := []string{head + parts[0]}
	for _, part := range parts[1:] {
		last := len(lines) - 1
		if utf8.RuneCountInString(lines[last])+len(", ")+utf8.RuneCountInString(part)+len(",") < columns {
			lines[last] += ", " + part
			continue
		}
		lines[last] += ","
		lines = append(lines, indent+part)
	}
	return strings.Join(lines, "\n")
}

// talk is the line that was spoken last in any of the calls.
type talk struct {
	mu    sync.Mutex
	names map[string]string // of the people, by number
	line  string
}

func (t *talk) name(number, name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.names == nil {
		t.names = map[string]string{}
	}
	t.names[number] = name
}

func (t *talk) personSaid(number, words, keys string) {
	if keys != "" {
		words += " [" + keys + "]"
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.line = fmt.Sprintf("%s: %s", t.names[number], words)
}

func (t *talk) said(number, words string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if name := t.names[number]; name != "" {
		t.line = fmt.Sprintf("Neil to %s: %s", name, words)
	}
}

func (t *talk) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.line
}

// agentSaid shows a line of the agent; the number of the call comes from the webhook of its start.
func (d *demo) agentSaid(callID id.ID, words string) {
	d.talk.said(d.receiver.number(string(callID)), words)
}

// head prints the explanation above the table; plain means that there is a neural voice, which is not used.
func (d *demo) head(hears, plain bool) {
	fmt.Fprintf(d.say, "nacre calls sixty simulated people over SIP. Docs: %s/docs\n", d.base)
	fmt.Fprintln(d.say, "The campaign is open at all hours: never do that with real people.")
	d.hears = hears
	if hears {
		fmt.Fprintln(d.say, "They answer in words, which this machine recognises by itself;\n--keys has them press the keys of their telephones.")
	} else {
		fmt.Fprintln(d.say, "Nothing here understands words: people answer with the keys of their telephone.")
	}
	if plain {
		fmt.Fprintln(d.say, "The agent speaks with its plain voice. nacre demo --neural has the neural one:")
		fmt.Fprintln(d.say, "the first time it needs about three minutes before the calls begin.")
	}
}

// show redraws the table in place on a terminal; otherwise it prints a line every five seconds.
func (d *demo) show(counts map[int]int) {
	seconds := int(time.Since(d.started).Seconds())
	received := d.receiver.counts()
	if !d.terminal {
		if d.shown == 0 || seconds/5 != d.shown-1 {
			parts := []string{fmt.Sprintf("webhooks: lead %d, call %d", received.Lead, received.Call)}
			for _, status := range sortedKeys(counts) {
				parts = append(parts, fmt.Sprintf("%s %d", statusNames[status], counts[status]))
			}
			fmt.Fprintln(d.say, wrapped(fmt.Sprintf("%3d s  ", seconds), parts))
		}
		d.shown = seconds/5 + 1
		return
	}
	lines := []string{""}
	for _, status := range []int{1, 10, 20, 40, 70, 100, 110, 150} {
		lines = append(lines, fmt.Sprintf("%14s %3d  %s", statusNames[status], counts[status], strings.Repeat("█", min(counts[status], columns-22))))
	}
	lines = append(lines, "",
		fmt.Sprintf("%3d s   webhooks: %d of leads, %d of calls; %s", seconds, received.Lead, received.Call, d.receiver.last()),
		d.talk.last())
	var b strings.Builder
	if d.shown > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", d.shown)
	}
	for _, line := range lines {
		fmt.Fprintf(&b, "\r\x1b[2K%s\n", fit(line))
	}
	fmt.Fprint(d.say, b.String())
	d.shown = len(lines)
}

// summary prints the last screen: the results, and where the recordings are if their files stay.
func (d *demo) summary(r demoResult, files bool) {
	if d.terminal && d.shown > 0 {
		fmt.Fprintf(d.say, "\x1b[%dA\r\x1b[J", d.shown) // the summary replaces the table
	}
	fmt.Fprintf(d.say, "\n%d leads, %d calls, %.0f s; webhooks: %d of leads, %d of calls\n", r.Leads, r.Calls, r.Seconds, r.Webhooks.Lead, r.Webhooks.Call)
	counts := map[int]int{}
	for _, l := range r.Results {
		counts[l.Status]++
	}
	for _, status := range sortedKeys(counts) {
		fmt.Fprintf(d.say, "%5d %-16s %3d\n", status, statusNames[status], counts[status])
	}
	other := false
	for _, l := range r.Results {
		if !slices.Contains(l.Expected, l.Status) {
			other = true
			expected := make([]string, len(l.Expected))
			for n, status := range l.Expected {
				expected[n] = statusNames[status]
			}
			fmt.Fprintf(d.say, "not as expected: %s (%s)\n  %s, not %s\n", l.PhoneNumber, l.Callee, statusNames[l.Status], strings.Join(expected, " or "))
		}
	}
	if other && d.hears {
		fmt.Fprintln(d.say, "On a machine that is slow, or busy with other things, words are understood\ntoo late; nacre demo --keys has people answer with keys.")
	}
	if !files {
		fmt.Fprintln(d.say, "The folder with the recordings goes now; --keep keeps it.")
	} else if len(r.Recordings) > 0 {
		fmt.Fprintf(d.say, "recordings (agent left, person right) in %s:\n", filepath.Dir(r.Recordings[0]))
		for _, path := range r.Recordings {
			fmt.Fprintln(d.say, " ", filepath.Base(path))
		}
	}
}

// invite prints commands to try next, with a file of shell variables that keeps them short.
func (d *demo) invite(r demoResult) error {
	due := r.Results[0]
	for _, l := range r.Results {
		if l.Status == 10 {
			due = l
		}
	}
	settings := filepath.Join(d.data, "api.sh")
	text := fmt.Sprintf("KEY=%s\nLEAD=%s/v2/Outbound/%s/Lead/%s\nCALL=%s/v2/Call/%s\n", d.key, d.base, d.pearl, due.LeadID, d.base, last(due.CallsID)) +
		`api() { curl -s -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" "$@"; echo; }` + "\n"
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", settings, err)
	}
	fmt.Fprintf(d.say, "\nThe server stays up until Ctrl-C; its docs: %s/docs\nIn another terminal:\n", d.base)
	for _, line := range []string{
		". " + settings,
		"api $LEAD/Next                         # when it is called next, or why not",
		`api -X PUT $LEAD -d '{"status":130}'   # stop calling it, now`,
		"api $CALL                              # its transcript and recording",
	} {
		fmt.Fprintln(d.say, " ", line)
	}
	return nil
}

func last(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return ids[len(ids)-1]
}

func sortedKeys(counts map[int]int) []int {
	keys := make([]int, 0, len(counts))
	for k := range counts {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
