package api_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"nacre/internal/campaign"
	"nacre/internal/id"
)

// good sends a request that must be answered 200, and answers its body.
func (w *world) good(t *testing.T, request string) string {
	t.Helper()
	response := w.ask(t, request)
	text := read(t, response)
	if response.StatusCode != http.StatusOK {
		t.Fatalf("%s: %d %s", request, response.StatusCode, text)
	}
	return text
}

func (w *world) stored(t *testing.T, name string) campaign.Pearl {
	t.Helper()
	pearl, err := w.store.ReadPearl(t.Context(), w.actor.Account, id.ID(w.names[name]))
	if err != nil {
		t.Fatal(err)
	}
	return pearl
}

// TestSecretsStay: whoever reads the settings and sends them back changes nothing, asterisks included.
func TestSecretsStay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.good(t, "PUT /v2/Pearl/{talk}\n\n"+`{"pearl":{"smtpSettings":{"smtpServer":"mail.example.com","senderEmail":"a@example.com","senderPassword":"pw-1"},
		"apiSettings":[{"name":"a","method":1,"endpointUrl":"https://example.com","headers":{"X-Api-Key":"pw-2"}}]}}`)
	before := w.stored(t, "talk")
	settings := w.good(t, "GET /v2/Pearl/{talk}/Settings")
	if strings.Contains(settings, "pw-") || strings.Contains(settings, "s3cret") || strings.Count(settings, "********") != 3 {
		t.Errorf("secrets are shown: %s", settings)
	}
	w.good(t, "PUT /v2/Pearl/{talk}\n\n"+settings)
	after := w.stored(t, "talk")
	if after.Version != before.Version+1 {
		t.Errorf("version %d after %d", after.Version, before.Version)
	}
	after.Version = before.Version
	was, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	is, err := json.Marshal(after)
	if err != nil {
		t.Fatal(err)
	}
	if string(was) != string(is) {
		t.Errorf("sent back as read, the Pearl became\n%s\nfrom\n%s", is, was)
	}
	audit := w.good(t, "POST /v2/Account/AuditLog\n\n"+`{"from":"2026-01-01","to":"2027-01-01"}`)
	if strings.Contains(audit, "pw-") || strings.Contains(audit, "s3cret") || strings.Contains(audit, "whsec_") {
		t.Error("secrets are in the audit log")
	}
}

// TestRotateSecret: the old secret signs besides for a day, and setting a URL again turns it on.
func TestRotateSecret(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	before := w.stored(t, "talk").Webhooks
	if _, err := w.engine.DisableURL(t.Context(), w.actor.Account, id.ID(w.names["talk"]), before.CallURL); err != nil {
		t.Fatal(err)
	}
	var shown struct {
		Secret   string
		Disabled struct{ Call, Lead bool }
	}
	if err := json.Unmarshal([]byte(w.good(t, "GET /v2/Pearl/{talk}/Webhooks")), &shown); err != nil {
		t.Fatal(err)
	}
	if shown.Secret != before.Secret || !shown.Disabled.Call || shown.Disabled.Lead {
		t.Errorf("shown as %+v", shown)
	}
	w.good(t, `PUT /v2/Pearl/{talk}/Webhooks`+"\n\n"+`{"rotateSecret":true,"callWebhookUrl":"https://example.com/call"}`)
	after := w.stored(t, "talk").Webhooks
	if after.Secret == before.Secret || !strings.HasPrefix(after.Secret, "whsec_") || after.OldSecret != before.Secret {
		t.Errorf("rotated to %+v", after)
	}
	if !after.OldSecretUntil.Equal(w.clock().Add(24*time.Hour)) || after.CallDisabled || after.CallURL != before.CallURL {
		t.Errorf("rotated to %+v", after)
	}
}

// TestDeletedRecording: the file of a deleted call is gone, and its link with it at once.
func TestDeletedRecording(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var found struct{ Recording string }
	if err := json.Unmarshal([]byte(w.good(t, "GET /v2/Call/{call}")), &found); err != nil {
		t.Fatal(err)
	}
	link := "GET " + strings.TrimPrefix(found.Recording, "http://nacre.test") + "\nAuthorization: -"
	if text := w.good(t, link); text != "RIFF" {
		t.Errorf("the recording is %q", text)
	}
	w.good(t, "DELETE /v2/Call\n\n"+`{"callIds":["{call}"]}`)
	if response := w.ask(t, link); response.StatusCode != http.StatusNotFound {
		t.Errorf("the link answers %d", response.StatusCode)
	}
	if _, err := os.Stat(filepath.Join(w.recorded, w.names["call"]+".wav")); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
}
