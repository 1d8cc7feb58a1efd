package stack

import (
	"path/filepath"
	"testing"
)

// Option changes what [ForTest] starts.
type Option func(*Config)

// WithPlugins adds plugin executables.
func WithPlugins(paths ...string) Option {
	return func(c *Config) { c.Velero.Plugins = append(c.Velero.Plugins, paths...) }
}

// WithEnv adds variables, NAME=value, to the environment of Velero and its
// plugins.
func WithEnv(env ...string) Option {
	return func(c *Config) { c.Velero.Env = append(c.Velero.Env, env...) }
}

// WithFlags adds flags of `velero server`.
func WithFlags(flags ...string) Option {
	return func(c *Config) { c.Velero.Flags = append(c.Velero.Flags, flags...) }
}

// WithManifests applies folders or files before Velero starts.
func WithManifests(paths ...string) Option {
	return func(c *Config) { c.Manifests = append(c.Manifests, paths...) }
}

// WithVelero runs another velero executable than velero-stock.
func WithVelero(binary string) Option {
	return func(c *Config) { c.Velero.Binary = binary }
}

// WithS3 shares the bucket of another stack, which must stop later.
func WithS3(server *S3) Option {
	return func(c *Config) { c.S3 = server }
}

// ForTest starts a stack for a test and stops it with it. It fails the test
// when the stack cannot start, and when a program is missing, naming the make
// target that builds it; it never skips. When the test fails, the end of each
// log goes to the test's output and the stack's folder is kept.
func ForTest(tb testing.TB, opts ...Option) *Stack {
	tb.Helper()
	var cfg Config
	for _, opt := range opts {
		opt(&cfg)
	}
	s, err := Start(tb.Context(), cfg)
	if err != nil {
		tb.Fatalf("start the stack: %v", err)
	}
	// The test's context ends before cleanups run, and its end alone would stop the stack
	// and remove the logs.
	if !s.unwatch() {
		tb.Fatal("start the stack: the test has ended")
	}
	tb.Cleanup(func() {
		tb.Helper()
		if tb.Failed() {
			s.cfg.Keep = true
			s.report(tb)
		}
		if err := s.Stop(); err != nil {
			tb.Errorf("stop the stack: %v", err)
		}
	})
	return s
}

// report writes the end of each log to the test's output.
func (s *Stack) report(tb testing.TB) {
	tb.Helper()
	logs, err := filepath.Glob(filepath.Join(s.Dir, "*.log"))
	if err != nil {
		tb.Errorf("list logs: %v", err)
	}
	for _, log := range logs {
		tb.Logf("%s ends:\n%s", log, indent(tail(log, tailBytes)))
	}
	tb.Logf("the stack's folder is kept: %s", s.Dir)
}
