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

// read returns a campaign by its id in the database, or from a file in the shape of POST /v2/Pearl or /v2/Pearl/Voice, JSON or
// YAML. What is wrong with the name or the file is a fault of usage.
func (s pearlSource) read(ctx context.Context, name string) (campaign.Pearl, error) {
	if pearlID, ok := id.Parse(name); ok {
		return s.stored(ctx, pearlID)
	}
	raw, err := os.ReadFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return campaign.Pearl{}, exitError{exitUsage, fmt.Errorf("%q is neither the id of a Pearl (24 hex digits) nor a file", name)}
	case err != nil:
		return campaign.Pearl{}, fmt.Errorf("read Pearl: %w", err)
	}
	pearl, err := parsePearl(raw)
	if err != nil {
		return campaign.Pearl{}, exitError{exitUsage, fmt.Errorf("%s: %w", name, err)}
	}
	return pearl, nil
}

func (s pearlSource) stored(ctx context.Context, pearlID id.ID) (pearl campaign.Pearl, err error) {
	err = withEngine(ctx, s.Database, func(e *engine.Engine) error {
		owner, err := existing(ctx, e, s.Account)
		if err != nil {
			return err
		}
		pearl, err = e.Store.ReadPearl(ctx, owner.ID, pearlID)
		if fault.Is(err, fault.NotFound) {
			return fmt.Errorf("the account %q has no Pearl %s", owner.Name, pearlID)
		}
		return err
	})
	if err == nil && pearl.Outbound == nil {
		err = fmt.Errorf("the Pearl %s is inbound: only campaigns talk", pearlID)
	}
	return pearl, err
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
