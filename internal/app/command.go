package app

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"nacre/client"
	"nacre/internal/account"
	"nacre/internal/config"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/sandbox"
	"nacre/internal/store"
)

// Version is set at release by the linker.
var Version = "dev"

// Exit codes (architecture: the command line is a contract for scripts).
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitPartly = 3 // done, but for what was refused
)

// commands are the subcommands and their settings.
type commands struct {
	Serve    serveCommand     `cmd:"" help:"Run the server: API, campaigns, calls, webhooks."`
	Demo     demoCommand      `cmd:"" help:"Call sixty simulated people over real SIP and RTP, in a throw-away folder, and show what came of it."`
	Sandbox  sandboxCommand   `cmd:"" help:"Run the carrier of simulated people as a process of its own."`
	Key      keyCommands      `cmd:"" help:"API keys, also beside a running server."`
	User     userCommands     `cmd:"" help:"People of an account, also beside a running server."`
	Account  accountCommands  `cmd:"" help:"What the operator decides of accounts, also beside a running server."`
	Pearl    pearlCommands    `cmd:"" help:"Pearls on hold by the operator, also beside a running server."`
	Speech   speechCommands   `cmd:"" help:"Models on this machine that hear and speak: list and try them."`
	AMD      amdCommand       `cmd:"" name:"amd" help:"Measure answering machine detection over labelled recordings."`
	Talk     talkCommand      `cmd:"" help:"Talk to a Pearl in the terminal, as text or with a recording: no call is made."`
	Rehearse rehearseCommand  `cmd:"" help:"Run scenarios against a Pearl, as text in milliseconds or by ear; exit 1 where one fails."`
	Lead     leadCommands     `cmd:"" help:"Leads, over the API of a running server."`
	Campaign campaignCommands `cmd:"" help:"Campaigns, over the API of a running server."`
	Call     callCommands     `cmd:"" help:"Calls, over the API of a running server."`
	Webhook  webhookCommands  `cmd:"" help:"Deliveries of webhooks, over the API of a running server."`
	Backup   backupCommand    `cmd:"" help:"Write database, recordings and keys into one file, also beside a running server."`
	Restore  restoreCommand   `cmd:"" help:"Unpack a backup into a new folder, its campaigns paused."`
	Migrate  migrateCommand   `cmd:"" help:"Bring the database to this version's schema."`
	Version  versionCommand   `cmd:"" help:"Print the version, its revision and date."`
}

// streams are where a command reads and writes: results on Out, everything else on Err.
type streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// Run runs one command line and returns the exit code. It returns early when ctx ends.
func Run(ctx context.Context, args []string, out, errs io.Writer) int {
	return run(ctx, args, streams{In: os.Stdin, Out: out, Err: errs})
}

func run(ctx context.Context, args []string, s streams) int {
	out, errs := s.Out, s.Err
	var cli commands
	exit := -1
	parser, err := kong.New(&cli, kong.Name("nacre"), kong.Description("Outbound phone campaigns with AI agents, self-hosted."),
		kong.Writers(out, errs), kong.Exit(func(code int) { exit = code }), kong.UsageOnError(), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Configuration(config.YAML), helpTexts())
	if err != nil {
		fmt.Fprintln(errs, "nacre:", err)
		return exitFailed
	}
	args, bare := asHelp(args)
	if bare {
		parser.Stdout = errs
	}
	command, err := parser.Parse(args)
	if exit >= 0 { // --help
		if bare {
			return exitUsage
		}
		return exit
	}
	if err != nil {
		fmt.Fprintln(errs, "nacre:", err)
		return exitUsage
	}
	warnOfUnknown(parser.Model, os.Environ(), errs)
	command.BindTo(ctx, (*context.Context)(nil))
	err = command.Run(s)
	var code exitError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &code):
		if code.err != nil {
			fmt.Fprintln(errs, "nacre:", code.err)
		}
		return code.code
	default:
		fmt.Fprintln(errs, "nacre:", err)
		return exitFailed
	}
}

// helpTexts are what help has from elsewhere.
func helpTexts() kong.Vars {
	return kong.Vars{"version": Version, "statuses": listed(client.LeadStatuses()), "settable_statuses": listed(client.SettableStatuses())}
}

// exitError is an error with an exit code of its own.
type exitError struct {
	code int
	err  error
}

func (e exitError) Error() string { return fmt.Sprintf("exit %d", e.code) }

// Signals returns a context that ends at SIGINT or SIGTERM; a second signal ends the process at once.
func Signals(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	caught := make(chan os.Signal, 2)
	signal.Notify(caught, syscall.SIGINT, syscall.SIGTERM)
	go func() {
		<-caught
		cancel()
		<-caught
		os.Exit(exitFailed)
	}()
	return ctx, cancel
}

type serveCommand struct{ config.Serve }

func (c *serveCommand) Run(ctx context.Context, s streams) error {
	log := newLog(s.Err, c.Log)
	running, err := start(ctx, c.Serve, log)
	switch {
	case ctx.Err() != nil: // an ordinary stop, in the middle of the start: what failed, failed by it
		log.Info("stopped before the start was over")
		running.Close()
		return nil
	case err != nil:
		return err
	}
	fmt.Fprintln(s.Out, "listening on", running.url)
	code, err := running.engine.OpenFirstStart(ctx)
	switch {
	case err != nil:
		log.Warn("cannot tell whether anybody can sign in", "error", err)
	case code != "":
		fmt.Fprintf(s.Err, "nobody can sign in yet: make the owner's account at %s/start with the code %s\n", running.url, code)
	}
	if err = running.wait(ctx); err == nil {
		log.Info("stopping", "grace", c.Grace)
	} else {
		log.Error("stopping", "error", err)
	}
	running.Close()
	return err
}

// lostGrace is how long conversations may continue in a process that has lost the database. It is less than a lost call holds
// its number (ring duration and 30 s), so that the next process does not call anybody who is on the line.
const lostGrace = 10 * time.Second

type sandboxCommand struct {
	config.Log
	Listen string `help:"Address of SIP, UDP and TCP." required:""`
	Report string `help:"File for the number of new INVITE transactions per number, written on SIGTERM and on SIGUSR1."`
	Cache  string `help:"Folder for the compiled voice; a temporary one without it." type:"path"`
}

// Validate is called by the parser.
func (c *sandboxCommand) Validate() error { return config.CheckListen("listen", c.Listen) }

func (c *sandboxCommand) Run(ctx context.Context, s streams) error {
	log := newLog(s.Err, c.Log)
	cache := c.Cache
	if cache == "" {
		folder, err := os.MkdirTemp("", "nacre-sandbox-")
		if err != nil {
			return fmt.Errorf("make folder: %w", err)
		}
		defer os.RemoveAll(folder)
		cache = folder
	}
	speaker, err := openVoice(cache, log)
	if err != nil {
		log.Warn("the simulated people murmur: this binary has no voice", "error", err)
	} else {
		defer speaker.Close()
	}
	carrier, err := openSandbox(c.Listen, speaker, sandbox.Options{Log: log})
	if err != nil {
		return err
	}
	carrier.carrier.Rehearse(ctx)
	// Before the line that says we are ready: a script may ask for the report as soon as it has read it.
	reports := make(chan os.Signal, 1)
	signal.Notify(reports, syscall.SIGUSR1)
	defer signal.Stop(reports)
	fmt.Fprintln(s.Out, "sandbox on", carrier.endpoint.Address())
	for {
		select {
		case <-reports:
			if err := c.report(carrier); err != nil {
				log.Error("write report", "error", err)
			}
		case <-ctx.Done():
			closing, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			carrier.Close(closing)
			return c.report(carrier)
		}
	}
}

// report replaces the file atomically.
func (c *sandboxCommand) report(carrier *sandboxCarrier) error {
	if c.Report == "" {
		return nil
	}
	raw, err := json.Marshal(carrier.carrier.Report())
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	part := c.Report + ".part"
	if err := os.WriteFile(part, append(raw, '\n'), 0o644); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return os.Rename(part, c.Report)
}

type keyCommands struct {
	Create keyCreate `cmd:"" help:"Make a key and print it once, ACCOUNTID:SECRET."`
	List   keyList   `cmd:"" help:"List the keys of an account, without their secrets."`
	Revoke keyRevoke `cmd:"" help:"Delete a key; it stops working at once."`

	RotateData rotateData `cmd:"" help:"Encrypt the secrets in the database with a new data key; the server must be stopped."`
}

type keyCreate struct {
	config.Database
	Name    string `help:"What the key is for." required:""`
	Account string `help:"Account by name, made when new; the first account without it."`
	Scope   string `help:"read, leads or full." default:"full" enum:"read,leads,full"`
	Expires string `help:"Date (YYYY-MM-DD) or instant (RFC 3339) from which the key is refused."`
	Init    bool   `help:"Make the data where there is none yet; otherwise serve makes it."`
}

func (c *keyCreate) Run(ctx context.Context, s streams) error {
	var expires time.Time
	if c.Expires != "" {
		var err error
		if expires, err = parseInstant(c.Expires); err != nil {
			return exitError{exitUsage, fmt.Errorf("--expires: %w", err)}
		}
	}
	open := withEngine
	if c.Init {
		open = makingData
	}
	return open(ctx, c.Database, func(e *engine.Engine) error {
		owner, err := accountFor(ctx, e, c.Account)
		if err != nil {
			return err
		}
		_, text, err := e.CreateKey(ctx, engine.Actor{Account: owner.ID, By: "command line"}, c.Name, account.Scope(c.Scope), expires)
		if err != nil {
			return err
		}
		fmt.Fprintln(s.Out, text)
		return nil
	})
}

type keyList struct {
	config.Database
	Account string `help:"Account by name; the first account without it."`
}

func (c *keyList) Run(ctx context.Context, s streams) error {
	return withEngine(ctx, c.Database, func(e *engine.Engine) error {
		owner, err := existing(ctx, e, c.Account)
		if err != nil {
			return err
		}
		keys, err := e.Store.Keys(ctx, owner.ID)
		if err != nil {
			return err
		}
		for _, k := range keys {
			expires := "never"
			if !k.Expires.IsZero() {
				expires = k.Expires.Format(time.RFC3339)
			}
			fmt.Fprintf(s.Out, "%s\t%s\t%s\texpires %s\n", k.ID, k.Scope, k.Name, expires)
		}
		return nil
	})
}

type keyRevoke struct {
	config.Database
	ID      string `arg:"" help:"Id of the key, as key list prints it."`
	Account string `help:"Account by name; the first account without it."`
}

func (c *keyRevoke) Run(ctx context.Context, s streams) error {
	keyID, ok := id.Parse(c.ID)
	if !ok {
		return exitError{exitUsage, fmt.Errorf("%q is no id of a key", c.ID)}
	}
	return withEngine(ctx, c.Database, func(e *engine.Engine) error {
		owner, err := existing(ctx, e, c.Account)
		if err != nil {
			return err
		}
		err = e.DeleteKey(ctx, engine.Actor{Account: owner.ID, By: "command line"}, keyID)
		if fault.Is(err, fault.NotFound) {
			return fmt.Errorf("the account %q has no key %s", owner.Name, keyID)
		}
		return err
	})
}

type migrateCommand struct{ config.Database }

func (c *migrateCommand) Run(ctx context.Context, s streams) error {
	// Opening brings the schema up to date.
	return makingData(ctx, c.Database, func(*engine.Engine) error {
		fmt.Fprintln(s.Err, "the database is at this version's schema")
		return nil
	})
}

type versionCommand struct{}

func (versionCommand) Run(_ context.Context, s streams) error {
	fmt.Fprintln(s.Out, "nacre", describeVersion(built()))
	return nil
}

// withEngine opens an existing store, not as its node, so that it works beside a running server.
func withEngine(ctx context.Context, settings config.Database, fn func(*engine.Engine) error) error {
	found, err := store.Exists(ctx, settings.Data, settings.DatabaseURL)
	if err != nil {
		return err
	}
	if !found {
		where := "in " + settings.Data
		if settings.DatabaseURL != "" {
			where = "in that database"
		}
		return fmt.Errorf("there is no data %s yet: nacre serve makes it (so does nacre key create --init); --data and --database-url name another place", where)
	}
	return makingData(ctx, settings, fn)
}

// makingData is withEngine that creates the data folder if it does not exist.
func makingData(ctx context.Context, settings config.Database, fn func(*engine.Engine) error) error {
	opened, err := openStore(ctx, settings, store.Options{Log: newLog(os.Stderr, config.Log{}), Keys: commandKeys(dataKeys(settings))})
	if err != nil {
		return err
	}
	defer opened.Close()
	ids, err := id.NewSource(rand.Reader)
	if err != nil {
		return fmt.Errorf("make ids: %w", err)
	}
	return fn(engine.New(engine.Config{Store: opened, IDs: ids, Now: time.Now, Log: slog.New(slog.DiscardHandler), Node: "command"}))
}

// accountFor returns the account of that name, the first one for ""; it is created if it does not exist.
func accountFor(ctx context.Context, e *engine.Engine, name string) (account.Account, error) {
	if name == "" {
		return e.DefaultAccount(ctx)
	}
	return e.AccountNamed(ctx, name)
}

// existing is accountFor without creating: a mistyped name must not become an account.
func existing(ctx context.Context, e *engine.Engine, name string) (account.Account, error) {
	accounts, err := e.Store.Accounts(ctx)
	if err != nil {
		return account.Account{}, fmt.Errorf("list accounts: %w", err)
	}
	for _, known := range accounts {
		if name == "" || known.Name == name {
			return known, nil
		}
	}
	if name == "" {
		return account.Account{}, errors.New("there is no account yet")
	}
	return account.Account{}, fmt.Errorf("there is no account %q", name)
}

func parseInstant(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("%q is neither a date (2026-12-31) nor an instant (2026-12-31T12:00:00Z)", text)
}

// voiceCache returns the folder of the compiled voice module.
func voiceCache(data string) string { return filepath.Join(data, "cache") }
