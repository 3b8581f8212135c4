package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Cluster is a PostgreSQL of a test's own.
type Cluster struct {
	address   url.URL
	folder    string
	asUser    []string // prefix of commands, where the tests run as root
	databases atomic.Int64
	binary    func(name string) string
}

// StartPostgres starts a PostgreSQL for the test alone, in a temporary folder and on a socket there, and returns the URL
// of an empty database on it. It ends with the test. In -short the test is skipped; where PostgreSQL is missing it fails.
func StartPostgres(t *testing.T) (databaseURL string) {
	t.Helper()
	return StartCluster(t).NewDatabase(t)
}

// StartCluster is StartPostgres for tests that need several databases. PostgreSQL refuses to run as root: there it runs
// as the user postgres, which its packages make.
func StartCluster(t testing.TB) *Cluster {
	t.Helper()
	if testing.Short() {
		t.Skip("needs PostgreSQL")
	}
	c := &Cluster{}
	bin, err := postgresFolder()
	if err != nil {
		t.Fatal(err)
	}
	c.binary = func(name string) string { return filepath.Join(bin, name) }
	// Not t.TempDir: a socket's path may have 107 bytes, and its parents must be open to another user.
	if c.folder, err = os.MkdirTemp("/tmp", "nacre-postgres-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(c.folder); err != nil {
			t.Errorf("remove cluster: %v", err)
		}
	})
	if os.Getuid() == 0 {
		owner, err := user.Lookup("postgres")
		if err != nil {
			t.Fatal(err)
		}
		uid, errUID := strconv.Atoi(owner.Uid)
		gid, errGID := strconv.Atoi(owner.Gid)
		if err := errors.Join(errUID, errGID, os.Chown(c.folder, uid, gid)); err != nil {
			t.Fatal(err)
		}
		c.asUser = []string{"runuser", "-u", "postgres", "--"}
	}
	data := filepath.Join(c.folder, "data")
	if out, err := c.command(c.binary("initdb"), "-D", data, "-U", "nacre", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	c.serve(t, data)
	c.address = url.URL{Scheme: "postgres", User: url.User("nacre"), Path: "/postgres", RawQuery: url.Values{"host": {c.folder}}.Encode()}
	return c
}

func (c *Cluster) command(name string, args ...string) *exec.Cmd {
	all := append(append(slices.Clone(c.asUser), name), args...)
	command := exec.Command(all[0], all[1:]...)
	command.Dir = c.folder
	return command
}

// serve starts the server and waits until it answers. Durability is left on: transactions cost what they cost.
func (c *Cluster) serve(t testing.TB, data string) {
	t.Helper()
	var log bytes.Buffer
	// max_wal_size keeps forced checkpoints out of short measurements; nothing of a test has to outlive the machine (fsync).
	server := c.command(c.binary("postgres"), "-D", data, "-k", c.folder, "-c", "listen_addresses=", "-c", "max_connections=200",
		"-c", "shared_buffers=256MB", "-c", "max_wal_size=4GB", "-c", "fsync=off", "-c", "full_page_writes=off")
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan error, 1)
	go func() { exited <- server.Wait() }()
	t.Cleanup(func() {
		// runuser hands the signal on; SIGINT is PostgreSQL's fast shutdown, SIGTERM would wait for clients.
		pid := postmaster(data)
		if pid == 0 {
			pid = server.Process.Pid
		}
		if err := syscall.Kill(pid, syscall.SIGINT); err != nil {
			t.Errorf("stop PostgreSQL: %v", err)
		}
		select {
		case <-exited:
		case <-time.After(30 * time.Second):
			t.Errorf("PostgreSQL does not stop:\n%s", log.String())
			_ = server.Process.Kill()
		}
	})
	deadline := time.After(30 * time.Second)
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		out, err := c.command(c.binary("pg_isready"), "-h", c.folder, "-U", "nacre", "-d", "postgres").CombinedOutput()
		if err == nil {
			return
		}
		select {
		case err := <-exited:
			exited <- err
			t.Fatalf("PostgreSQL ended: %v\n%s", err, log.String())
		case <-deadline:
			t.Fatalf("PostgreSQL does not answer: %s\n%s", out, log.String())
		case <-ticker.C:
		}
	}
}

// postmaster is the server's process id, 0 when it cannot be told.
func postmaster(data string) int {
	raw, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := bytes.Cut(raw, []byte("\n"))
	pid, err := strconv.Atoi(string(first))
	if err != nil {
		return 0
	}
	return pid
}

// NewDatabase makes an empty database and returns its URL.
func (c *Cluster) NewDatabase(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", c.databases.Add(1))
	if out, err := c.command(c.binary("createdb"), "-h", c.folder, "-U", "nacre", name).CombinedOutput(); err != nil {
		t.Fatalf("createdb: %v\n%s", err, out)
	}
	address := c.address
	address.Path = "/" + name
	return address.String()
}

// postgresFolder is where the server's programs are: where Debian puts them, the newest first, else on the path.
func postgresFolder() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err == nil && len(found) > 0 {
		slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
		return filepath.Dir(found[0]), nil
	}
	server, err := exec.LookPath("postgres")
	if err != nil {
		return "", errors.New("PostgreSQL is not installed: these tests need its programs (Debian: postgresql)")
	}
	return filepath.Dir(server), nil
}

func version(path string) int {
	n, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	if err != nil {
		return 0
	}
	return n
}
