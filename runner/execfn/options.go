package execfn

import (
	"fmt"
	"strings"
	"time"

	"github.com/velero-krm/velero-krm/krm"
)

// Option changes how an [Exec] runs.
type Option func(*options) error

type options struct {
	name      string
	args      []string
	dir       string
	env       []string // KEY=value
	passEnv   []string
	sha256    string
	format    krm.Format
	maxStdout int64 // 0: by the size of the input
	maxStderr int
	grace     time.Duration
	limits    Limits
	clock     func() time.Time
}

const (
	// The floor of what a function may print: a batch of 2 MiB that grows
	// thirtyfold. Above it, outputFactor times what it was given, for whole
	// lists.
	minMaxStdout = 64 << 20
	outputFactor = 8
	// The same for YAML, which takes up to 30 times its size to read (60 MB made
	// of "- {}" took 1.8 GiB): Velero's pod has 512 MiB by default.
	minMaxYAML       = 16 << 20
	yamlOutputFactor = 4
	// Half of it is kept of the head, half of the tail.
	defaultMaxStderr = 16 << 10
)

func defaults() options {
	return options{
		format:    krm.JSON,
		maxStderr: defaultMaxStderr,
		clock:     time.Now, //nolint:forbidigo // the default of the clock option
	}
}

// Limits bound what the child may use of the machine. 0 means not set. They
// are set right after the child started and before it is given any input; its
// children inherit them.
//
// There is no limit on the number of processes: Linux counts those of the
// user in the whole system (RLIMIT_NPROC), not those of the child, so any
// number would be wrong for somebody. A container can limit it.
type Limits struct {
	// AddressSpace in bytes (RLIMIT_AS). A program in Go reserves some hundred
	// MiB more than it uses.
	AddressSpace uint64
	// FileSize in bytes of the largest file it may write (RLIMIT_FSIZE).
	FileSize uint64
	// OpenFiles is how many files it may have open (RLIMIT_NOFILE).
	OpenFiles uint64
	// CPUSeconds is how long it may compute, on all cores together (RLIMIT_CPU).
	CPUSeconds uint64
}

// WithName sets the name in errors. Default: the last element of the path.
func WithName(name string) Option {
	return func(o *options) error { o.name = name; return nil }
}

// WithArgs sets the arguments of the command line.
func WithArgs(args ...string) Option {
	return func(o *options) error { o.args = append([]string(nil), args...); return nil }
}

// WithDir sets the working directory, which the caller owns: calls that run at
// the same time share it. Default: a new one for each call, removed after it.
func WithDir(dir string) Option {
	return func(o *options) error { o.dir = dir; return nil }
}

// WithEnv adds variables, each KEY=value, to the environment of the child.
// Without it, this has PATH=/usr/local/bin:/usr/bin:/bin, HOME and TMPDIR (the
// working directory), and LANG=C.UTF-8. A later variable replaces an earlier
// one of the same name.
func WithEnv(env ...string) Option {
	return func(o *options) error {
		for _, kv := range env {
			if name, _, ok := strings.Cut(kv, "="); !ok || name == "" {
				return fmt.Errorf("environment variable %q is not of the form KEY=value", name)
			}
		}
		o.env = append(o.env, env...)
		return nil
	}
}

// WithPassEnv lets the child have variables of this process, those of the
// given names that are set when the function is called.
func WithPassEnv(names ...string) Option {
	return func(o *options) error {
		for _, name := range names {
			if name == "" || strings.Contains(name, "=") {
				return fmt.Errorf("%q is no name of an environment variable", name)
			}
		}
		o.passEnv = append(o.passEnv, names...)
		return nil
	}
}

// WithSHA256 pins the content of the file: 64 hex digits. An executable runs
// from a sealed copy in memory that was made when it was hashed, so what was
// hashed is what runs, whatever becomes of the file. A script has to be read
// by its interpreter from its path; it, and everything where such copies are
// not permitted, is hashed again before a call when the file is not the one,
// unchanged, that was hashed before (device, inode, size, and times of
// modification and change). The moment between that look and the start is not
// covered: who may write to the file in it can run something else.
func WithSHA256(sum string) Option {
	return func(o *options) error {
		sum = strings.ToLower(strings.TrimPrefix(sum, "sha256:"))
		if len(sum) != 64 || strings.Trim(sum, "0123456789abcdef") != "" {
			return fmt.Errorf("sha256 %q is not 64 hex digits", sum)
		}
		o.sha256 = sum
		return nil
	}
}

// WithFormat sets the wire format of the input. Default krm.JSON: every
// function that conforms to the specification reads it, and it costs the
// least. Output may be either, always.
func WithFormat(format krm.Format) Option {
	return func(o *options) error {
		if format != krm.JSON && format != krm.YAML {
			return fmt.Errorf("format %q is neither json nor yaml", format)
		}
		o.format = format
		return nil
	}
}

// WithMaxStdout sets how many bytes the function may print. Default: 8 times
// the size of the input, at least 64 MiB, and of YAML 4 times, at least 16 MiB.
func WithMaxStdout(bytes int64) Option {
	return func(o *options) error {
		if bytes <= 0 {
			return fmt.Errorf("maximum of stdout %d is not positive", bytes)
		}
		o.maxStdout = bytes
		return nil
	}
}

// WithMaxStderr sets how many bytes of stderr are kept, half of them from its
// head and half from its tail; what lies between is counted. Default 16 KiB.
func WithMaxStderr(bytes int) Option {
	return func(o *options) error {
		if bytes <= 0 {
			return fmt.Errorf("maximum of stderr %d is not positive", bytes)
		}
		o.maxStderr = bytes
		return nil
	}
}

// WithKillGrace sets how long the process group has to end after SIGTERM
// before it is killed, when the context ends. Default 0: it is killed at once,
// since nothing of such a call is used.
func WithKillGrace(d time.Duration) Option {
	return func(o *options) error {
		if d < 0 {
			return fmt.Errorf("kill grace %s is negative", d)
		}
		o.grace = d
		return nil
	}
}

// WithLimits sets limits on what the child may use.
func WithLimits(l Limits) Option {
	return func(o *options) error { o.limits = l; return nil }
}

// WithClock sets the clock that measures how long calls take. Default: the
// system's.
func WithClock(clock func() time.Time) Option {
	return func(o *options) error { o.clock = clock; return nil }
}
