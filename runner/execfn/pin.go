package execfn

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/internal/hint"
)

// pinned makes sure that what runs has the pinned content.
type pinned struct {
	sum  string
	copy *os.File // sealed copy in memory, nil when there is none

	mu   sync.Mutex
	file fileIdentity // of the file that had the content
}

// fileIdentity tells one state of one file from every other: any write
// changes ctime, which nobody can set.
type fileIdentity struct {
	dev, ino     uint64
	size         int64
	mtime, ctime unix.Timespec
}

// digestOf reads the digest of file. With a pin it is checked and kept.
func digestOf(file *os.File, pin string, isScript bool) (*pinned, string, error) {
	hash := sha256.New()
	var dst io.Writer = hash
	p := &pinned{sum: pin}
	if pin != "" {
		if err := p.identify(file); err != nil {
			return nil, "", err
		}
		if !isScript {
			p.copy = newMemoryFile(file.Name())
		}
		if p.copy != nil {
			dst = io.MultiWriter(hash, p.copy)
		}
	}
	if _, err := io.Copy(dst, file); err != nil {
		return nil, "", fmt.Errorf("read executable: %w", err)
	}
	sum := hex.EncodeToString(hash.Sum(nil))
	switch {
	case pin == "":
		return nil, sum, nil
	case sum != pin:
		return nil, "", digestError(file.Name(), sum, pin)
	}
	return p, sum, p.seal()
}

func digestError(path, sum, pin string) error {
	return &hinted{
		fmt.Errorf("%w: %s has %s, the pin is %s", runner.ErrDigest, path, sum, pin),
		hint.Pin,
	}
}

// newMemoryFile returns an empty file in memory that can be executed, or nil
// where that is not permitted (sysctl vm.memfd_noexec, seccomp).
func newMemoryFile(name string) *os.File {
	const mfdExec = 0x10 // since Linux 6.3; older kernels refuse the flag
	for _, exec := range []int{mfdExec, 0} {
		fd, err := unix.MemfdCreate("krm-function", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|exec)
		if err == nil {
			return os.NewFile(uintptr(fd), name)
		}
	}
	return nil
}

// seal forbids every further change of the copy.
func (p *pinned) seal() error {
	if p.copy == nil {
		return nil
	}
	const seals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
	if err := p.copy.Chmod(0o500); err != nil {
		return fmt.Errorf("make copy executable: %w", err)
	}
	if _, err := unix.FcntlInt(p.copy.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return fmt.Errorf("seal copy of executable: %w", err)
	}
	return nil
}

// executable returns the path to execute.
func (p *pinned) executable(path string) (string, error) {
	if p.copy != nil {
		return fmt.Sprintf("/proc/self/fd/%d", p.copy.Fd()), nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	file, err := openExecutable(path)
	if err != nil {
		return "", err
	}
	defer file.Close() //nolint:errcheck // only read
	before := p.file
	if err := p.identify(file); err != nil || p.file == before {
		return path, err
	}
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", fmt.Errorf("read executable: %w", err)
	}
	if sum := hex.EncodeToString(hash.Sum(nil)); sum != p.sum {
		p.file = before
		return "", digestError(path, sum, p.sum)
	}
	return path, nil
}

func (p *pinned) identify(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fmt.Errorf("read identity of %s: not a file of this system", file.Name())
	}
	p.file = fileIdentity{
		dev: st.Dev, ino: st.Ino, size: st.Size,
		mtime: unix.Timespec{Sec: st.Mtim.Sec, Nsec: st.Mtim.Nsec},
		ctime: unix.Timespec{Sec: st.Ctim.Sec, Nsec: st.Ctim.Nsec},
	}
	return nil
}
