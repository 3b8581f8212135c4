package app

import (
	"net/url"
	"os"
	"runtime"
	"strings"
	"syscall"
)

const databaseURLVariable = "NACRE_DATABASE_URL"

// HidePassword starts this program anew, as the same process, where its arguments name a database with a password: every user
// of the machine may read arguments (ps), the environment only the same user. It returns where there is nothing to hide, or
// where the system cannot do it.
func HidePassword() error {
	args, databaseURL := withoutPassword(os.Args)
	if databaseURL == "" {
		return nil
	}
	program := "/proc/self/exe" // still this program when its file was replaced
	if runtime.GOOS != "linux" {
		var err error
		if program, err = os.Executable(); err != nil {
			return err
		}
	}
	environment := []string{databaseURLVariable + "=" + databaseURL}
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, databaseURLVariable+"=") {
			environment = append(environment, variable)
		}
	}
	return syscall.Exec(program, args, environment)
}

// withoutPassword are the arguments without a --database-url that holds a password, and that URL, "" without one.
func withoutPassword(args []string) (kept []string, databaseURL string) {
	for n := 0; n < len(args); n++ {
		value, found := strings.CutPrefix(args[n], "--database-url=")
		if args[n] == "--" {
			return append(kept, args[n:]...), databaseURL
		}
		if args[n] == "--database-url" && n+1 < len(args) {
			value, found = args[n+1], true
		}
		if !found || !holdsPassword(value) {
			kept = append(kept, args[n])
			continue
		}
		databaseURL = value // the last one counts
		if args[n] == "--database-url" {
			n++
		}
	}
	return kept, databaseURL
}

func holdsPassword(databaseURL string) bool {
	u, err := url.Parse(databaseURL)
	if err != nil {
		return strings.Contains(databaseURL, "@") || strings.Contains(databaseURL, "password")
	}
	if _, has := u.User.Password(); has {
		return true
	}
	return u.Query().Has("password") || u.Query().Has("sslpassword")
}
