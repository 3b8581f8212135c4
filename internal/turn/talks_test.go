package turn

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/call"
)

// A talk is a script, what a person says, and, after a line of dashes, the whole conversation with the form. The call was
// answered on Thursday 2026-11-26 at 10:15 in New York; every turn takes ten seconds.
//
//	success | ask all | question TYPE TEXT | agent NAME | company NAME | about TEXT | zone NAME | language TAG      the script
//	say TEXT       they say it
//	over N TEXT    they say it when N parts of what the agent says have been heard
//	mumble         they say something that is not recognised
//	keys TEXT      they answer by keys
//	repeat         they press star one
//	silence
func TestTalks(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/talks/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatalf("talks: %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			given, want, _ := strings.Cut(string(text), "\n----\n")
			got := runTalk(t, given)
			if *update {
				if err := os.WriteFile(file, []byte(strings.TrimRight(given, "\n")+"\n----\n"+got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", file, diff)
			}
		})
	}
}

// talkScript reads the lines of a script and returns the others.
func talkScript(t *testing.T, given string) (script call.Script, turns []string) {
	t.Helper()
	zone := "America/New_York"
	script = call.Script{Opening: "Hello, this is Anna of Example Corporation."}
	for line := range strings.Lines(given) {
		line = strings.TrimSpace(line)
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "", "#":
		case "success":
			script.SuccessDefined = true
		case "ask":
			script.AskAll = true
		case "opening":
			script.Opening = rest
		case "agent":
			script.AgentName = rest
		case "company":
			script.Brief.Company = rest
		case "about":
			script.Brief.Description = rest
		case "zone":
			zone = rest
		case "language":
			script.Language = rest
		case "question":
			kind, ask, _ := strings.Cut(rest, " ")
			id := "v" + strconv.Itoa(len(script.Questions)+1)
			script.Questions = append(script.Questions, call.Question{ID: id, Name: id, Type: call.VariableType(kind), Ask: ask})
		default:
			turns = append(turns, line)
		}
	}
	place, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	script.Zone = place
	script.Answered = time.Date(2026, time.November, 26, 15, 15, 0, 0, time.UTC)
	return script, turns
}

func runTalk(t *testing.T, given string) string {
	t.Helper()
	script, turns := talkScript(t, given)
	form := NewForm(script)
	form.Listen()
	var b strings.Builder
	reply := form.Open()
	ended := false
	say := func() {
		for _, tool := range reply.Tools {
			fmt.Fprintf(&b, "  tool   %s", tool.Kind)
			if tool.After != 0 {
				fmt.Fprintf(&b, " %s", tool.After)
			}
			if tool.Text != "" {
				fmt.Fprintf(&b, " %s", tool.Text)
			}
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "agent  %s", strings.Join(reply.Parts, " | "))
		if reply.Wait != 0 {
			fmt.Fprintf(&b, "  (waits %s)", reply.Wait)
		}
		if reply.End {
			b.WriteString("  (ends)")
		}
		b.WriteByte('\n')
		ended = reply.End || slices.ContainsFunc(reply.Tools, func(tool Tool) bool { return tool.Kind == ToolOptOut })
	}
	say()
	for n, line := range turns {
		if ended {
			t.Fatalf("%q comes after the end:\n%s", line, b.String())
		}
		fmt.Fprintf(&b, "       %s\n", line)
		in := Input{At: time.Duration(n+1) * 10 * time.Second, Spoke: time.Second, Heard: len(reply.Parts)}
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "say":
			in.Kind, in.Words = InputWords, rest
		case "over":
			heard, words, _ := strings.Cut(rest, " ")
			in.Kind, in.Words, in.Interrupted = InputWords, words, true
			in.Heard, _ = strconv.Atoi(heard)
		case "mumble":
			in.Kind = InputWords
		case "keys":
			in.Kind, in.Keys = InputKeys, rest
		case "repeat":
			in.Kind = InputRepeat
		case "silence":
			in.Kind = InputSilence
		default:
			t.Fatalf("talk: %q is nothing a person can do", line)
		}
		reply = form.Next(in)
		say()
	}
	collected, success := form.Result()
	if success {
		b.WriteString("success\n")
	}
	for _, v := range collected {
		fmt.Fprintf(&b, "collected %s = %#v\n", v.ID, v.Value)
	}
	return b.String()
}

// whatPeopleSay is said in any order by TestAnyWords.
var whatPeopleSay = []string{
	"yes", "no", "five", "five or six", "maybe", "I don't know", "what?", "hello?", "hold on", "who is this", "why do you call",
	"are you a robot", "call me back", "call me tomorrow at five", "tomorrow", "at ten", "never call me again", "don't call me at work",
	"stop", "wrong number", "I want a person", "goodbye", "no, I meant seven", "blue", "um", "john dot smith at example dot com",
	"I'm busy", "four one five five five five oh one three two", "where did you get my number", "in six months", "none of your business",
}

// TestAnyWords: whatever people say in whatever order, the form goes on or ends, asks for keys that it understands, and
// promises a call-back within its bounds. A person who only chats is let go.
func TestAnyWords(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 5))
	kinds := []call.VariableType{call.Boolean, call.Int, call.Float, call.String}
	asks := []string{"Would you like an offer?", "How many rooms?", "What is your e-mail address?", "When should we come?", "What is your name?", "Anything else?"}
	for range 400 {
		script, _ := talkScript(t, "company Example Corporation")
		script.SuccessDefined, script.AskAll = random.IntN(2) == 0, random.IntN(2) == 0
		for range random.IntN(4) {
			script.Questions = append(script.Questions, call.Question{
				ID: fmt.Sprint(len(script.Questions)), Ask: asks[random.IntN(len(asks))], Type: kinds[random.IntN(len(kinds))],
			})
		}
		form := NewForm(script)
		form.Listen()
		reply := form.Open()
		only := -1
		if random.IntN(4) == 0 {
			only = random.IntN(len(whatPeopleSay))
		}
		turns := 0
		for ; !reply.End && turns < 300; turns++ {
			in := Input{At: time.Duration(turns) * time.Second, Spoke: time.Second, Heard: random.IntN(len(reply.Parts) + 1)}
			in.Interrupted = in.Heard < len(reply.Parts)
			switch n := random.IntN(len(whatPeopleSay) + 4); {
			case only >= 0:
				in.Kind, in.Words, in.Interrupted, in.Heard = InputWords, whatPeopleSay[only], false, len(reply.Parts)
			case n < len(whatPeopleSay):
				in.Kind, in.Words = InputWords, whatPeopleSay[n]
			case n == len(whatPeopleSay):
				in.Kind, in.Keys = InputKeys, "1"
			default:
				in.Kind = InputKind(n - len(whatPeopleSay))
			}
			reply = form.Next(in)
			for _, tool := range reply.Tools {
				if tool.Kind == ToolCallBack && (tool.After < time.Minute || tool.After > longestHours*time.Hour) {
					t.Fatalf("a call-back in %s", tool.After)
				}
				if tool.Kind == ToolOptOut {
					reply.End = true
				}
			}
			if len(reply.Parts) == 0 && !reply.End && reply.Wait == 0 {
				t.Fatalf("no words to %+v", in)
			}
			form.Result()
		}
		if turns == 300 {
			t.Fatalf("a conversation of 300 turns, only %d: %+v", only, script.Questions)
		}
	}
}
