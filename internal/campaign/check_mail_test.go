package campaign

import (
	"errors"
	"strings"
	"testing"

	"nacre/internal/fault"
)

// TestMailServersAreJudgedWhenStored: over these no mail can ever be sent (contract 2.4).
func TestMailServersAreJudgedWhenStored(t *testing.T) {
	t.Parallel()
	judges := Judges{Host: func(host string) error {
		if host == "127.0.0.1" {
			return errors.New("names a loopback address")
		}
		return nil
	}}
	for _, test := range []struct {
		settings SMTP
		member   string // at fault; "" = none
	}{
		{SMTP{}, ""},
		{SMTP{SMTPServer: "mail.example.com", Port: 587, SenderEmail: "ann@example.com"}, ""},
		{SMTP{SMTPServer: "mail.example.com", SenderEmail: "Ann <ann@example.com>"}, ""},
		{SMTP{SMTPServer: "2001:db8::1", Port: 25}, ""},
		{SMTP{SMTPServer: "127.0.0.1"}, "SmtpServer"},
		{SMTP{SMTPServer: "mail.example.com\r\nRCPT"}, "SmtpServer"},
		{SMTP{SMTPServer: "mail.example.com:25"}, "SmtpServer"},
		{SMTP{SMTPServer: "mail.example.com", Port: 22}, "Port"},
		{SMTP{SMTPServer: "mail.example.com", Port: -1}, "Port"},
		{SMTP{SenderEmail: "ann@example.com\r\nRCPT TO:<bob@example.com>"}, "SenderEmail"},
		{SMTP{SenderEmail: "nobody"}, "SenderEmail"},
	} {
		p := Pearl{Definition: Definition{SMTPSettings: &test.settings, EmailSettings: []Email{{SMTPSettings: &test.settings}}}}
		var faults fault.List
		p.checkDefinition(judges, &faults)
		text := ""
		if err := faults.Err(); err != nil {
			text = err.Error()
		}
		for _, member := range []string{"SmtpServer", "Port", "SenderEmail"} {
			for _, path := range []string{"Pearl.SmtpSettings.", "Pearl.EmailSettings[0].SmtpSettings."} {
				if strings.Contains(text, path+member) != (member == test.member) {
					t.Errorf("%+v: %s: %s", test.settings, path+member, text)
				}
			}
		}
	}
}
