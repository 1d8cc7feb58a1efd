package plugin

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"time"

	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	"k8s.io/apimachinery/pkg/util/version"
)

// VersionEnv overrides which version of Velero the plugin takes its server
// for, as "v1.18.3": for a build that tells no version.
const VersionEnv = "KRM_VELERO_VERSION"

// skipSince is the first Velero that leaves out of a backup what an action
// marks with velero.io/skip-from-backup (pkg/backup/item_backupper.go): 1.18.0
// backs it up, mark and all.
const skipSince = "1.18.1"

// versionTimeout bounds how long the server's executable may take to print its
// version: it needs tens of milliseconds, and a backup waits for it.
const versionTimeout = 10 * time.Second

// server is the Velero server that started the plugin.
type server struct {
	// executable of the server.
	executable string
	// override is the version to believe, empty for none.
	override string

	once    sync.Once
	skips   bool
	version string
	err     error
}

// newServer returns the process that started this one.
func newServer() *server {
	return &server{
		executable: fmt.Sprintf("/proc/%d/exe", os.Getppid()),
		override:   os.Getenv(VersionEnv),
	}
}

// skipsFromBackup reports whether the server leaves marked objects out of a
// backup, and which version it is. It asks once and remembers.
func (s *server) skipsFromBackup(ctx context.Context) (skips bool, velero string, err error) {
	s.once.Do(func() { s.skips, s.version, s.err = s.find(ctx) })
	return s.skips, s.version, s.err
}

// find believes the operator and a release version. Builds from a branch, as
// distributions make them, tell "main", nothing, or a release with a suffix of
// their own; those are asked for the annotation's name.
func (s *server) find(ctx context.Context) (skips bool, velero string, err error) {
	velero = s.override
	if velero == "" {
		velero, err = clientVersion(ctx, s.executable)
	}
	v, parseErr := version.ParseGeneric(velero)
	if err == nil && parseErr == nil && (s.override != "" || !strings.ContainsAny(velero, "-+")) {
		return v.AtLeast(version.MustParseGeneric(skipSince)), velero, nil
	}
	skips, scanErr := fileHolds(ctx, s.executable, []byte(velerov1api.SkipFromBackupAnnotation))
	if scanErr != nil {
		return false, "", fmt.Errorf("find the version of the Velero server: %w; set %s on the Velero container, as v1.18.3", errors.Join(err, scanErr), VersionEnv)
	}
	if velero == "" {
		velero = "of an unknown version"
	}
	return skips, velero, nil
}

// clientVersion asks an executable of Velero for its version.
func clientVersion(ctx context.Context, executable string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, versionTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, executable, "version", "--client-only")
	cmd.Env = []string{"HOME=" + os.TempDir()}
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("run velero version: %w", err)
	}
	m := regexp.MustCompile(`(?m)^\s*Version:[ \t]*(\S*)`).FindSubmatch(out)
	if m == nil {
		return "", errors.New("run velero version: no line with a version")
	}
	return string(m[1]), nil
}

// fileHolds reports whether a file contains needle. It reads piecewise: Velero
// is a binary of some 150 MB.
func fileHolds(ctx context.Context, path string, needle []byte) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	buf, kept := make([]byte, 1<<20), 0
	for ctx.Err() == nil {
		n, err := f.Read(buf[kept:])
		if bytes.Contains(buf[:kept+n], needle) {
			return true, nil
		}
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		tail := min(len(needle)-1, kept+n)
		kept = copy(buf, buf[kept+n-tail:kept+n])
	}
	return false, ctx.Err()
}
