package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/tabwriter"

	"nacre/client"
)

// remote is how a command reaches a server over its API.
type remote struct {
	URL  string `help:"Address of the server." default:"http://127.0.0.1:8080" env:"NACRE_URL"`
	Key  string `help:"API key, ACCOUNTID:SECRET. Other users of the machine can read it in the list of processes: better in the environment." env:"NACRE_KEY"`
	JSON bool   `help:"Print JSON: one object, or one a line." name:"json"`
}

// open returns a client; what is wrong with the flags is a usage error.
func (r remote) open() (*client.Client, error) {
	if r.Key == "" {
		return nil, exitError{exitUsage, errors.New("no key was given: set NACRE_KEY, or --key; nacre key create makes one")}
	}
	c, err := client.New(r.URL, r.Key)
	if err != nil {
		return nil, exitError{exitUsage, err}
	}
	return c, nil
}

// with opens a client and has it used. What a server refuses because of what was asked is failed, not usage: only it knows.
func (r remote) with(use func(*client.Client) error) error {
	c, err := r.open()
	if err != nil {
		return err
	}
	return use(c)
}

var anID = regexp.MustCompile(`^[0-9A-Fa-f]{24}$`)

// pearl returns the id of a Pearl that is named by its id or, as far as only one has it, by its name.
func (r remote) pearl(ctx context.Context, c *client.Client, named string) (string, error) {
	if anID.MatchString(named) {
		return named, nil
	}
	pearls, err := c.Pearls(ctx)
	if err != nil {
		return "", err
	}
	var found []string
	for _, p := range pearls {
		if p.Name == named {
			found = append(found, p.ID)
		}
	}
	if len(found) == 0 {
		return "", fmt.Errorf("no campaign is called %q; nacre campaign list lists them", named)
	}
	return onlyOne("campaigns are called", named, found)
}

// onlyOne is the id of the one that fits a name; of several, of which all says what they are, the error lists the ids. ids has one at
// least.
func onlyOne[ID ~string](all, named string, ids []ID) (ID, error) {
	if len(ids) == 1 {
		return ids[0], nil
	}
	texts := make([]string, len(ids))
	for n, one := range ids {
		texts[n] = string(one)
	}
	return "", fmt.Errorf("%d %s %q: name one by its id, %s", len(ids), all, named, strings.Join(texts, " or "))
}

// printJSON writes a value as one line of JSON.
func printJSON(w io.Writer, value any) error { return json.NewEncoder(w).Encode(value) }

// show writes a value as JSON where that was asked for, else has it written for people.
func (r remote) show(s streams, value any, people func(io.Writer)) error {
	if r.JSON {
		return printJSON(s.Out, value)
	}
	people(s.Out)
	return nil
}

// aligned writes rows of cells in columns.
func aligned(w io.Writer, rows [][]string) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	_ = table.Flush()
}

// known returns the text that a pointer points to, "–" where it is not known.
func known(text *string) string {
	if text == nil || *text == "" {
		return "–"
	}
	return *text
}

// progress is one line on a terminal that says how far long work is; elsewhere nothing is written.
type progress struct {
	w    io.Writer // nil where nobody watches
	verb string
}

func newProgress(s streams, verb string) *progress {
	p := &progress{verb: verb}
	if onTerminal(s.Err) {
		p.w = s.Err
	}
	return p
}

// at shows that done of all are done; all is 0 where it is not known.
func (p *progress) at(done, all int) {
	if p.w == nil {
		return
	}
	line := fmt.Sprintf("%s %d", p.verb, done)
	if all > 0 {
		filled := min(done, all) * 30 / all
		line = fmt.Sprintf("%s [%s%s] %d of %d", p.verb, strings.Repeat("█", filled), strings.Repeat("·", 30-filled), done, all)
	}
	fmt.Fprintf(p.w, "\r%s", line)
}

func (p *progress) end() {
	if p.w != nil {
		fmt.Fprintln(p.w)
	}
}
