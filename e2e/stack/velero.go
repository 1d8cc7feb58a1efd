package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
)

// VeleroNamespace is where Velero and its objects are.
const VeleroNamespace = "velero"

// veleroGrace is what a stopping Velero gets to end its plugins itself.
const veleroGrace = 5 * time.Second

// Velero is a running Velero server.
type Velero struct {
	// Binary is the executable it runs.
	Binary string
	// LogFile holds the server's log, with its plugins' lines, for as long as
	// the stack runs; a restart appends.
	LogFile string
	// PluginDir holds the plugin executables. What is put there later is found
	// by the next start.
	PluginDir string
	// TempDir is the server's TMPDIR, where it unpacks backups.
	TempDir string

	config  VeleroConfig // to start it again as it is
	process *process
}

// StartVelero installs Velero's CRDs and objects into the control plane, starts
// the server and returns when its BackupStorageLocation is available. [Start]
// has done that already; use it to start another server after the first was
// stopped, or call [Stack.RestartVelero].
//
// # Errors
//
// [*MissingProgramError], [*ProcessError].
func (s *Stack) StartVelero(ctx context.Context, cfg VeleroConfig) error {
	if s.Velero != nil {
		return errors.New("start velero: it runs already; stop it first")
	}
	if cfg.Binary == "" {
		cfg.Binary = filepath.Join(s.cfg.Bin, "velero-stock")
	}
	binary, err := executable(cfg.Binary)
	if err != nil {
		return err
	}
	cfg.Binary = binary
	v, err := s.prepareVelero(cfg)
	if err != nil {
		return fmt.Errorf("prepare velero: %w", err)
	}
	if err := s.installVelero(ctx, binary); err != nil {
		return fmt.Errorf("install velero: %w", err)
	}
	if err := s.runVelero(ctx, v, cfg); err != nil {
		return err
	}
	if err := s.setVelero(v); err != nil {
		return err
	}
	s.cfg.Logger.Info("velero is ready", "binary", filepath.Base(binary), "plugins", v.PluginDir)
	return nil
}

// StopVelero ends the server and its plugins; control plane and S3 server go
// on. Stopping one that does not run does nothing.
func (s *Stack) StopVelero() {
	if s.Velero == nil {
		return
	}
	s.Velero.process.stop(veleroGrace)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Velero = nil
}

// setVelero takes a server over, or ends it when the stack has been stopped
// while it started.
func (s *Stack) setVelero(v *Velero) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		v.process.stop(0)
		return errors.New("start velero: the stack has been stopped")
	}
	s.Velero = v
	return nil
}

// RestartVelero stops the server and starts it as cfg says.
func (s *Stack) RestartVelero(ctx context.Context, cfg VeleroConfig) error {
	s.StopVelero()
	return s.StartVelero(ctx, cfg)
}

// prepareVelero lays out folders, plugins and the credentials file.
func (s *Stack) prepareVelero(cfg VeleroConfig) (*Velero, error) {
	base := filepath.Join(s.Dir, "velero")
	v := &Velero{
		Binary:    cfg.Binary,
		config:    cfg,
		LogFile:   filepath.Join(s.Dir, "velero.log"),
		PluginDir: filepath.Join(base, "plugins"),
		TempDir:   filepath.Join(base, "tmp"),
	}
	if err := os.RemoveAll(base); err != nil {
		return nil, err
	}
	for _, dir := range []string{v.PluginDir, v.TempDir, s.veleroHome()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	credentials := fmt.Sprintf("[default]\naws_access_key_id=%s\naws_secret_access_key=%s\n", s.S3.AccessKey, s.S3.SecretKey)
	if err := os.WriteFile(s.credentialsFile(), []byte(credentials), 0o600); err != nil {
		return nil, err
	}
	aws, err := s.cfg.program("velero-plugin-for-aws")
	if err != nil {
		return nil, err
	}
	for _, plugin := range append([]string{aws}, cfg.Plugins...) {
		if err := installProgram(plugin, v.PluginDir); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// runVelero starts the server and waits until it can reach the bucket.
func (s *Stack) runVelero(ctx context.Context, v *Velero, cfg VeleroConfig) error {
	p, err := startProcess(command{
		name: "velero", path: v.Binary, dir: s.Dir,
		args: append([]string{
			"server", "--plugin-dir", v.PluginDir,
			"--client-qps", "500", "--client-burst", "1000",
			// The defaults are fixed ports, on which the next stack would fail.
			"--metrics-address", "127.0.0.1:0", "--profiler-address", "127.0.0.1:0",
		}, cfg.Flags...),
		env: append(s.veleroEnv(v), cfg.Env...),
	})
	if err != nil {
		return err
	}
	v.process = p
	err = p.waitReady(ctx, s.cfg.StartTimeout, s.locationAvailable)
	if err != nil {
		p.stop(0)
	}
	return err
}

// veleroEnv is the whole environment of the server, and so of its plugins,
// before the caller's own variables.
func (s *Stack) veleroEnv(v *Velero) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + s.veleroHome(),
		"TMPDIR=" + v.TempDir,
		"KUBECONFIG=" + s.ControlPlane.Kubeconfig,
		"VELERO_NAMESPACE=" + VeleroNamespace,
		"AWS_SHARED_CREDENTIALS_FILE=" + s.credentialsFile(),
		// Without it the SDK asks the metadata service of a cloud it is not in.
		"AWS_EC2_METADATA_DISABLED=true",
	}
}

func (s *Stack) veleroHome() string      { return filepath.Join(s.Dir, "velero", "home") }
func (s *Stack) credentialsFile() string { return filepath.Join(s.veleroHome(), "credentials") }

// locationAvailable reports whether this server has validated the bucket and,
// when others write to it, knows the backups in it.
func (s *Stack) locationAvailable(ctx context.Context) (bool, error) {
	var location velerov1api.BackupStorageLocation
	if err := s.ControlPlane.Client.Get(ctx, locationKey, &location); err != nil {
		return false, err
	}
	st := location.Status
	switch {
	case st.Phase != velerov1api.BackupStorageLocationPhaseAvailable:
	case !s.shared():
		return true, nil
	case st.LastValidationTime != nil && st.LastSyncedTime != nil:
		return true, nil
	}
	return false, fmt.Errorf("BackupStorageLocation %q is %q: %s", locationKey.Name, location.Status.Phase, location.Status.Message)
}

// Command runs the server's own executable as a command of an operator, with
// the stack's cluster, as "plugin", "get", and returns what it printed. It may
// be called concurrently.
func (s *Stack) Command(ctx context.Context, args ...string) (string, error) {
	if s.Velero == nil {
		return "", errors.New("run velero: it does not run")
	}
	cmd := exec.CommandContext(ctx, s.Velero.Binary, args...)
	cmd.Env = s.veleroEnv(s.Velero)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("run velero %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return string(out), nil
}

// crds asks a velero executable for the CRDs it wants.
func crds(ctx context.Context, binary, home string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, binary, "install", "--crds-only", "--dry-run", "-o", "yaml")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home}
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return nil, fmt.Errorf("run %s install: %w: %s", filepath.Base(binary), err, exit.Stderr)
	}
	return out, err
}

// installProgram links an executable into dir under its base name, or copies it
// where a link cannot reach. A symbolic link would do for the kernel, but not
// for what looks at its own path.
func installProgram(path, dir string) error {
	path, err := executable(path)
	if err != nil {
		return err
	}
	target := filepath.Join(dir, filepath.Base(path))
	if err := os.Link(path, target); err == nil {
		return nil
	}
	return copyProgram(path, target)
}

// copyProgram copies an executable.
func copyProgram(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}
