package action

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/smtp"
	"slices"
	"strconv"
	"strings"
	"time"

	"nacre/internal/call"
	"nacre/internal/destination"
)

// mailPorts are those that servers take e-mail on; a Pearl names no others, as it could knock at doors of strangers.
var mailPorts = []int{25, 465, 587, 2525}

const (
	mostMail       = 256 << 10 // bytes
	mostRecipients = 20
)

// mail hands an e-mail in. It goes to the person where the message names nobody.
func (d *Doer) mail(ctx context.Context, m call.Message, values map[string]any) error {
	s := m.SMTP
	if s == nil {
		return failed("there is no mail server")
	}
	if !slices.Contains(mailPorts, s.Port) && !d.config.AllowPrivate {
		return failed("the mail server's port is none of mail servers")
	}
	if !d.config.AllowPrivate {
		if err := (destination.Networks{}).CheckHost(s.Host); err != nil {
			return fmt.Errorf("mail server refused: %w", err)
		}
	}
	to, cc, err := recipients(m, values)
	if err != nil {
		return err
	}
	from, err := mail.ParseAddress(s.Sender)
	if err != nil {
		return failed("the sender's address is wrong")
	}
	from.Name = oneLine(s.Name)
	text, err := compose(from, to, cc, fill(m.Subject, values), fill(m.Body, values))
	if err != nil {
		return err
	}
	return d.submit(ctx, *s, from.Address, append(slices.Clone(to), cc...), text)
}

// recipients are those of the message, else the person: the address of callData, else one that was told in the talk.
func recipients(m call.Message, values map[string]any) (to, cc []*mail.Address, err error) {
	parse := func(texts []string) (list []*mail.Address, err error) {
		for _, text := range texts {
			if text = oneLine(fill(text, values)); text == "" {
				continue
			}
			address, err := mail.ParseAddress(text)
			if err != nil || strings.ContainsAny(address.Address, "\r\n<> ") {
				return nil, failed("an e-mail address is wrong")
			}
			list = append(list, &mail.Address{Address: address.Address})
		}
		return list, nil
	}
	texts := m.To
	if len(texts) == 0 {
		for _, id := range []string{"emailAddress", "email", "e_mail", "mail"} {
			if value, ok := values[id].(string); ok && strings.TrimSpace(value) != "" {
				texts = []string{value}
				break
			}
		}
	}
	if to, err = parse(texts); err == nil {
		cc, err = parse(m.CC)
	}
	switch {
	case err != nil:
		return nil, nil, err
	case len(to) == 0:
		return nil, nil, failed("their e-mail address is not known: ask for it, and collect it")
	case len(to)+len(cc) > mostRecipients:
		return nil, nil, failed("there are too many recipients")
	}
	return to, cc, nil
}

// compose writes a message (RFC 5322) of plain text.
func compose(from *mail.Address, to, cc []*mail.Address, subject, body string) ([]byte, error) {
	var b bytes.Buffer
	header := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	list := func(all []*mail.Address) string {
		texts := make([]string, len(all))
		for n, a := range all {
			texts[n] = a.String()
		}
		return strings.Join(texts, ", ")
	}
	header("From", from.String())
	header("To", list(to))
	if len(cc) > 0 {
		header("Cc", list(cc))
	}
	header("Subject", mime.QEncoding.Encode("utf-8", oneLine(subject)))
	header("Date", time.Now().Format(time.RFC1123Z))
	_, domain, _ := strings.Cut(from.Address, "@")
	header("Message-ID", "<"+rand.Text()+"@"+domain+">")
	header("MIME-Version", "1.0")
	header("Content-Type", "text/plain; charset=utf-8")
	header("Content-Transfer-Encoding", "quoted-printable")
	header("Auto-Submitted", "auto-generated")
	b.WriteString("\r\n")
	w := quotedprintable.NewWriter(&b)
	if _, err := w.Write([]byte(body)); err != nil {
		return nil, fmt.Errorf("write e-mail: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("write e-mail: %w", err)
	}
	if b.Len() > mostMail {
		return nil, failed("the e-mail is too long")
	}
	return b.Bytes(), nil
}

// submit speaks SMTP (RFC 6409): TLS at once on port 465, else STARTTLS where it is offered, and always where TLS is wanted. A
// password goes over TLS alone.
func (d *Doer) submit(ctx context.Context, s call.SMTP, from string, to []*mail.Address, text []byte) error {
	conn, err := d.dialer.DialContext(ctx, "tcp", net.JoinHostPort(s.Host, strconv.Itoa(s.Port)))
	if err != nil {
		return err
	}
	defer conn.Close()
	if until, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(until)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	settings := &tls.Config{ServerName: s.Host, RootCAs: d.roots, MinVersion: tls.VersionTLS12}
	secure := s.Port == 465
	if secure {
		conn = tls.Client(conn, settings)
	}
	client, err := smtp.NewClient(conn, s.Host)
	if err != nil {
		return err
	}
	defer client.Close()
	if offered, _ := client.Extension("STARTTLS"); offered && !secure {
		if err := client.StartTLS(settings); err != nil {
			return fmt.Errorf("start TLS: %w", err)
		}
		secure = true
	}
	if s.TLS && !secure {
		return failed("the mail server offers no encryption")
	}
	if s.Password != "" {
		if !secure {
			return failed("the mail server offers no encryption for the password")
		}
		if err := client.Auth(smtp.PlainAuth("", from, s.Password, s.Host)); err != nil {
			d.log.Warn("a mail server refused the credentials of a Pearl", "error", err)
			return failed("the mail server refused the credentials")
		}
	}
	refused := func(err error) error {
		d.log.Warn("a mail server refused an e-mail", "error", err)
		return failed("the mail server refused the e-mail")
	}
	if err := client.Mail(from); err != nil {
		return refused(err)
	}
	for _, address := range to {
		if err := client.Rcpt(address.Address); err != nil {
			return refused(err)
		}
	}
	w, err := client.Data()
	if err != nil {
		return refused(err)
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return refused(err)
	}
	_ = client.Quit() // it has taken the message
	return nil
}
