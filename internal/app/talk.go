package app

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"nacre/internal/call"
	"nacre/internal/rehearsal"
	"nacre/internal/scenario"
	"nacre/internal/trial"
)

type talkCommand struct {
	pearlSource
	audioFlags
	Pearl   string            `arg:"" help:"Pearl in the database, by id or name, or a file in the shape of POST /v2/Pearl, YAML or JSON."`
	Set     map[string]string `help:"Variable of the person called, name=value; several times." mapsep:"none" placeholder:"NAME=VALUE"`
	Zone    string            `help:"Time zone of the person; the campaign's without it."`
	At      string            `help:"Local time of the talk (2026-11-26T10:15); now without it."`
	Keys    bool              `help:"The agent does not understand words: you answer by /keys."`
	JSON    bool              `help:"Print what came of it as JSON; the talk itself goes to stderr." name:"json"`
	Audio   string            `help:"WAV file of a caller, of any rate: it is played to the Pearl's ears, and its voice answers." type:"existingfile" placeholder:"FILE"`
	Channel int               `help:"Channel of the file in which the caller is, from 1, where it has several."`
	Out     string            `help:"WAV file to write with --audio: the caller left, the agent right." default:"talk.wav" type:"path"`
}

const talkHelp = `What you type is what you say. /keys 12# presses keys, /silence says nothing until the agent speaks, /hang up ends the call
(so does the end of the input), /quit leaves, /help shows this.`

func (c *talkCommand) Run(ctx context.Context, s streams) error {
	pearl, err := c.read(ctx, c.Pearl)
	if err != nil {
		return err
	}
	variables := map[string]any{}
	for name, value := range c.Set {
		variables[name] = value
	}
	script, err := trial.ScriptFor(pearl, scenario.Person{Variables: variables, Zone: c.Zone, At: c.At}, time.Now())
	if err != nil {
		return exitError{exitUsage, err}
	}
	say := s.Out
	if c.JSON {
		say = s.Err
	}
	in, services, err := c.rehearsal(s.Err)
	if err != nil {
		return err
	}
	script.Language = languageOf(services.Voices, script.VoiceID)
	in.Script, in.Deaf = script, c.Keys
	if c.Audio != "" {
		return c.playRecording(ctx, in, services, s)
	}
	in.Said = func(words string) { fmt.Fprintln(say, "agent:", words) }
	conversation := rehearsal.Begin(ctx, in)
	defer conversation.Close()
	wanted, err := c.talk(ctx, conversation, s, say)
	if err != nil || !wanted {
		return err
	}
	return c.tell(conversation.Result(), s.Out)
}

// talk has the person say and do what is typed, until the call is over; wanted: what came of it is to be told.
func (c *talkCommand) talk(ctx context.Context, conversation *rehearsal.Conversation, s streams, say io.Writer) (wanted bool, err error) {
	typed := readLines(ctx, s.In)
	byHand := onTerminal(s.In)
	if byHand {
		fmt.Fprintln(say, talkHelp)
	}
	for conversation.Listen() {
		if byHand {
			fmt.Fprint(say, "you: ")
		}
		line, more := <-typed
		switch {
		case ctx.Err() != nil:
			return false, ctx.Err()
		case !more:
			conversation.HangUp()
			return true, nil
		case line == "/quit":
			return false, nil
		case line == "/help":
			fmt.Fprintln(say, talkHelp)
			continue
		}
		if !byHand {
			fmt.Fprintln(say, "you:", line)
		}
		if err := act(conversation, line); err != nil {
			if !byHand {
				return false, exitError{exitUsage, err}
			}
			fmt.Fprintln(s.Err, "nacre:", err)
		}
	}
	return true, ctx.Err()
}

// act does what a typed line says.
func act(conversation *rehearsal.Conversation, line string) error {
	command, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	switch {
	case line == "":
	case !strings.HasPrefix(line, "/"):
		conversation.Say(line)
	case command == "/keys":
		if !scenario.ValidKeys(rest) {
			return fmt.Errorf("%q are no keys: 0–9, * and #", rest)
		}
		conversation.Keys(rest)
	case line == "/silence":
		conversation.Silence()
	case line == "/hang up":
		conversation.HangUp()
	default:
		return fmt.Errorf("%q is no command; /help lists them", line)
	}
	return nil
}

// tell prints what came of a talk.
func (c *talkCommand) tell(r rehearsal.Result, out io.Writer) error {
	if c.JSON {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(r); err != nil {
			return fmt.Errorf("write result: %w", err)
		}
	} else {
		fmt.Fprintln(out)
		r.Write(out)
	}
	if r.Outcome == call.Broke {
		return fmt.Errorf("the agent broke: %s", r.Broke)
	}
	return nil
}

// readLines sends the lines of a reader without the space around them, and closes the channel at its end or that of ctx.
func readLines(ctx context.Context, in io.Reader) <-chan string {
	lines, read := make(chan string), make(chan string)
	go func() { // ends with the input: a terminal cannot be asked to
		defer close(read)
		for scanner := bufio.NewScanner(in); scanner.Scan(); {
			select {
			case read <- strings.TrimSpace(scanner.Text()):
			case <-ctx.Done():
				return
			}
		}
	}()
	go func() {
		defer close(lines)
		for {
			select {
			case line, more := <-read:
				if !more {
					return
				}
				select {
				case lines <- line:
				case <-ctx.Done():
					return
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}
