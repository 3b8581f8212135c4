package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html/template"
	"reflect"
	"strings"

	"nacre/internal/api/route"
)

// Page describes the routes for people, in one self-contained page.
func Page(routes []*route.Route) ([]byte, error) {
	type entry struct {
		Name, Anchor, Summary, Description, Scope string
		Extension                                 bool
		Aliases                                   []string
		Parameters                                []any
		Request, Answer                           string
	}
	type section struct {
		Tag     string
		Entries []entry
	}
	s := newSchemas()
	var sections []section
	at := map[string]int{}
	for _, r := range routes {
		tag := r.Version() + " · " + r.Tag
		n, known := at[tag]
		if !known {
			n = len(sections)
			at[tag] = n
			sections = append(sections, section{Tag: tag})
		}
		e := entry{
			Name: r.Name(), Anchor: operationID(r.Method, r.Pattern), Summary: r.Summary, Description: r.Description, Scope: string(r.Scope),
			Extension: r.Extension, Aliases: r.Aliases, Parameters: parameters(r, r.Pattern),
		}
		var err error
		if r.HasBody() {
			if e.Request, err = s.sketch(r.In, true); err != nil {
				return nil, err
			}
		}
		if e.Answer, err = s.sketch(r.Out, false); err != nil {
			return nil, err
		}
		sections[n].Entries = append(sections[n].Entries, e)
	}
	parsed, err := template.New("docs").Parse(page)
	if err != nil {
		return nil, fmt.Errorf("parse documentation page: %w", err)
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, sections); err != nil {
		return nil, fmt.Errorf("write documentation page: %w", err)
	}
	return out.Bytes(), nil
}

// sketch writes a schema with the schemas it refers to in place.
func (s *schemas) sketch(t reflect.Type, request bool) (string, error) {
	text, err := json.MarshalIndent(s.resolve(s.of(t, request), 0), "", "  ")
	if err != nil {
		return "", fmt.Errorf("write schema of %s: %w", t, err)
	}
	return string(text), nil
}

// resolve replaces references by what they refer to, a few levels deep.
func (s *schemas) resolve(value any, depth int) any {
	const deepest = 24
	if depth > deepest {
		return "…"
	}
	switch v := value.(type) {
	case object:
		if name, refers := v["$ref"].(string); refers {
			return s.resolve(s.named[strings.TrimPrefix(name, "#/components/schemas/")], depth+1)
		}
		out := object{}
		for name, member := range v {
			out[name] = s.resolve(member, depth+1)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for n, element := range v {
			out[n] = s.resolve(element, depth+1)
		}
		return out
	}
	return value
}

const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>nacre API</title>
<style>
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
h2{border-bottom:1px solid #ccc;margin-top:2.5rem}summary{cursor:pointer;padding:.25rem 0}
code,pre{font:13px/1.45 ui-monospace,monospace}pre{background:#f5f5f5;padding:.75rem;overflow:auto}
.scope{color:#666;font-size:13px}
@media(prefers-color-scheme:dark){body{background:#16181c;color:#ddd}pre{background:#22252b}.scope{color:#999}h2{border-color:#444}a{color:#8ab4f8}}
</style></head><body>
<h1>nacre API</h1>
<p>Authorization: <code>Bearer &lt;AccountId&gt;:&lt;SecretKey&gt;</code>. Machine-readable: <a href="/openapi.json">/openapi.json</a>,
<a href="/openapi/v1.json">v1</a>, <a href="/openapi/v2.json">v2</a>. Errors are problem JSON.</p>
{{range .}}<h2>{{.Tag}}</h2>
{{range .Entries}}<details id="{{.Anchor}}"><summary><code>{{.Name}}</code> — {{.Summary}} <span class="scope">{{.Scope}}{{if .Extension}} · extension{{end}}</span></summary>
{{with .Description}}<p>{{.}}</p>{{end}}
{{range .Aliases}}<p>Also <code>{{.}}</code></p>{{end}}
{{with .Parameters}}<ul>{{range .}}<li><code>{{.name}}</code> ({{.in}}) {{.description}}</li>{{end}}</ul>{{end}}
{{with .Request}}<p>Body</p><pre>{{.}}</pre>{{end}}
<p>Answer</p><pre>{{.Answer}}</pre></details>
{{end}}{{end}}
</body></html>
`
