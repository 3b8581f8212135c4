package credential_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"nacre/internal/credential"
	"nacre/internal/fault"
)

func TestPasswords(t *testing.T) {
	t.Parallel()
	p := credential.NewPasswords()
	hash, err := p.Hash(t.Context(), "correct horse battery")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%q, %v", hash, err)
	}
	for _, c := range []struct {
		password, hash string
		want           bool
	}{{"correct horse battery", hash, true}, {"correct horse batterz", hash, false}, {"", hash, false}, {"correct horse battery", "", false}, {"", "", false}, {strings.Repeat("x", 10_000), hash, false}} {
		if got, err := p.Match(t.Context(), c.password, c.hash); err != nil || got != c.want {
			t.Errorf("%.20q against %.12q: %v, %v", c.password, c.hash, got, err)
		}
	}
	if again, _ := p.Hash(t.Context(), "correct horse battery"); again == hash {
		t.Error("the same password has the same hash: no salt")
	}
}

// TestPasswordsTakeTurns: of many at once some are sent away, rather than that memory or processors are taken from calls.
func TestPasswordsTakeTurns(t *testing.T) {
	t.Parallel()
	p := credential.NewPasswords()
	refused, done := 0, make(chan error)
	for range 200 {
		go func() {
			_, err := p.Match(t.Context(), "x", "")
			done <- err
		}()
	}
	for range 200 {
		switch err := <-done; {
		case fault.Is(err, fault.Unavailable):
			refused++
		case err != nil:
			t.Error(err)
		}
	}
	if refused == 0 || refused == 200 {
		t.Errorf("%d of 200 at once were sent away", refused)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Match(t.Context(), "x", ""); err != nil {
		t.Errorf("after a rush: %v", err)
	}
	if _, err := p.Hash(ctx, "x"); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("a request that has ended: %v", err)
	}
}

func TestJudgePassword(t *testing.T) {
	t.Parallel()
	for password, good := range map[string]bool{
		"": false, "elevenchars": false, "twelve chars": true, "סיסמה ארוכה": false, "סיסמה ארוכהה": true, strings.Repeat("ø", 256): true, strings.Repeat("ø", 257): false,
	} {
		if why := credential.JudgePassword(password); (why == "") != good {
			t.Errorf("%.20q: %q", password, why)
		}
	}
}

func TestCode(t *testing.T) {
	t.Parallel()
	text, hash := credential.Code()
	other, _ := credential.Code()
	if len(text) != 26+5 || text == other {
		t.Errorf("codes %q and %q", text, other)
	}
	for _, typed := range []string{text, strings.ToLower(text), " " + strings.ReplaceAll(text, "-", " ") + "\t"} {
		if !bytes.Equal(credential.HashCode(typed), hash) {
			t.Errorf("%q is not the code %q", typed, text)
		}
	}
	if bytes.Equal(credential.HashCode(other), hash) {
		t.Error("another code is the same")
	}
}

// TestTwoFactorStep: a code counts in its own half minute, and in those before and after it, as steps that grow.
func TestTwoFactorStep(t *testing.T) {
	t.Parallel()
	secret, address, err := credential.TwoFactorSecret("nacre", "ada@example.com")
	if err != nil || !strings.Contains(address, secret) || !strings.HasPrefix(address, "otpauth://totp/nacre:ada@example.com?") {
		t.Fatalf("%q, %v", address, err)
	}
	now := time.Date(2026, 11, 23, 9, 15, 4, 0, time.UTC)
	code, err := totp.GenerateCode(secret, now)
	if err != nil {
		t.Fatal(err)
	}
	want := now.Unix() / 30
	for after, counts := range map[time.Duration]bool{-70 * time.Second: false, -30 * time.Second: true, 0: true, 30 * time.Second: true, 70 * time.Second: false} {
		step, err := credential.TwoFactorStep(secret, code[:3]+" "+code[3:], now.Add(after))
		if err != nil || (step == want) != counts || (step == 0) == counts {
			t.Errorf("%s later: step %d, %v; want %d", after, step, err, want)
		}
	}
	for _, wrong := range []string{"", "1", "abcdef", code + "0"} {
		if step, err := credential.TwoFactorStep(secret, wrong, now); err != nil || step != 0 {
			t.Errorf("%q: step %d, %v", wrong, step, err)
		}
	}
}
