package execfn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
	"github.com/velero-krm/velero-krm/runner/internal/hint"
	"github.com/velero-krm/velero-krm/runner/internal/trace"
)

// Exec is an executable that is run once per call. It may be called by
// several goroutines at once. Nothing needs to be closed.
type Exec struct {
	options
	path   string
	digest string
	pinned *pinned // nil when the content is not pinned
}

var _ runner.Function = (*Exec)(nil)

// New returns the function that the executable at path is. A path without a
// slash is one in the current directory: PATH is not searched.
//
// # Errors
//
// A [*runner.FunctionError], Systemic and with a hint, whose cause is
// runner.ErrNotFound, runner.ErrNotExecutable, runner.ErrWrongArchitecture,
// runner.ErrDigest, or that of reading the file; a plain error for an option
// that makes no sense.
func New(path string, opts ...Option) (*Exec, error) {
	e := &Exec{options: defaults()}
	for _, opt := range opts {
		if err := opt(&e.options); err != nil {
			return nil, fmt.Errorf("set up executable %q: %w", path, err)
		}
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("set up executable %q: %w", path, err)
	}
	e.path = abs
	if e.name == "" {
		e.name = filepath.Base(abs)
	}
	if err := e.load(); err != nil {
		return nil, e.systemic(err)
	}
	return e, nil
}

// load checks the file and reads its digest.
func (e *Exec) load() error {
	file, err := openExecutable(e.path)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // only read
	isScript, err := checkFormat(file, e.path)
	if err != nil {
		return err
	}
	e.pinned, e.digest, err = digestOf(file, e.sha256, isScript)
	return err
}

// Name of the function in errors.
func (e *Exec) Name() string { return e.name }

// Path of the executable, absolute.
func (e *Exec) Path() string { return e.path }

// SHA256 of the file as it was when New read it, 64 hex digits.
func (e *Exec) SHA256() string { return e.digest }

// Run runs the executable over in. See runner.Function.
//
// # Errors
//
// A [*runner.FunctionError]. Its cause is the context's when that ended;
// runner.ErrOutputTooLarge; runner.ErrExit for an exit code other than 0 or a
// signal; a krm error for output that is no ResourceList; or, Systemic, one of
// those of [New].
func (e *Exec) Run(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
	begin := e.clock()
	if ctx.Err() != nil {
		return nil, &runner.FunctionError{Function: e.name, ExitCode: -1, Err: context.Cause(ctx)}
	}
	body := e.encode(in)
	encoded := e.clock()
	end := e.call(ctx, body)
	end.bytesIn = len(body)
	end.stderr = runner.Redact(end.stderr, secretsOf(in))
	ended := e.clock()
	out, err := e.result(ctx, end, in)
	decoded := e.clock()
	trace.From(ctx).Tell(func(f *trace.Facts) {
		f.Encode += encoded.Sub(begin)
		f.Start += end.started
		f.Run += ended.Sub(encoded) - end.started
		f.Decode += decoded.Sub(ended)
		f.BytesIn += len(body)
		f.BytesOut += len(end.stdout)
		f.Stderr, f.SHA256 = end.stderr, e.digest
	})
	if err != nil {
		err.Elapsed = decoded.Sub(begin)
		return nil, err
	}
	return out, nil
}

func (e *Exec) encode(in *krm.ResourceList) []byte {
	if e.format == krm.YAML {
		return krm.EncodeYAML(in)
	}
	size := 1 << 10
	for _, it := range in.Items {
		size += len(it.Raw()) + 1
	}
	if in.FunctionConfig != nil {
		size += len(in.FunctionConfig.Raw())
	}
	return krm.AppendResourceList(make([]byte, 0, size), in)
}

// call starts the executable, feeds it and waits for its end.
func (e *Exec) call(ctx context.Context, body []byte) ending {
	dir, remove, err := e.workDir()
	if err != nil {
		return ending{startErr: &hinted{err, hint.WorkDir}}
	}
	defer remove()
	path, err := e.executable()
	if err != nil {
		return ending{startErr: err}
	}
	p := &process{
		path: path, argv: append([]string{e.path}, e.args...),
		dir: dir, env: e.environ(dir), stdin: body,
		maxStdout: e.stdoutLimit(len(body)), maxStderr: e.maxStderr,
		grace: e.grace, limits: e.limits, clock: e.clock,
	}
	return p.run(ctx)
}

// executable returns the path to execute, with the pinned content behind it.
func (e *Exec) executable() (string, error) {
	if e.pinned == nil {
		return e.path, nil
	}
	return e.pinned.executable(e.path)
}

func (e *Exec) stdoutLimit(input int) int64 {
	if e.maxStdout > 0 {
		return e.maxStdout
	}
	return max(minMaxStdout, outputFactor*int64(input))
}

// tooMuchYAML reports whether reading the output takes too much memory.
func (e *Exec) tooMuchYAML(end ending) bool {
	text := bytes.TrimSpace(end.stdout)
	isJSON := bytes.HasPrefix(text, []byte("{"))
	return e.maxStdout == 0 && !isJSON && len(text) > max(minMaxYAML, yamlOutputFactor*end.bytesIn)
}

func (e *Exec) workDir() (dir string, remove func(), err error) {
	if e.dir != "" {
		return e.dir, func() {}, nil
	}
	dir, err = os.MkdirTemp("", "krm-function-")
	if err != nil {
		return "", nil, fmt.Errorf("make working directory: %w", err)
	}
	return dir, func() { removeTree(dir) }, nil
}

// removeTree removes dir, also when the function took away its own
// permission to do so.
func removeTree(dir string) {
	if os.RemoveAll(dir) == nil {
		return
	}
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, _ error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(path, 0o700) //nolint:gosec // a directory, about to be removed
		}
		return nil
	})
	_ = os.RemoveAll(dir)
}

func (e *Exec) environ(dir string) []string {
	env := []string{
		"PATH=/usr/local/bin:/usr/bin:/bin",
		"HOME=" + dir, "TMPDIR=" + dir,
		"LANG=C.UTF-8",
	}
	for _, name := range e.passEnv {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return append(env, e.env...)
}

// result says what the end of the child means.
func (e *Exec) result(ctx context.Context, end ending, in *krm.ResourceList) (*krm.ResourceList, *runner.FunctionError) {
	fe := &runner.FunctionError{Function: e.name, ExitCode: end.exitCode, Signal: end.signal, Stderr: end.stderr}
	switch {
	case end.startErr != nil:
		return nil, e.systemic(e.explainStart(end.startErr))
	case end.waitErr != nil:
		return nil, e.systemic(&hinted{
			fmt.Errorf("wait for function: %w", end.waitErr),
			hint.Children,
		})
	case end.ctxEnded:
		fe.Err = context.Cause(ctx)
		return nil, fe
	case end.tooLarge:
		fe.Err = fmt.Errorf("%w: more than %d bytes on stdout", runner.ErrOutputTooLarge, end.maxStdout)
		return nil, fe
	case end.signal != "" || end.exitCode != 0:
		fe.Err, fe.Hint = runner.ErrExit, exitHint(end)
		if !e.tooMuchYAML(end) {
			fe.Results = resultsIn(end.stdout, in)
		}
		return nil, fe
	}
	if e.tooMuchYAML(end) {
		fe.Err = fmt.Errorf("%w: %d bytes of YAML on stdout", runner.ErrOutputTooLarge, len(end.stdout))
		fe.Hint = hint.JSON
		return nil, fe
	}
	out, err := krm.Decode(end.stdout, krm.DecodeOptions{})
	if err != nil {
		fe.Err, fe.Hint = err, outputHint(err, end.stdout)
		return nil, fe
	}
	return out, nil
}

// resultsIn returns the results in what a function that failed printed, if
// that can be read.
func resultsIn(stdout []byte, in *krm.ResourceList) []krm.Result {
	out, err := krm.Decode(stdout, krm.DecodeOptions{})
	if err != nil {
		return nil
	}
	return runner.NewRedactor(secretsOf(in)).Results(out.Results)
}

func secretsOf(in *krm.ResourceList) []*krm.Item {
	if in.FunctionConfig == nil {
		return in.Items
	}
	return append(in.Items[:len(in.Items):len(in.Items)], in.FunctionConfig)
}

// systemic returns err as the error of every call there could be.
func (e *Exec) systemic(err error) *runner.FunctionError {
	fe := &runner.FunctionError{Function: e.name, ExitCode: -1, Systemic: true, Err: err}
	var h *hinted
	if errors.As(err, &h) {
		fe.Err, fe.Hint = h.err, h.hint
	}
	return fe
}

// hinted is an error and what to do about it, on its way into a FunctionError.
type hinted struct {
	err  error
	hint string
}

func (h *hinted) Error() string { return h.err.Error() }
func (h *hinted) Unwrap() error { return h.err }

// ending is how a child ended.
type ending struct {
	startErr  error
	waitErr   error // somebody else took its exit code
	ctxEnded  bool  // killed because the context ended
	tooLarge  bool  // killed because it printed more than maxStdout
	exitCode  int   // -1 when a signal ended it
	signal    string
	stdout    []byte
	stderr    string
	maxStdout int64
	bytesIn   int
	started   time.Duration // how long starting it took
}
