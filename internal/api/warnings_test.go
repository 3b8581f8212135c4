package api_test

import (
	"encoding/json"
	"slices"
	"testing"

	"nacre/internal/api"
	"nacre/internal/campaign"
)

// TestWarningsByAbilities: what a Pearl holds for a language model is warned of only where none converses. Answers of a server
// without any are in testdata/warnings.txt.
func TestWarningsByAbilities(t *testing.T) {
	t.Parallel()
	for server, want := range map[campaign.Abilities]bool{{Hears: true, Thinks: true}: false, {Hears: true}: true, {Thinks: true}: true} {
		w := newWorld(t, func(config *api.Config) { config.Abilities = server })
		response := w.ask(t, "GET /v2/Pearl/{talk}/Warnings")
		var rows []struct{ Member, Text string }
		err := json.NewDecoder(response.Body).Decode(&rows)
		response.Body.Close()
		if err != nil || response.StatusCode != 200 {
			t.Fatal(response.Status, err)
		}
		warned := slices.ContainsFunc(rows, func(row struct{ Member, Text string }) bool { return row.Member == "Pearl.IndicatorTags" })
		if warned != want {
			t.Errorf("%+v: warned of tags: %v, want %v", server, warned, want)
		}
	}
}
