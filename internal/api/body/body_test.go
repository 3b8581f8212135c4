package body

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/fault"
)

type inner struct {
	ToNodeID string `json:"toNodeId" api:"required"`
	Result   *int   `json:"result" api:"enum=1|2"`
}

type sample struct {
	PhoneNumber string              `json:"phoneNumber" api:"required,maxlen=8"`
	ExternalID  Optional[string]    `json:"externalId"`
	CallData    Object              `json:"callData"`
	Status      Optional[int]       `json:"status" api:"min=1,max=500"`
	IsActive    *bool               `json:"isActive"`
	From        Optional[time.Time] `json:"from"`
	Tags        []string            `json:"tags" api:"maxitems=3"`
	Nodes       []inner             `json:"nodes"`
	Headers     map[string]string   `json:"headers" api:"secret"`
	Password    string              `json:"password" api:"secret"`
	Price       float64             `json:"price"`
	Any         any                 `json:"any"`
}

func decode(t *testing.T, text string) (sample, map[string]string) {
	t.Helper()
	var s sample
	faults := Compile(reflect.TypeFor[sample]()).Decode([]byte(text), &s)
	var byPath map[string]string
	for _, f := range faults {
		if byPath == nil {
			byPath = map[string]string{}
		}
		byPath[f.Path] = f.Text
	}
	return s, byPath
}

func TestDecodeTakesWhatTheContractAllows(t *testing.T) {
	t.Parallel()
	yes, one := true, 1
	for name, c := range map[string]struct {
		body string
		want sample
	}{
		"plain":            {`{"phoneNumber":"1"}`, sample{PhoneNumber: "1"}},
		"names fold":       {`{"PHONENUMBER":"1","CallData":{"A":1}}`, sample{PhoneNumber: "1", CallData: Object(`{"A":1}`)}},
		"last one counts":  {`{"phoneNumber":5,"PhoneNumber":"2","tags":["a"],"tags":["b"]}`, sample{PhoneNumber: "2", Tags: []string{"b"}}},
		"unknown ignored":  {`{"phoneNumber":"1","x":{"y":[1,{"z":"\u0000"}]}}`, sample{PhoneNumber: "1"}},
		"digit string":     {`{"phoneNumber":"1","status":"100"}`, sample{PhoneNumber: "1", Status: given(100)}},
		"null is told":     {`{"phoneNumber":"1","externalId":null,"isActive":null}`, sample{PhoneNumber: "1", ExternalID: Optional[string]{State: Null}}},
		"empty is given":   {`{"phoneNumber":"1","externalId":"","isActive":true}`, sample{PhoneNumber: "1", ExternalID: given(""), IsActive: &yes}},
		"escapes":          {`{"phoneNumber":"\u0041\n\ud83d\ude00\/"}`, sample{PhoneNumber: "A\n😀/"}},
		"escaped name":     {`{"phone\u004eumber":"1"}`, sample{PhoneNumber: "1"}},
		"data is kept":     {`{"phoneNumber":"1","callData":{ "n" : 1.50 , "b":[ 1, 2 ],"s":"a b"}}`, sample{PhoneNumber: "1", CallData: Object(`{"n":1.50,"b":[1,2],"s":"a b"}`)}},
		"data doubles":     {`{"phoneNumber":"1","callData":{"a":1,"b":{"c":1,"c":2},"\u0061":3}}`, sample{PhoneNumber: "1", CallData: Object(`{"\u0061":3,"b":{"c":2}}`)}},
		"lists of objects": {`{"phoneNumber":"1","nodes":[{"toNodeId":"a","result":"1"},{"toNodeId":"b"}]}`, sample{PhoneNumber: "1", Nodes: []inner{{"a", &one}, {"b", nil}}}},
		"map":              {`{"phoneNumber":"1","headers":{"X":"y"}}`, sample{PhoneNumber: "1", Headers: map[string]string{"X": "y"}}},
		"empty list":       {`{"phoneNumber":"1","tags":[]}`, sample{PhoneNumber: "1", Tags: []string{}}},
		"any keeps digits": {`{"phoneNumber":"1","any":[1.0,null],"price":1e2}`, sample{PhoneNumber: "1", Any: []any{json.Number("1.0"), nil}, Price: 100}},
		"date":             {`{"phoneNumber":"1","from":"2026-11-23"}`, sample{PhoneNumber: "1", From: given(time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC))}},
		"white space":      {" \r\n{ \"phoneNumber\" : \"1\" , \"tags\" : [ \"a\" , \"b\" ] } \n", sample{PhoneNumber: "1", Tags: []string{"a", "b"}}},
	} {
		got, faults := decode(t, c.body)
		if faults != nil {
			t.Errorf("%s: faults %v", name, faults)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestDecodeNamesEveryFault(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		body string
		want []string // path: part of the text
	}{
		"empty":           {"", []string{"$: empty"}},
		"blank":           {" \n", []string{"$: empty"}},
		"list":            {"[1]", []string{"$: something else"}},
		"null":            {"null", []string{"$: something else"}},
		"cut":             {`{"phoneNumber":"1"`, []string{"$: byte 18"}},
		"tail":            {`{"phoneNumber":"1"}x`, []string{"$: something follows"}},
		"latin":           {"{\"phoneNumber\":\"\xe9\"}", []string{"$: UTF-8"}},
		"required":        {`{}`, []string{"PhoneNumber: The PhoneNumber field is required."}},
		"required null":   {`{"phoneNumber":null}`, []string{"PhoneNumber: required"}},
		"required empty":  {`{"phoneNumber":""}`, []string{"PhoneNumber: required"}},
		"null at last":    {`{"phoneNumber":"1","phoneNumber":null}`, []string{"PhoneNumber: required"}},
		"nul":             {`{"phoneNumber":"\u0000"}`, []string{"PhoneNumber: U+0000"}},
		"half a pair":     {`{"phoneNumber":"\ud83dx"}`, []string{"PhoneNumber: surrogate"}},
		"nul in data":     {`{"phoneNumber":"1","callData":{"a":["\u0000"]}}`, []string{"CallData: U+0000"}},
		"too long":        {`{"phoneNumber":"123456789"}`, []string{"PhoneNumber: 9 characters; at most 8"}},
		"all at once":     {`{"phoneNumber":7,"callData":[],"status":1.5,"isActive":"yes","from":"soon","nodes":[{"toNodeId":"a"},{"result":9},null]}`, []string{"PhoneNumber: text", "CallData: object", "Status: without fraction", "IsActive: true or false", "From: date-time", "Nodes[1].Result: one of 1, 2", "Nodes[1].ToNodeId: required", "Nodes[2]: object"}},
		"bool as number":  {`{"phoneNumber":"1","isActive":1}`, []string{"IsActive: 1"}},
		"int as word":     {`{"phoneNumber":"1","status":"ten"}`, []string{`Status: "ten"`}},
		"int too big":     {`{"phoneNumber":"1","status":99999999999999999999}`, []string{"Status: range"}},
		"int outside":     {`{"phoneNumber":"1","status":501}`, []string{"Status: between 1 and 500"}},
		"list element":    {`{"phoneNumber":"1","tags":["a",null,3]}`, []string{"Tags[1]: text", "Tags[2]: text"}},
		"list too long":   {`{"phoneNumber":"1","tags":["a","b","c","d"]}`, []string{"Tags: 4 elements; at most 3"}},
		"last one counts": {`{"phoneNumber":"1","nodes":[{}],"nodes":3}`, []string{"Nodes: a list"}},
	} {
		_, faults := decode(t, c.body)
		if len(faults) != len(c.want) {
			t.Errorf("%s: got %v, want %v", name, faults, c.want)
		}
		for _, want := range c.want {
			path, part, _ := strings.Cut(want, ": ")
			if !strings.Contains(faults[path], part) {
				t.Errorf("%s: %s: got %q, want %q in it", name, path, faults[path], part)
			}
		}
	}
}

func TestDecodeNeverRepeatsSecrets(t *testing.T) {
	t.Parallel()
	_, faults := decode(t, `{"phoneNumber":"1","password":["hunter2"],"headers":{"X-Key":{"v":"hunter2"}}}`)
	if len(faults) != 2 {
		t.Fatalf("faults %v", faults)
	}
	for path, text := range faults {
		if strings.Contains(text, "hunter2") {
			t.Errorf("%s repeats the secret: %s", path, text)
		}
	}
}

func TestDecodeListsAtMostOneHundredFaults(t *testing.T) {
	t.Parallel()
	var s sample
	faults := Compile(reflect.TypeFor[sample]()).Decode([]byte(`{"phoneNumber":"1","nodes":[`+strings.Repeat("1,", 500)+`1]}`), &s)
	if len(faults) != maxFaults {
		t.Errorf("%d faults", len(faults))
	}
}

func TestDecodeBoundsDepth(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"x":` + strings.Repeat("[", 100_000),
		`{"callData":{"a":` + strings.Repeat(`{"a":`, 100_000),
		`{"any":` + strings.Repeat("[", 100_000),
	} {
		_, faults := decode(t, body)
		if !strings.Contains(faults["$"], "nested deeper") {
			t.Errorf("got %v", faults)
		}
	}
}

type owner struct{ text string }

func (o *owner) UnmarshalJSON(raw []byte) error {
	if string(raw) == `"bad"` {
		return fault.Bad("Start", "no time")
	}
	o.text = string(raw)
	return nil
}

func TestDecodeTakesOverFaultsOfOwnTypes(t *testing.T) {
	t.Parallel()
	var s struct {
		Windows []owner `json:"callingHours"`
	}
	faults := Compile(reflect.TypeOf(s)).Decode([]byte(`{"callingHours":[{"day":1},"bad"]}`), &s)
	want := []fault.Field{{Path: "CallingHours[1].Start", Text: "no time"}}
	if diff := cmp.Diff(want, faults); diff != "" {
		t.Error(diff)
	}
	if s.Windows[0].text != `{"day":1}` {
		t.Errorf("got %q", s.Windows[0].text)
	}
}

func TestParseTime(t *testing.T) {
	t.Parallel()
	utc := func(h, m, s, ns int) time.Time { return time.Date(2026, 11, 23, h, m, s, ns, time.UTC) }
	for text, want := range map[string]time.Time{
		"2026-11-23":                       utc(0, 0, 0, 0),
		"2026-11-23T09:15:04Z":             utc(9, 15, 4, 0),
		"2026-11-23T09:15:04.250Z":         utc(9, 15, 4, 250e6),
		"2026-11-23T09:15:04.1234567Z":     utc(9, 15, 4, 123456700),
		"2026-11-23T09:15:04":              utc(9, 15, 4, 0),
		"2026-11-23T09:15:04.5":            utc(9, 15, 4, 500e6),
		"2026-11-23T09:15:04+02:00":        utc(7, 15, 4, 0),
		"2026-11-23T09:15:04.25-0530":      utc(14, 45, 4, 250e6),
		"2026-11-23t09:15:04z":             utc(9, 15, 4, 0),
		"2026-11-23T09:15":                 utc(9, 15, 0, 0),
		"2026-11-23T09:15+01":              utc(8, 15, 0, 0),
		"2026-11-23 09:15:04.123456+00:00": utc(9, 15, 4, 123456e3),
	} {
		got, err := ParseTime(text)
		if err != nil || !got.Equal(want) {
			t.Errorf("%s: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "soon", "2026-13-01", "2026-11-23T", "2026-11-23T25:00:00Z", "23.11.2026", "2026-11-23X09:15:04Z", "2026-11-23T09:15:04ZZ", "2026-11-23T09:15:04+2", "1700000000", "2026-02-30T00:00:00Z"} {
		if got, err := ParseTime(text); err == nil {
			t.Errorf("%q: got %v", text, got)
		}
	}
}

type bulk struct {
	Leads []struct {
		PhoneNumber string           `json:"phoneNumber" api:"required,maxlen=64"`
		ExternalID  Optional[string] `json:"externalId"`
		TimeZoneID  Optional[string] `json:"timeZoneId"`
		CallData    Object           `json:"callData"`
	} `json:"leads"`
}

// BenchmarkDecodeLead reads a bulk; the figure to watch is ns a lead.
func BenchmarkDecodeLead(b *testing.B) {
	const leads = 1000
	var text strings.Builder
	text.WriteString(`{"leads":[`)
	for i := range leads {
		if i > 0 {
			text.WriteByte(',')
		}
		fmt.Fprintf(&text, `{"phoneNumber":"+1415555%04d","externalId":"crm-%d","timeZoneId":"Pacific Standard Time","callData":{"email":"joe@example.com","carLicense":"90-929-82"}}`, i, i)
	}
	text.WriteString(`]}`)
	schema := Compile(reflect.TypeFor[bulk]())
	b.ReportAllocs()
	for b.Loop() {
		var in bulk
		if faults := schema.Decode([]byte(text.String()), &in); faults != nil {
			b.Fatal(faults)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/leads, "ns/lead")
}

// FuzzDecode holds the decoder against encoding/json: it never panics, takes no JSON that is none, and what it keeps as
// data says the same as what came.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"phoneNumber":"1","callData":{"a":1,"a":2,"b":{"c":[1,"\u0041"]}}}`, `{"status":"12","any":[1,{"x":null}]}`, `{"nodes":[{"toNodeId":"\ud83d\ude00"}]}`, `{`, `[]`, "{\"x\":\"\xff\"}", `{"tags":["a"],"TAGS":null,"headers":{"a":"b"}}`, `{"callData":{"\u0000":1}}`} {
		f.Add([]byte(seed))
	}
	schema := Compile(reflect.TypeFor[sample]())
	f.Fuzz(func(t *testing.T, data []byte) {
		var s sample
		faults := schema.Decode(data, &s)
		var whole map[string]json.RawMessage
		if err := json.Unmarshal(data, &whole); err != nil && len(faults) == 0 {
			t.Fatalf("took %q, which is no JSON object: %v", data, err)
		}
		if s.CallData != nil {
			if !json.Valid(s.CallData) {
				t.Fatalf("kept %q", s.CallData)
			}
			var last json.RawMessage
			d := decoder{data: data}
			d.space()
			d.object(func(name text) bool {
				d.peek()
				start := d.pos
				ok := d.skip(0)
				if strings.EqualFold(name.String(), "callData") {
					last = data[start:d.pos]
				}
				return ok
			})
			var want, got any
			if json.Unmarshal(last, &want) == nil && json.Unmarshal(s.CallData, &got) == nil && want != nil {
				if _, object := want.(map[string]any); object && !reflect.DeepEqual(want, got) {
					t.Fatalf("%q became %q", last, s.CallData)
				}
			}
		}
	})
}

func given[T any](value T) Optional[T] { return Optional[T]{Value: value, State: Given} }
