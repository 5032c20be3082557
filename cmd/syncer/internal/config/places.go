package config

import (
	"os"
	"path/filepath"
)

// fileName is that of the configuration in the working directory and elsewhere.
const fileName = "syncer.yaml"

// usualFile returns the first of these that exists, or "": syncer.yaml here, in
// the user's configuration directory, and in /etc.
func usualFile() string {
	places := []string{fileName}
	if dir, err := os.UserConfigDir(); err == nil {
		places = append(places, filepath.Join(dir, "playersync", fileName))
	}
	places = append(places, "/etc/playersync/"+fileName)
	for _, place := range places {
		if info, err := os.Stat(place); err == nil && !info.IsDir() {
			return place
		}
	}
	return ""
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
