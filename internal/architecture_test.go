package internal

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// core packages hold rules: they can be tested in tables because nothing outside can change what they answer.
var core = []string{"id", "fault", "zone", "hours", "phone", "lead", "campaign", "call", "account", "report", "turn", "hearing", "secret", "spelling", "understanding", "scenario", "knowledge"}

// impure is what core may not import, with the reason. The clock is judged by TestCoreAsksNoClock.
var impure = map[string]string{
	"net": "the core does no I/O", "net/http": "the core does no I/O", "os": "the core does no I/O",
	"database/sql": "storage is the store's", "log": "the edge logs, once", "log/slog": "the edge logs, once",
	"math/rand": "randomness comes in", "math/rand/v2": "randomness comes in", "crypto/rand": "randomness comes in",
}

// banned says which of our rooms a room may not enter, with the reason. "*" stands for every other room.
var banned = []struct{ from, to, why string }{
	{"engine", "store", "the engine owns its ports; the store implements them"},
	{"engine", "api", "use cases know no HTTP"},
	{"engine", "telephony", "use cases know no SIP"},
	{"engine", "webhook", "bodies come in through a port"},
	{"engine", "dialer", "the dialer drives the engine, not the other way round"},
	{"store", "api", "storage knows no HTTP"},
	{"store", "dialer", "storage decides nothing"},
	{"store", "webhook", "the sender owns its port"},
	{"dialer", "store", "the dialer reads through a port"},
	{"dialer", "telephony", "when to call must not depend on how"},
	{"dialer", "voice", "agents come in through call.Agent"},
	{"telephony", "engine", "how to call must not know why"},
	{"telephony", "lead", "how to call must not know whom"},
	{"telephony", "campaign", "how to call must not know why"},
	{"media", "telephony", "audio knows no signalling"},
	{"sandbox", "engine", "simulated people know nothing of us"},
	{"sandbox", "telephony", "people hear a leg, not SIP"},
	{"sandbox", "voice", "people do not share the agent's mind"},
	{"sandbox", "turn", "people do not share the agent's mind"},
	{"sandbox", "rehearsal", "people are there without a rehearsal"},
	{"scenario", "turn", "what a person does is written without knowing how it is answered"},
	{"action", "engine", "actions are a Pearl's and a conversation's to decide"},
	{"action", "turn", "actions are a Pearl's and a conversation's to decide"},
	{"engine", "action", "use cases send nothing"},
	{"voice", "action", "an agent has things done through a desk"},
	{"voice", "engine", "an agent holds a leg and has things done through a desk"},
	{"voice", "telephony", "an agent holds a leg, not SIP"},
	{"minds", "voice", "who has brains think knows no audio"},
	{"rehearsal", "voice", "rehearsals have no audio"},
	{"rehearsal", "engine", "rehearsals change nothing"},
	{"rehearsal", "store", "rehearsals read no database"},
	{"rehearsal", "api", "rehearsals know no HTTP"},
	{"trial", "store", "a trial changes nothing"},
	{"trial", "action", "a trial sends nothing"},
	{"studio", "telephony", "calls of the studio have no telephone"},
	{"studio", "engine", "calls of the studio change nothing"},
	{"studio", "rehearsal", "a line does not know what is expected of a talk"},
	{"voice", "studio", "an agent does not know what kind of line it is on"},
	{"provider", "voice", "what clients of services share knows none of them"},
	{"provider", "brain", "what clients of services share knows none of them"},
	{"provider", "turn", "what clients of services share knows none of them"},
	{"brain", "voice", "who thinks knows no audio"},
	{"brain", "engine", "who thinks has things done through the conversation"},
	{"live", "store", "who watches reads through a port"},
	{"live", "api", "what is told knows no HTTP"},
	{"engine", "live", "use cases tell whoever listens"},
	{"followup", "store", "what is to be done comes from the engine"},
	{"followup", "brain", "who is asked, and what, comes in"},
	{"followup", "action", "who does it comes in"},
	{"followup", "api", "it serves nobody"},
	{"keeper", "store", "the keeper reads through a port"},
	{"keeper", "api", "the keeper serves nobody"},
	{"webhook", "store", "the sender owns its port"},
	{"webhook", "api", "the sender serves nobody"},
	{"api", "store", "reads go through api.Queries"},
	{"api", "dialer", "the API changes what is wanted; the dialer sees it"},
	{"api", "telephony", "the API reaches carriers through ports"},
	{"api", "voice", "the API knows no audio"},
	{"speech", "voice/flite", "models know no other voice"},
	{"speech", "telephony", "models know no calls"},
	{"speech", "engine", "models know no calls"},
	{"api/v1", "api/v2", "the two versions stand side by side, so that one can be removed"},
	{"api/v2", "api/v1", "the two versions stand side by side, so that one can be removed"},
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "nacre/...").Output()
	if err != nil {
		t.Fatalf("list packages: %v", err)
	}
	var all []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 10 {
		t.Fatalf("only %d packages were listed", len(all))
	}
	return all
}

func inside(path, room string) bool {
	full := "nacre/internal/" + room
	return path == full || strings.HasPrefix(path, full+"/")
}

// TestImportRules keeps the house in order: who may know whom.
func TestImportRules(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		for _, imported := range p.Imports {
			for _, rule := range banned {
				if inside(p.ImportPath, rule.from) && inside(imported, rule.to) {
					t.Errorf("%s imports %s: %s", p.ImportPath, imported, rule.why)
				}
			}
			for _, room := range core {
				if !inside(p.ImportPath, room) {
					continue
				}
				if why, bad := impure[imported]; bad {
					t.Errorf("%s imports %s: %s", p.ImportPath, imported, why)
				}
				if strings.HasPrefix(imported, "nacre/internal/") && !slices.ContainsFunc(core, func(c string) bool { return inside(imported, c) }) {
					t.Errorf("%s imports %s: the core knows only the core", p.ImportPath, imported)
				}
			}
			if p.ImportPath == "nacre/client" && strings.HasPrefix(imported, "nacre/internal/") {
				t.Errorf("%s imports %s: the client knows what every client knows", p.ImportPath, imported)
			}
			if p.ImportPath == "nacre/bench" {
				continue // measures raw limits with the drivers themselves
			}
			if strings.Contains(imported, "ebitengine/purego") && !inside(p.ImportPath, "onnx") && !inside(p.ImportPath, "speech/sherpa") {
				t.Errorf("%s imports %s: onnx and speech/sherpa are the only rooms that name the loader of libraries", p.ImportPath, imported)
			}
			if strings.Contains(imported, "emiago/sipgo") && !inside(p.ImportPath, "telephony") {
				t.Errorf("%s imports %s: telephony is the only room that names the SIP library", p.ImportPath, imported)
			}
			if (strings.Contains(imported, "modernc.org/sqlite") || strings.Contains(imported, "zombiezen.com/go/sqlite") || strings.Contains(imported, "jackc/pgx")) && !inside(p.ImportPath, "store") {
				t.Errorf("%s imports %s: the store is the only room that names databases", p.ImportPath, imported)
			}
		}
	}
}

// helpers are the packages below voice and brain that providers may share; every other one there is a provider.
var helpers = []string{"voice/resample", "voice/wav", "voice/utterance", "voice/remote", "voice/fallback", "voice/pronounce", "voice/level", "voice/local"}

// TestProvidersStandAlone: a provider of speech or thought is one package that knows the port and no other provider, and
// only app, where they are chosen, knows it.
func TestProvidersStandAlone(t *testing.T) {
	t.Parallel()
	provider := func(path string) bool {
		below := strings.HasPrefix(path, "nacre/internal/voice/") || strings.HasPrefix(path, "nacre/internal/brain/")
		return below && !slices.ContainsFunc(helpers, func(h string) bool { return inside(path, h) })
	}
	providers := 0
	for _, p := range packages(t) {
		if provider(p.ImportPath) {
			providers++
		}
		for _, imported := range p.Imports {
			switch {
			case !provider(imported) || strings.HasPrefix(p.ImportPath, imported+"/") || strings.HasPrefix(imported, p.ImportPath+"/") && provider(p.ImportPath):
			case provider(p.ImportPath):
				t.Errorf("%s imports %s: providers do not know each other", p.ImportPath, imported)
			case !inside(p.ImportPath, "app"):
				t.Errorf("%s imports %s: providers are chosen in app", p.ImportPath, imported)
			}
		}
	}
	if providers == 0 {
		t.Error("no providers were found")
	}
}

// TestServerLoadsNoLibrary: what the server is linked of loads no shared library, so that its binary stays static.
func TestServerLoadsNoLibrary(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", "nacre/cmd/nacre").Output()
	if err != nil {
		t.Fatalf("list dependencies: %v", err)
	}
	if !bytes.Contains(out, []byte("nacre/internal/app\n")) {
		t.Fatal("the server's packages were not listed")
	}
	for _, room := range []string{"github.com/ebitengine/purego\n", "nacre/internal/onnx\n", "nacre/internal/speech/sherpa\n"} {
		if bytes.Contains(out, []byte(room)) {
			t.Errorf("the server imports %s", room)
		}
	}
}

// TestCoreAsksNoClock: time comes in as an argument.
func TestCoreAsksNoClock(t *testing.T) {
	t.Parallel()
	for _, room := range core {
		out, err := exec.Command("grep", "-rnE", `time\.(Now|Since|Until|After|NewTimer|Sleep)\(`, room, "--include=*.go", "--exclude=*_test.go", "--exclude=generate.go").Output()
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() != 0 {
			continue // nothing found, or no such room yet
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Errorf("core asks the clock:\n%s", out)
	}
}
