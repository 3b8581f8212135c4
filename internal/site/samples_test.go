package site

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestTheSamplesAreThoseOfTheDocument: page and docs/webhooks.md show the same programs.
func TestTheSamplesAreThoseOfTheDocument(t *testing.T) {
	t.Parallel()
	document, err := os.ReadFile("../../docs/webhooks.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, language := range map[string]string{"verify.go.txt": "go", "verify.py": "python", "verify.js": "js"} {
		sample, err := files.ReadFile("samples/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(document), "```"+language+"\n"+string(sample)+"```") {
			t.Errorf("docs/webhooks.md shows another program than samples/%s", name)
		}
	}
}

// TestTheSamplesVerify runs each program and sends it deliveries, good and bad.
func TestTheSamplesVerify(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("needs python3 and node")
	}
	for name, command := range map[string]func(t *testing.T, file string) *exec.Cmd{
		"verify.py": func(_ *testing.T, file string) *exec.Cmd { return exec.Command("python3", file) },
		"verify.js": func(_ *testing.T, file string) *exec.Cmd { return exec.Command("node", file) },
		"verify.go.txt": func(t *testing.T, file string) *exec.Cmd {
			source, program := file+".go", filepath.Join(t.TempDir(), "verify")
			if err := os.Rename(file, source); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("go", "build", "-o", program, source).CombinedOutput(); err != nil {
				t.Fatalf("build: %v\n%s", err, out)
			}
			return exec.Command(program)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := files.ReadFile("samples/" + name)
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), name)
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
			receive(t, command(t, file))
		})
	}
}

// receive starts a receiver and judges its answers.
func receive(t *testing.T, command *exec.Cmd) {
	t.Helper()
	key := []byte("a key of thirty-two bytes, exact")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	_, port, _ := net.SplitHostPort(address)
	var output bytes.Buffer
	command.Env = append(os.Environ(), "PORT="+port, "WEBHOOK_SECRET=whsec_"+base64.StdEncoding.EncodeToString(key))
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			t.Logf("the receiver wrote: %s", output.String())
		}
	})
	await(t, address)

	const body = `{"id":"665f1f77bcf86cd799439011","status":100,"callData":{"name":"Zoë"}}`
	sign := func(key []byte, stamp int64) string {
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "665f1f77bcf86cd799439055.%d.%s", stamp, body)
		return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	now := time.Now().Unix()
	good, foreign := sign(key, now), sign([]byte("another key"), now)
	for _, c := range []struct {
		name, body, signature string
		stamp                 int64
		want                  int
	}{
		{"signed", body, good, now, 200},
		{"signed with the newer and the older secret", body, foreign + " " + good, now, 200},
		{"signed by somebody else", body, foreign, now, 401},
		{"changed on the way", strings.Replace(body, "100", "110", 1), good, now, 401},
		{"not signed", body, "", now, 401},
		{"replayed later", body, sign(key, now-600), now - 600, 401},
		{"with another time", body, good, now - 60, 401},
	} {
		request, err := http.NewRequest(http.MethodPost, "http://"+address+"/", strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json; charset=utf-8")
		request.Header.Set("webhook-id", "665f1f77bcf86cd799439055")
		request.Header.Set("webhook-timestamp", fmt.Sprint(c.stamp))
		if c.signature != "" {
			request.Header.Set("webhook-signature", c.signature)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		if answer.StatusCode != c.want {
			t.Errorf("a delivery %s is answered %d, want %d", c.name, answer.StatusCode, c.want)
		}
	}
}

// await returns as soon as somebody listens at the address.
func await(t *testing.T, address string) {
	t.Helper()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(60 * time.Second)
	for {
		if connection, err := net.Dial("tcp", address); err == nil {
			_ = connection.Close()
			return
		}
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatal("the receiver never listened")
		}
	}
}
