package stack

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// BinEnv names the environment variable that holds the folder of the built
// programs.
const BinEnv = "VELERO_KRM_BIN"

// startTimeout bounds each wait for a process to become ready. A stack starts
// in about five seconds on two idle cores; the rest is for loaded machines.
const startTimeout = 2 * time.Minute

// Config says what to start. The zero value starts the unmodified stack.
type Config struct {
	// Bin is the folder of the built programs. Default: $VELERO_KRM_BIN, else
	// bin beside the e2e module that the working directory is in.
	Bin string
	// Dir is the folder for data and logs; made when missing. Default: a new
	// folder in the system's place for temporary files. A long path breaks
	// Velero's plugins, whose socket paths must stay under 108 bytes.
	Dir string
	// Keep leaves Dir in place on Stop. A Dir that the caller named is always
	// left.
	Keep bool
	// Logger gets one line per step and per progress of a backup or restore, at
	// level Info. Default: discarded.
	Logger *slog.Logger
	// StartTimeout bounds each wait for a process to become ready. Default 2
	// minutes.
	StartTimeout time.Duration
	// Manifests are folders or files to apply before Velero starts, as
	// [ControlPlane.ApplyDir] does: the place for CRDs.
	Manifests []string
	// S3 is the server of another stack, which is not stopped with this one: for
	// restores on another cluster. The backups in its bucket are Backups of this
	// cluster as soon as Velero has started; those made later are after a restart.
	// Default: a server of its own.
	S3 *S3
	// Velero says how to run the Velero server.
	Velero VeleroConfig
}

// VeleroConfig says which Velero server to run, and with what.
type VeleroConfig struct {
	// Binary is the velero executable; its CRDs are installed too. Default:
	// velero-stock in Config.Bin.
	Binary string
	// Plugins are executables to put into the plugin directory beside
	// velero-plugin-for-aws, under their base names.
	Plugins []string
	// Env are further variables, NAME=value. The server and its plugins inherit
	// nothing from this process but PATH.
	Env []string
	// Flags are appended to `velero server`.
	Flags []string
}

// withDefaults fills what the caller left empty.
func (c Config) withDefaults() (Config, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.StartTimeout == 0 {
		c.StartTimeout = startTimeout
	}
	if c.Bin == "" {
		bin, err := findBin()
		if err != nil {
			return c, err
		}
		c.Bin = bin
	}
	bin, err := filepath.Abs(c.Bin)
	if err != nil {
		return c, err
	}
	c.Bin = bin
	return c, nil
}

// findBin returns $VELERO_KRM_BIN or the bin folder beside the e2e module that
// the working directory is in.
func findBin() (string, error) {
	if bin := os.Getenv(BinEnv); bin != "" {
		return bin, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		_, err := os.Stat(filepath.Join(dir, "go.mod"))
		if err == nil {
			return filepath.Join(dir, "..", "bin"), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("find the built programs: no go.mod above the working directory; set %s", BinEnv)
		}
		dir = parent
	}
}

// program returns the path of a built program.
//
// # Errors
//
// [*MissingProgramError] when it does not exist or is not executable.
func (c Config) program(name string) (string, error) {
	return executable(filepath.Join(c.Bin, name))
}

// executable returns path as an absolute path when it is an executable file.
func executable(path string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", &MissingProgramError{Path: path, Err: err}
	}
	if !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return "", &MissingProgramError{Path: path, Err: errors.New("not an executable file")}
	}
	return path, nil
}

// workspace makes the folder of a stack, or of a piece alone. The returned
// function removes it, unless the caller named it or wants to keep it.
func (c *Config) workspace() (remove func() error, err error) {
	named := c.Dir != ""
	if named {
		err = os.MkdirAll(c.Dir, 0o700)
	} else {
		c.Dir, err = os.MkdirTemp("", "velero-krm-")
	}
	if err != nil {
		return nil, fmt.Errorf("make the stack's folder: %w", err)
	}
	dir := c.Dir
	if named || c.Keep {
		return func() error { return nil }, nil
	}
	return func() error { return os.RemoveAll(dir) }, nil
}
