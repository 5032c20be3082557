package config

import (
	"fmt"
	"os"
	"path/filepath"

	"playersync/syncer/trust"
)

// fileName is that of the configuration in the working directory and elsewhere.
const fileName = "syncer.yaml"

// usualFile returns the first of these that exists, or "": syncer.yaml here, unless the user
// is root, in the user's configuration directory, and in /etc. It names programs to run, so a
// file that somebody else may have written is refused.
func usualFile(root bool) (string, error) {
	var places []string
	if !root { // who may be led into any directory
		places = append(places, fileName)
	}
	if dir, err := os.UserConfigDir(); err == nil {
		places = append(places, filepath.Join(dir, "playersync", fileName))
	}
	places = append(places, "/etc/playersync/"+fileName)
	for _, place := range places {
		if info, err := os.Stat(place); err == nil && !info.IsDir() {
			return place, checkTrust(place)
		}
	}
	return "", nil
}

// checkTrust refuses a file that others than the user and root could have written, or put
// where it is.
func checkTrust(file string) error {
	if err := trust.Check(file); err != nil {
		return fmt.Errorf("configuration %s: %w: change that, or name the file by --config if you trust it", file, err)
	}
	return nil
}

// defaultDataDir is where state is kept if nobody says otherwise. Root's home is
// closed to the user who runs the private server, so root's is the system's.
func defaultDataDir() (string, error) {
	if os.Geteuid() == 0 {
		return "/var/lib/playersync", nil
	}
	if dir := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "playersync"), nil
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "state", "playersync"), err
}
