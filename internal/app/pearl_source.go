package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"

	"go.yaml.in/yaml/v3"

	"nacre/internal/api/body"
	"nacre/internal/api/wire"
	"nacre/internal/brain"
	"nacre/internal/campaign"
	"nacre/internal/config"
	"nacre/internal/engine"
	"nacre/internal/fault"
	"nacre/internal/id"
	"nacre/internal/provider"
	"nacre/internal/rehearsal"
	"nacre/internal/store"
)

// pearlSource says where a Pearl is read from, and what it thinks with.
type pearlSource struct {
	config.Database
	Account   string `help:"Account of a Pearl by id, by name; the first account without it."`
	Providers string `help:"YAML file of outside services, as the server has it: the Pearl thinks with its models (hosting guide, Providers)." placeholder:"FILE" env:"NACRE_PROVIDERS" type:"path"`
}

// rehearsal returns what conversations of the command have in common, the models that the server would think with, and the other
// services of its file.
func (s pearlSource) rehearsal(errs io.Writer) (rehearsal.Config, config.Providers, error) {
	in := rehearsal.Config{Log: newLog(errs, config.Log{LogLevel: "warn"})}
	services, err := config.ReadProviders(s.Providers, os.LookupEnv)
	if err != nil {
		return in, services, err
	}
	thinks, err := openModels(services.Models, in.Log)
	if err != nil {
		return in, services, err
	}
	if thinks != nil {
		in.Brains, in.Model = thinks.brains, player{thinks.models}
	}
	return in, services, nil
}

// player is a model that plays people: the first of a file that serves.
type player struct{ models *provider.Order[brain.Named] }

// Stream implements brain.Model.
func (p player) Stream(ctx context.Context, messages []brain.Message, tools []brain.Tool, said func(string)) (answer brain.Answer, err error) {
	err = p.models.Try(ctx, func(model brain.Named) (bool, error) {
		answer, err = model.Model.Stream(ctx, messages, tools, said)
		return answer.Text != "", err
	})
	return answer, err
}

// read returns a campaign by its id or name in the database, or from a file in the shape of POST /v2/Pearl or /v2/Pearl/Voice, JSON or
// YAML; a file goes before a name. What is wrong with the name or the file is a fault of usage.
func (s pearlSource) read(ctx context.Context, name string) (campaign.Pearl, error) {
	return s.readAt(ctx, name, name)
}

// readAt is read where a file of that name has another path.
func (s pearlSource) readAt(ctx context.Context, name, path string) (campaign.Pearl, error) {
	if _, ok := id.Parse(name); ok {
		return s.stored(ctx, name)
	}
	raw, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if found, err := store.Exists(ctx, s.Data, s.DatabaseURL); err == nil && found {
			return s.stored(ctx, name)
		}
		return campaign.Pearl{}, exitError{exitUsage, fmt.Errorf("%q is no file, and there is no data in %s with a Pearl of that name", path, s.place())}
	case err != nil:
		return campaign.Pearl{}, fmt.Errorf("read Pearl: %w", err)
	}
	pearl, err := parsePearl(raw)
	if err != nil {
		return campaign.Pearl{}, exitError{exitUsage, fmt.Errorf("%s: %w", path, err)}
	}
	return pearl, nil
}

// stored returns a campaign by its id or name in the database.
func (s pearlSource) stored(ctx context.Context, named string) (pearl campaign.Pearl, err error) {
	err = withEngine(ctx, s.Database, func(e *engine.Engine) error {
		owner, err := existing(ctx, e, s.Account)
		if err != nil {
			return err
		}
		pearlID, err := pearlNamed(ctx, e, owner, named)
		if err != nil {
			return exitError{exitUsage, fmt.Errorf("%q is no file, and %w", named, err)}
		}
		pearl, err = e.Store.ReadPearl(ctx, owner.ID, pearlID)
		if fault.Is(err, fault.NotFound) {
			return fmt.Errorf("the account %q has no Pearl %s", owner.Name, pearlID)
		}
		return err
	})
	if err == nil && pearl.Outbound == nil {
		err = fmt.Errorf("the Pearl %s is inbound: only campaigns talk", named)
	}
	return pearl, err
}

// place is where the database is, as people know it.
func (s pearlSource) place() string {
	if s.DatabaseURL != "" {
		return "that database"
	}
	return s.Data
}

// parsePearl reads a Pearl as the API reads it on creation; what only a server knows (voices, numbers, addresses that it may send
// to) is not judged.
func parsePearl(raw []byte) (campaign.Pearl, error) {
	asJSON, err := yamlAsJSON(raw)
	if err != nil {
		return campaign.Pearl{}, err
	}
	var in wire.PearlInput
	faults := fault.List{Fields: body.Compile(reflect.TypeFor[wire.PearlInput]()).Decode(asJSON, &in)}
	if faults.Err() != nil {
		return campaign.Pearl{}, pearlFaults(faults)
	}
	pearl := in.Create(in.Pearl.Value.Nodes.Set(), &faults)
	faults.Join("", pearl.Check(campaign.Judges{}))
	if faults.Err() != nil {
		return campaign.Pearl{}, pearlFaults(faults)
	}
	if pearl.Outbound == nil {
		return campaign.Pearl{}, errors.New("the Pearl is inbound: only campaigns talk")
	}
	return pearl, nil
}

func pearlFaults(faults fault.List) error {
	var all []error
	for _, f := range faults.Fields {
		all = append(all, fmt.Errorf("%s: %s", f.Path, f.Text))
	}
	return errors.Join(all...)
}

// yamlAsJSON returns a document of YAML, of which JSON is a part, as JSON.
func yamlAsJSON(raw []byte) ([]byte, error) {
	if trimmed := bytes.TrimSpace(raw); len(trimmed) > 0 && trimmed[0] == '{' && json.Valid(trimmed) {
		return trimmed, nil // numbers and names are kept as written
	}
	var document any
	if err := yaml.Unmarshal(raw, &document); err != nil {
		return nil, err
	}
	return json.Marshal(document)
}
