package app

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestCertificateIsReadAgain: a renewal takes effect without a restart, half of one does not.
func TestCertificateIsReadAgain(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	cert, key := filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	at := time.Now().Add(-time.Hour)
	write := func(serial int64, files ...string) {
		t.Helper()
		at = at.Add(time.Minute)
		writeCertificate(t, cert, key, serial, at, files...)
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer inner.Close()
	log := slog.New(slog.DiscardHandler)
	if _, err := overTLS(inner, cert, key, log); err == nil {
		t.Error("starts without a certificate")
	}
	write(1, cert, key)
	listener, err := overTLS(inner, cert, key, log)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = conn.(*tls.Conn).Handshake(); _ = conn.Close() }()
		}
	}()
	served := func() int64 {
		t.Helper()
		conn, err := tls.Dial("tcp", inner.Addr().String(), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	if got := served(); got != 1 {
		t.Errorf("certificate %d", got)
	}
	write(2, cert) // the key is still the old one
	if got := served(); got != 1 {
		t.Errorf("half a renewal: certificate %d", got)
	}
	write(3, cert, key)
	if got := served(); got != 3 {
		t.Errorf("after the renewal: certificate %d", got)
	}
}

// writeCertificate writes those files of a new certificate and its key that are named, as changed at the time.
func writeCertificate(t *testing.T, cert, key string, serial int64, at time.Time, files ...string) {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, secret.Public(), secret)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(secret)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		block := &pem.Block{Type: "CERTIFICATE", Bytes: raw}
		if file == key {
			block = &pem.Block{Type: "PRIVATE KEY", Bytes: private}
		}
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, at, at); err != nil {
			t.Fatal(err)
		}
	}
}
