package postgres

import (
	"os/exec"
	"runtime"
	"strings"
)

// NotFoundError says that there is no usable PostgreSQL on the machine and that
// none could be fetched.
type NotFoundError struct {
	// Hint is the command that installs the one package needed here.
	Hint string
	// Rejected are the reasons against the installations that were found.
	Rejected []error
	// Fetch is why fetching failed.
	Fetch error
}

// Error tells what to do in its first line.
func (e *NotFoundError) Error() string {
	var b strings.Builder
	b.WriteString("find PostgreSQL: none found and none could be fetched; install it with `")
	b.WriteString(e.Hint)
	b.WriteString("`, or name the directory of its programs on PATH or by the setting for it")
	for _, err := range e.Rejected {
		b.WriteString("\n  not used: " + err.Error())
	}
	b.WriteString("\n  fetching: " + e.Fetch.Error())
	return b.String()
}

// Unwrap returns the reason why fetching failed.
func (e *NotFoundError) Unwrap() error { return e.Fetch }

func installHint() string {
	return installCommand(runtime.GOOS, func(program string) bool {
		_, err := exec.LookPath(program)
		return err == nil
	})
}

// installCommand chooses by the operating system and the package manager that
// is there.
func installCommand(goos string, has func(program string) bool) string {
	if goos == "darwin" {
		return "brew install postgresql@18"
	}
	for _, manager := range []struct{ program, command string }{
		{"apt-get", "apt-get install postgresql"},
		{"dnf", "dnf install postgresql-server"},
		{"yum", "yum install postgresql-server"},
		{"zypper", "zypper install postgresql-server"},
		{"apk", "apk add postgresql"},
		{"pacman", "pacman -S postgresql"},
		{"pkg", "pkg install postgresql18-server"},
	} {
		if has(manager.program) {
			return manager.command
		}
	}
	return "apt-get install postgresql"
}
