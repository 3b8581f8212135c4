package site

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// document is the part of an OpenAPI 3.1 document that is shown.
type document struct {
	Tags []struct {
		Name string `json:"name"`
	} `json:"tags"`
	Paths      map[string]map[string]operation `json:"paths"`
	Webhooks   map[string]map[string]operation `json:"webhooks"`
	Components struct {
		Schemas    map[string]*schema   `json:"schemas"`
		Responses  map[string]response  `json:"responses"`
		Parameters map[string]parameter `json:"parameters"`
		Headers    map[string]header    `json:"headers"`
	} `json:"components"`
}

type operation struct {
	ID          string              `json:"operationId"`
	Tags        []string            `json:"tags"`
	Summary     string              `json:"summary"`
	Description string              `json:"description"`
	Scope       string              `json:"x-scope"`
	Role        string              `json:"x-role"`
	Extension   bool                `json:"x-extension"`
	Deprecated  bool                `json:"deprecated"`
	Parameters  []parameter         `json:"parameters"`
	RequestBody *requestBody        `json:"requestBody"`
	Responses   map[string]response `json:"responses"`
}

type parameter struct {
	Reference   string  `json:"$ref"`
	Name        string  `json:"name"`
	In          string  `json:"in"`
	Required    bool    `json:"required"`
	Description string  `json:"description"`
	Schema      *schema `json:"schema"`
}

type requestBody struct {
	Required    bool               `json:"required"`
	Description string             `json:"description"`
	Content     map[string]content `json:"content"`
}

type response struct {
	Reference   string             `json:"$ref"`
	Description string             `json:"description"`
	Content     map[string]content `json:"content"`
	Headers     map[string]header  `json:"headers"`
}

type header struct {
	Reference   string `json:"$ref"`
	Description string `json:"description"`
}

type content struct {
	Schema  *schema         `json:"schema"`
	Example json.RawMessage `json:"example"`
}

// schema is one JSON Schema, as far as the document uses it.
type schema struct {
	Reference   string             `json:"$ref"`
	Type        types              `json:"type"`
	Format      string             `json:"format"`
	Description string             `json:"description"`
	Properties  map[string]*schema `json:"properties"`
	Required    []string           `json:"required"`
	Items       *schema            `json:"items"`
	Additional  json.RawMessage    `json:"additionalProperties"`
	AnyOf       []*schema          `json:"anyOf"`
	OneOf       []*schema          `json:"oneOf"`
	Enum        []any              `json:"enum"`
	Examples    []any              `json:"examples"`
	Minimum     *float64           `json:"minimum"`
	Maximum     *float64           `json:"maximum"`
	MaxLength   int                `json:"maxLength"`
	MinItems    int                `json:"minItems"`
	MaxItems    int                `json:"maxItems"`
	Names       []string           `json:"x-enum-varnames"`
	Const       any                `json:"const"`
	WriteOnly   bool               `json:"writeOnly"`
}

// types is one name of a type, or a list of them.
type types []string

// UnmarshalJSON reads both forms.
func (t *types) UnmarshalJSON(text []byte) error {
	var one string
	if json.Unmarshal(text, &one) == nil {
		*t = types{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(text, &many); err != nil {
		return fmt.Errorf("read type: %w", err)
	}
	*t = many
	return nil
}

// name is the type besides null; "" where any is allowed.
func (t types) name() string {
	for _, one := range t {
		if one != "null" {
			return one
		}
	}
	return ""
}

func (t types) nullable() bool { return slices.Contains(t, "null") }

// section is one page of the reference: a tag in a version.
type section struct {
	Version    string // "v1", "v2", "" = outside the versions
	Tag        string
	Path       string
	Operations []shown
}

// Group is the heading of the menu that the section stands under.
func (s *section) Group() string {
	if s.Version == "" {
		return "Outside the versions"
	}
	return "Reference " + s.Version
}

// Title names the page.
func (s *section) Title() string {
	if s.Version == "" {
		return s.Tag
	}
	return s.Tag + " " + s.Version
}

// shown is one operation as the page shows it.
type shown struct {
	ID, Method, Path     string
	Summary, Description string
	Scope                string
	Role                 string // the least role of people
	Extension, Alias     bool
	Open                 bool // needs no key
	Sent                 bool // by nacre, to a receiver
	Parameters           []row
	Body                 *shape
	BodyNote             string
	BodyTypes            []string
	Answer               *shape
	AnswerType           string
	File                 bool // its body is a file, not JSON
	Headers              []row
	Statuses             []link // other answers: status and title
	Curl                 string
}

// Name is the operation as people write it.
func (o shown) Name() string { return o.Method + " " + o.Path }

// row is one parameter or header.
type row struct {
	Name, In, Text string
	Required       bool
}

// deliveryTag gathers what nacre sends of itself.
const deliveryTag = "Webhook bodies"

// readReference makes pages of a document: v2 before v1, sections in the order of the document's tags.
func readReference(text []byte) ([]*section, error) {
	var d document
	if err := json.Unmarshal(text, &d); err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	sections := map[string]*section{}
	place := func(version, tag string, made shown) {
		key := version + " " + tag
		if sections[key] == nil {
			slug := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(version+"/"+tag, "/")), " ", "-")
			sections[key] = &section{Version: version, Tag: tag, Path: Root + "/reference/" + slug}
		}
		sections[key].Operations = append(sections[key].Operations, made)
	}
	for path, operations := range d.Paths {
		for method, o := range operations {
			if len(o.Tags) == 0 {
				return nil, fmt.Errorf("%s %s has no tag", method, path)
			}
			version, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
			if version != "v1" && version != "v2" {
				version = ""
			}
			made, err := d.show(strings.ToUpper(method), path, o)
			if err != nil {
				return nil, fmt.Errorf("show %s %s: %w", method, path, err)
			}
			place(version, o.Tags[0], made)
		}
	}
	for kind, operations := range d.Webhooks {
		for method, o := range operations {
			made, err := d.show(strings.ToUpper(method), kind+"WebhookUrl", o)
			if err != nil {
				return nil, fmt.Errorf("show the webhook %s: %w", kind, err)
			}
			made.Sent, made.Curl = true, ""
			place("", deliveryTag, made)
		}
	}
	order := func(version string) int { return slices.Index([]string{"v2", "v1", ""}, version) }
	var list []*section
	for _, s := range sections {
		slices.SortFunc(s.Operations, func(a, b shown) int {
			if a.Path != b.Path {
				return strings.Compare(a.Path, b.Path)
			}
			return methodOrder(a.Method) - methodOrder(b.Method)
		})
		list = append(list, s)
	}
	tagOrder := func(tag string) int {
		for n, t := range d.Tags {
			if t.Name == tag {
				return n
			}
		}
		return len(d.Tags)
	}
	slices.SortFunc(list, func(a, b *section) int {
		if a.Version != b.Version {
			return order(a.Version) - order(b.Version)
		}
		return tagOrder(a.Tag) - tagOrder(b.Tag)
	})
	return list, nil
}

func methodOrder(method string) int {
	return slices.Index([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}, method)
}

func (d *document) show(method, path string, o operation) (shown, error) {
	made := shown{
		ID: o.ID, Method: method, Path: path, Summary: o.Summary, Description: o.Description, Scope: o.Scope, Role: o.Role,
		Extension: o.Extension, Alias: o.Deprecated, Open: o.Scope == "" && o.Role == "",
	}
	for _, p := range o.Parameters {
		if name, refers := strings.CutPrefix(p.Reference, "#/components/parameters/"); refers {
			if everywhere(name) {
				continue
			}
			p = d.Components.Parameters[name]
		}
		made.Parameters = append(made.Parameters, row{Name: p.Name, In: p.In, Text: p.Description, Required: p.Required})
	}
	var example string
	if o.RequestBody != nil {
		body, isJSON := o.RequestBody.Content["application/json"]
		if !isJSON {
			body, made.File = o.RequestBody.Content["text/csv"], true
		}
		if body.Schema == nil || body.Example == nil {
			return made, fmt.Errorf("the body has no schema or no example")
		}
		for kind := range o.RequestBody.Content {
			made.BodyTypes = append(made.BodyTypes, kind)
		}
		slices.Sort(made.BodyTypes)
		made.BodyNote = o.RequestBody.Description
		if !o.RequestBody.Required {
			made.BodyNote += "; may be left out"
		}
		made.Body = d.shape(body.Schema, true)
		example = shownExample(body.Example, "  ")
		made.Body.Example = shownExample(body.Example, "")
	}
	success, known := o.Responses["200"]
	if !known && len(o.Responses) == 0 {
		return made, fmt.Errorf("no answers")
	}
	for kind, c := range success.Content {
		made.AnswerType = kind
		made.Answer = d.shape(c.Schema, false)
		if c.Example != nil && (kind == "application/json" || kind == "application/x-ndjson") {
			made.Answer.Example = shownExample(c.Example, "")
		}
	}
	for name, h := range success.Headers {
		if component, refers := strings.CutPrefix(h.Reference, "#/components/headers/"); refers {
			if everywhere(component) {
				continue
			}
			h = d.Components.Headers[component]
		}
		made.Headers = append(made.Headers, row{Name: name, Text: h.Description})
	}
	slices.SortFunc(made.Headers, func(a, b row) int { return strings.Compare(a.Name, b.Name) })
	for status, r := range o.Responses {
		if status == "200" {
			continue
		}
		if name, refers := strings.CutPrefix(r.Reference, "#/components/responses/"); refers {
			r = d.Components.Responses[name]
		}
		made.Statuses = append(made.Statuses, link{Title: r.Description, Path: status})
	}
	slices.SortFunc(made.Statuses, func(a, b link) int { return strings.Compare(a.Path, b.Path) })
	made.Curl = curl(made, example)
	return made, nil
}

// everywhere tells headers that every request may carry, or every answer carries: the guide on errors and limits names them
// once.
func everywhere(name string) bool {
	return name == "RequestId" || name == "Traceparent" || strings.HasPrefix(name, "RateLimit")
}

// shownExample is an example as people read it: text that is no JSON stands as it is.
func shownExample(example json.RawMessage, prefix string) string {
	var text string
	if json.Unmarshal(example, &text) == nil && strings.Contains(text, "\n") {
		return text
	}
	return indented(example, prefix)
}

// indented is an example as people read it; the first line stands where the text before it ends.
func indented(text json.RawMessage, prefix string) string {
	var out bytes.Buffer
	if json.Indent(&out, text, prefix, "  ") != nil {
		return string(text)
	}
	return out.String()
}

// curl is the request as a command line.
func curl(o shown, body string) string {
	path := placeholder.Replace(o.Path)
	var b strings.Builder
	b.WriteString("curl")
	if o.Method == "HEAD" {
		b.WriteString(" -I")
	} else if o.Method != "GET" && (o.Method != "POST" || body == "") {
		b.WriteString(" -X " + o.Method)
	}
	switch {
	case o.Scope != "":
		b.WriteString(` -H "Authorization: Bearer $KEY"`)
	case !o.Open:
		b.WriteString(` --cookie "$SESSION"`)
	}
	b.WriteString(` "$API` + path + `"`)
	if o.File {
		b.WriteString(" \\\n  -H 'Content-Type: text/csv' --data-binary @leads.csv")
	} else if body != "" {
		b.WriteString(" \\\n  -H 'Content-Type: application/json' -d '" + body + "'")
	}
	return b.String()
}

// placeholder fills the parameters of paths with what they may look like.
var placeholder = strings.NewReplacer(
	"{pearlId}", "6650a1f2c3d4e5f60718293a", "{outboundId}", "6650a1f2c3d4e5f60718293a", "{inboundId}", "6650a1f2c3d4e5f60718293b",
	"{leadId}", "665f1f77bcf86cd799439011", "{voiceId}", "665f1f77bcf86cd7994390aa", "{callId}", "665f1f77bcf86cd799439099", "{callRequestId}", "665f1f77bcf86cd799439044",
	"{deliveryId}", "665f1f77bcf86cd799439055", "{trunkId}", "665f1f77bcf86cd799439066", "{phoneNumberId}", "665f1f77bcf86cd799439077",
	"{keyId}", "665f1f77bcf86cd799439088", "{userId}", "665f1f77bcf86cd799439033", "{phoneNumber}", "+14155550101", "{externalId}", "crm-4711",
	"{version}", "3", "{tryId}", "665f1f77bcf86cd7994390bb",
)
