package hours

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
)

// UnmarshalJSON reads {"day":1,"start":"09:00","end":"18:00"}, the day also as a string of digits. It never refuses:
// what is missing or of the wrong type becomes a value that ParseWeek refuses under the member's own path. A missing
// day must not pass for 0, a Sunday.
func (w *Window) UnmarshalJSON(data []byte) error {
	var members struct{ Day, Start, End json.RawMessage }
	*w = Window{Day: unreadable}
	if json.Unmarshal(data, &members) != nil {
		return nil
	}
	if day, err := strconv.ParseUint(text(members.Day), 10, 31); err == nil {
		w.Day = int(day)
	}
	w.Start, w.End = text(members.Start), text(members.End)
	return nil
}

// UnmarshalJSON reads a bare date or {"date":…,"start":…,"end":…}. It never refuses: see Window.
func (h *Holiday) UnmarshalJSON(data []byte) error {
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte{'{'}) {
		*h = Holiday{Date: text(data)}
		return nil
	}
	var members struct{ Date, Start, End json.RawMessage }
	if json.Unmarshal(data, &members) != nil {
		*h = Holiday{Date: string(data)}
		return nil
	}
	*h = Holiday{Date: text(members.Date), Start: text(members.Start), End: text(members.End)}
	return nil
}

// MarshalJSON writes a whole day as a bare date.
func (h Holiday) MarshalJSON() ([]byte, error) {
	if h.Start == "" && h.End == "" {
		return json.Marshal(h.Date)
	}
	type members Holiday
	return json.Marshal(members(h))
}

// text is the content of a JSON string; of other values their JSON, and "" of null and of nothing.
func text(value json.RawMessage) string {
	var content string
	if json.Unmarshal(value, &content) == nil {
		return content
	}
	return strings.TrimSpace(string(value))
}
