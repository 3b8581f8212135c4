package providertest

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
)

// MailServer takes e-mails on loopback (RFC 5321), with STARTTLS where there is a certificate, and returns what it was told, by
// connection, when that ends.
func MailServer(t *testing.T, certificate *tls.Certificate) (port int, told <-chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	all := make(chan string, 16)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { all <- takeMail(conn, certificate) }()
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port, all
}

// takeMail takes the e-mails of a connection.
func takeMail(conn net.Conn, certificate *tls.Certificate) string {
	defer func() { _ = conn.Close() }()
	var all strings.Builder
	in := bufio.NewReader(conn)
	say := func(text string) { fmt.Fprintf(conn, "%s\r\n", text) }
	say("220 mail")
	data := false
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return all.String()
		}
		all.WriteString(line)
		switch word := strings.ToUpper(strings.Fields(line + " x")[0]); {
		case data && line == ".\r\n":
			data = false
			say("250 taken")
		case data:
		case word == "EHLO" && certificate != nil:
			say("250-mail\r\n250-STARTTLS\r\n250 AUTH PLAIN")
		case word == "EHLO":
			say("250 mail")
		case word == "STARTTLS":
			say("220 go")
			conn = tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{*certificate}})
			in = bufio.NewReader(conn)
			all.WriteString("(TLS)\r\n")
		case word == "AUTH":
			say("235 ok")
		case word == "DATA":
			data = true
			say("354 go")
		case word == "QUIT":
			say("221 bye")
			return all.String()
		default:
			say("250 ok")
		}
	}
}
