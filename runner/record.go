package runner

import (
	"context"
	"sync"
	"time"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner/internal/trace"
)

// Call tells about one call of a function.
type Call struct {
	// ItemsIn and ItemsOut count the objects, BytesIn and BytesOut what went
	// through the wire, or the JSON of the items where there is no wire.
	ItemsIn, ItemsOut int
	BytesIn, BytesOut int
	// Elapsed is how long the call took. Encode, Start, Run and Decode are
	// parts of it: making the input, starting the process, until it ended,
	// reading its output. A function in this process has Run alone.
	Elapsed                    time.Duration
	Encode, Start, Run, Decode time.Duration
	// Results the function gave, without values of Secrets in its input.
	Results []krm.Result
	// Stderr is the bounded, redacted tail of what it wrote there, also when
	// it succeeded.
	Stderr string
	// SHA256 of the executable; empty for functions in this process.
	SHA256 string
	// Err is why the call failed.
	Err error
}

// Recorder is told about every call. It must be safe for calls at the same time.
type Recorder interface {
	RecordCall(c Call)
}

// RecorderFunc is a Go func that is a [Recorder].
type RecorderFunc func(c Call)

// RecordCall calls f.
func (f RecorderFunc) RecordCall(c Call) { f(c) }

// RecordOption changes what WithRecord does.
type RecordOption func(*recorded)

// RecordClock sets the clock for timings. Default: the system's.
func RecordClock(clock func() time.Time) RecordOption {
	return func(r *recorded) { r.clock = clock }
}

// WithRecord returns f with every call told to rec after it ended. Put it
// inside of other wrappers to see what they do to the function, or outside to
// see what its caller sees.
func WithRecord(f Function, rec Recorder, opts ...RecordOption) Function {
	r := &recorded{f: f, rec: rec, clock: time.Now} //nolint:forbidigo // the default of the clock option
	for _, opt := range opts {
		opt(r)
	}
	return r
}

type recorded struct {
	f     Function
	rec   Recorder
	clock func() time.Time
}

var _ Function = (*recorded)(nil)

// Run calls the function and records the call.
func (r *recorded) Run(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
	tracer := new(trace.Call)
	begin := r.clock()
	out, err := r.f.Run(trace.With(ctx, tracer), in)
	elapsed := r.clock().Sub(begin)
	facts := tracer.Facts()
	trace.From(ctx).Tell(func(f *trace.Facts) { *f = facts }) // for a recorder around this one
	c := Call{
		ItemsIn: len(in.Items), BytesIn: facts.BytesIn, BytesOut: facts.BytesOut,
		Elapsed: elapsed, Encode: facts.Encode, Start: facts.Start, Run: facts.Run, Decode: facts.Decode,
		Stderr: facts.Stderr, SHA256: facts.SHA256, Err: err,
	}
	if facts.BytesIn == 0 { // no wire
		c.BytesIn, c.Run = sizeOf(in.Items), elapsed
	}
	c.take(in, out, err)
	r.rec.RecordCall(c)
	return out, err
}

// take fills in what the answer of the function tells.
func (c *Call) take(in, out *krm.ResourceList, err error) {
	redactor := NewRedactor(in.Items, []*krm.Item{in.FunctionConfig})
	if out != nil {
		c.ItemsOut = len(out.Items)
		c.Results = redactor.Results(out.Results)
		if c.BytesOut == 0 {
			c.BytesOut = sizeOf(out.Items)
		}
	}
	if err == nil {
		return
	}
	fe := redactor.functionErrors(asFunctionError("", err))[0]
	c.Err, c.Results = fe, fe.Results
	if c.Stderr == "" {
		c.Stderr = fe.Stderr
	}
}

// Totals is a [Recorder] that adds up calls. The zero value is ready for use
// by several goroutines at once.
type Totals struct {
	mu     sync.Mutex
	calls  int
	failed int
	sum    Call
}

var _ Recorder = (*Totals)(nil)

// maxTotalStderr bounds what Totals keeps of the stderr of all calls.
const maxTotalStderr = 16 << 10

// RecordCall adds c.
func (t *Totals) RecordCall(c Call) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls++
	if c.Err != nil {
		t.failed++
		t.sum.Err = c.Err
	}
	s := &t.sum
	s.ItemsIn += c.ItemsIn
	s.ItemsOut += c.ItemsOut
	s.BytesIn += c.BytesIn
	s.BytesOut += c.BytesOut
	s.Elapsed += c.Elapsed
	s.Encode += c.Encode
	s.Start += c.Start
	s.Run += c.Run
	s.Decode += c.Decode
	s.Results = append(s.Results, c.Results...)
	s.Stderr = tailOf(s.Stderr+c.Stderr, maxTotalStderr)
	if c.SHA256 != "" {
		s.SHA256 = c.SHA256
	}
}

func tailOf(text string, bytes int) string {
	if cut := len(text) - bytes; cut > 0 {
		return text[cut:]
	}
	return text
}

// Sum returns the number of calls, how many of them failed, and the sums:
// counts, bytes and times added up, results in the order in which calls ended,
// the tail of all stderr, the last error.
func (t *Totals) Sum() (calls, failed int, sum Call) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.calls, t.failed, t.sum
}
