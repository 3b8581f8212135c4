package hours_test

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"nacre/internal/fault"
	"nacre/internal/hours"
)

// paths answers the member paths of an Invalid error.
func paths(t *testing.T, err error) []string {
	t.Helper()
	var invalid *fault.Error
	if !errors.As(err, &invalid) || invalid.Kind != fault.Invalid {
		t.Fatalf("error %v is not Invalid", err)
	}
	var found []string
	for _, field := range invalid.Fields {
		if field.Text == "" {
			t.Errorf("%s has no text", field.Path)
		}
		found = append(found, field.Path)
	}
	return found
}

func TestParseWeekFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		window hours.Window
		want   []string
	}{
		{"day too large", hours.Window{Day: 8, Start: "09:00", End: "18:00"}, []string{"CallingHours[1].Day"}},
		{"day below 0", hours.Window{Day: -1, Start: "09:00", End: "18:00"}, []string{"CallingHours[1].Day"}},
		{"start without its zero", hours.Window{Day: 1, Start: "9:00", End: "18:00"}, []string{"CallingHours[1].Start"}},
		{"start at 24:00", hours.Window{Day: 1, Start: "24:00", End: "18:00"}, []string{"CallingHours[1].Start"}},
		{"start beyond a day", hours.Window{Day: 1, Start: "25:00", End: "18:00"}, []string{"CallingHours[1].Start"}},
		{"minute 60", hours.Window{Day: 1, Start: "09:60", End: "18:00"}, []string{"CallingHours[1].Start"}},
		{"second 60", hours.Window{Day: 1, Start: "09:00:60", End: "18:00"}, []string{"CallingHours[1].Start"}},
		{"end beyond a day", hours.Window{Day: 1, Start: "09:00", End: "24:01"}, []string{"CallingHours[1].End"}},
		{"end a second beyond", hours.Window{Day: 1, Start: "09:00", End: "24:00:01"}, []string{"CallingHours[1].End"}},
		{"no times", hours.Window{Day: 1}, []string{"CallingHours[1].Start", "CallingHours[1].End"}},
		{"words", hours.Window{Day: 1, Start: "nine", End: "18-00"}, []string{"CallingHours[1].Start", "CallingHours[1].End"}},
		{"other separators", hours.Window{Day: 1, Start: "09.00", End: "18:00.00"}, []string{"CallingHours[1].Start", "CallingHours[1].End"}},
		{"other digits", hours.Window{Day: 1, Start: "٠٩:٠٠", End: "１８:00"}, []string{"CallingHours[1].Start", "CallingHours[1].End"}},
		{"space around", hours.Window{Day: 1, Start: " 09:00", End: "18:00 "}, []string{"CallingHours[1].Start", "CallingHours[1].End"}},
		{"equal ends", hours.Window{Day: 1, Start: "09:00", End: "09:00:00"}, []string{"CallingHours[1].End"}},
		{"everything", hours.Window{Day: 9, Start: "x", End: "y"}, []string{"CallingHours[1].Day", "CallingHours[1].Start", "CallingHours[1].End"}},
		{"day and equal ends", hours.Window{Day: 9, Start: "00:00", End: "00:00"}, []string{"CallingHours[1].Day", "CallingHours[1].End"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			good := hours.Window{Day: 0, Start: "00:00", End: "24:00"}
			_, err := hours.ParseWeek([]hours.Window{good, test.window}, "CallingHours")
			if diff := cmp.Diff(test.want, paths(t, err)); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func TestParseHolidaysFaults(t *testing.T) {
	t.Parallel()
	_, err := hours.ParseHolidays([]hours.Holiday{
		{Date: "2026-12-25"},
		{Date: "2026-02-29"},
		{Date: "25.12.2026"},
		{Date: ""},
		{Date: "2026-12-24", Start: "14:00"},
		{Date: "2026-12-24", End: "14:00"},
		{Date: "2026-12-24", Start: "14:00", End: "14:00"},
		{Date: "2026-12-24T00:00:00Z", Start: "2 pm", End: "25:00"},
		{Date: "2028-02-29", Start: "00:00:30", End: "24:00"},
	}, "Holidays")
	want := []string{"Holidays[1].Date", "Holidays[2].Date", "Holidays[3].Date", "Holidays[4].End", "Holidays[5].Start",
		"Holidays[6].End", "Holidays[7].Date", "Holidays[7].Start", "Holidays[7].End"}
	if diff := cmp.Diff(want, paths(t, err)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

// What is missing or of the wrong type must not pass for a Sunday, or for a whole day.
func TestWindowFromJSON(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want hours.Window
	}{
		{`{"day":1,"start":"09:00","end":"18:00"}`, hours.Window{Day: 1, Start: "09:00", End: "18:00"}},
		{`{"Day":"7","START":"09:00","End":"24:00","note":1}`, hours.Window{Day: 7, Start: "09:00", End: "24:00"}},
		{`{"start":"09:00","end":"18:00"}`, hours.Window{Day: -1, Start: "09:00", End: "18:00"}},
		{`{"day":null,"start":null,"end":"18:00"}`, hours.Window{Day: -1, End: "18:00"}},
		{`{"day":1.5,"start":9,"end":{"h":18}}`, hours.Window{Day: -1, Start: "9", End: `{"h":18}`}},
		{`{"day":"+1"}`, hours.Window{Day: -1}},
		{`{"day":99999999999999999999}`, hours.Window{Day: -1}},
		{`null`, hours.Window{Day: -1}},
		{`"09:00"`, hours.Window{Day: -1}},
		{`[]`, hours.Window{Day: -1}},
	}
	for _, test := range tests {
		var got []hours.Window
		if err := json.Unmarshal([]byte("["+test.text+"]"), &got); err != nil {
			t.Errorf("%s: %v", test.text, err)
			continue
		}
		if diff := cmp.Diff([]hours.Window{test.want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.text, diff)
		}
	}
	out, err := json.Marshal(hours.Window{Day: 0, Start: "09:00", End: "18:00"})
	if want := `{"day":0,"start":"09:00","end":"18:00"}`; err != nil || string(out) != want {
		t.Errorf("written as %s, %v; want %s", out, err, want)
	}
}

func TestHolidayJSON(t *testing.T) {
	t.Parallel()
	const text = `["2026-12-25",{"date":"2026-12-24","start":"14:00","end":"24:00"}]`
	var got []hours.Holiday
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	want := []hours.Holiday{{Date: "2026-12-25"}, {Date: "2026-12-24", Start: "14:00", End: "24:00"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
	if out, err := json.Marshal(got); err != nil || string(out) != text {
		t.Errorf("written as %s, %v", out, err)
	}
	for text, want := range map[string]hours.Holiday{
		`{"Date":"2026-12-24"}`:             {Date: "2026-12-24"},
		` {"date":"2026-12-24","start":14}`: {Date: "2026-12-24", Start: "14"},
		`{"start":"14:00"}`:                 {Start: "14:00"},
		`20261225`:                          {Date: "20261225"},
		`null`:                              {},
		`["2026-12-25"]`:                    {Date: `["2026-12-25"]`},
	} {
		var got []hours.Holiday
		if err := json.Unmarshal([]byte("["+text+"]"), &got); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if diff := cmp.Diff([]hours.Holiday{want}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(1, "09:00", "18:00", "2026-12-25")
	f.Add(7, "22:00", "06:00:30", "2026-02-29")
	f.Add(-1, "24:00", "24:00", "")
	f.Fuzz(func(t *testing.T, day int, start, end, date string) {
		_, weekErr := hours.ParseWeek([]hours.Window{{Day: day, Start: start, End: end}}, "CallingHours")
		_, holidayErr := hours.ParseHolidays([]hours.Holiday{{Date: date, Start: start, End: end}}, "Holidays")
		for _, err := range []error{weekErr, holidayErr} {
			if err != nil && fault.Of(err) != fault.Invalid {
				t.Fatalf("%v is not Invalid", err)
			}
		}
	})
}

func TestOpenAtNight(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		windows []hours.Window
		want    bool
	}{
		{nil, false},
		{[]hours.Window{{Day: 1, Start: "08:00", End: "21:00"}}, false},
		{[]hours.Window{{Day: 1, Start: "08:00", End: "12:00"}, {Day: 6, Start: "07:59:59", End: "12:00"}}, true},
		{[]hours.Window{{Day: 6, Start: "20:00", End: "21:00:01"}}, true},
		{[]hours.Window{{Day: 6, Start: "20:00", End: "02:00"}}, true},
		{[]hours.Window{{Day: 0, Start: "00:00", End: "24:00"}}, true},
		{[]hours.Window{{Day: 2, Start: "09:00", End: "24:00"}, {Day: 3, Start: "00:00", End: "18:00"}}, true},
	} {
		week, err := hours.ParseWeek(c.windows, "CallingHours")
		if got := week.OpenAtNight(); err != nil || got != c.want {
			t.Errorf("%v: %v, %v, want %v", c.windows, got, err, c.want)
		}
	}
}
