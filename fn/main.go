package fn

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/velero-krm/velero-krm/krm"
)

// maxInput bounds what Main reads, in bytes. The orchestrators of this project
// send 2 MiB at a time; a whole list of 100,000 objects of 1.5 KB is 150 MB.
// Beyond 1 GiB the machine is being misused.
const maxInput = 1 << 30

// Main runs f as a program: ResourceList on stdin, ResourceList on stdout,
// messages on stderr. It returns the exit code: 0, or 1 when the function
// failed or gave a result of severity error.
//
// The answer is JSON when the question was, YAML otherwise. When the function
// fails, panics included, the answer holds the items as they came in and the
// results, with the reason as one more result, and stderr gets that reason as
// one line. When the question cannot be read, stdout stays empty: a list
// without the items would look like their removal.
func Main(ctx context.Context, f Function, stdin io.Reader, stdout, stderr io.Writer) int {
	return program{f: f, maxInput: maxInput}.run(ctx, stdin, stdout, stderr)
}

type program struct {
	f        Function
	maxInput int64
}

func (p program) run(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) int {
	data, err := p.read(stdin)
	if err != nil {
		return p.complain(stderr, err)
	}
	in, err := krm.Decode(data, krm.DecodeOptions{})
	if err != nil {
		return p.complain(stderr, fmt.Errorf("decode stdin: %w", err))
	}
	out, err := p.call(ctx, in)
	if err == nil {
		err = failedResult(out.Results[len(in.Results):])
		in.Results = out.Results
	} else {
		in.Results = failureResults(in.Results, err)
	}
	if err != nil {
		out = &krm.ResourceList{Items: in.Items, Results: in.Results}
	}
	if werr := write(stdout, out, isJSON(data)); werr != nil {
		err = errors.Join(err, werr)
	}
	if err != nil {
		return p.complain(stderr, err)
	}
	return 0
}

func (p program) read(stdin io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(stdin, p.maxInput+1))
	if err != nil {
		return nil, fmt.Errorf("read stdin: %w", err)
	}
	if int64(len(data)) > p.maxInput {
		return nil, fmt.Errorf("read stdin: input is larger than %d bytes", p.maxInput)
	}
	return data, nil
}

// call runs the function and turns a panic into an error.
func (p program) call(ctx context.Context, in *krm.ResourceList) (out *krm.ResourceList, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &RunError{Function: p.f.name, Err: errors.New(describePanic(v))}
		}
	}()
	return p.f.Run(ctx, in)
}

// describePanic tells what happened and where, and no value of the input: a
// panic's own text is shown only if the Go runtime wrote it.
func describePanic(v any) string {
	what := fmt.Sprintf("panic of type %T", v)
	if e, ok := v.(runtime.Error); ok {
		what = "panic: " + e.Error()
	}
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		frame, more := frames.Next()
		if frame.Function != "" && !strings.HasPrefix(frame.Function, "runtime.") {
			return fmt.Sprintf("%s in %s, line %d", what, frame.Function, frame.Line)
		}
		if !more {
			return what
		}
	}
}

// failedResult returns an error when a result means failure.
func failedResult(results []krm.Result) error {
	failed, first := 0, ""
	for _, r := range results {
		if !r.Failed() {
			continue
		}
		if failed++; failed == 1 {
			first = describeResult(r)
		}
	}
	switch failed {
	case 0:
		return nil
	case 1:
		return errors.New(first)
	}
	return fmt.Errorf("%s (and %d more errors, see results on stdout)", first, failed-1)
}

func describeResult(r krm.Result) string {
	ref := r.ResourceRef
	if ref == nil {
		return r.Message
	}
	id := krm.Identity{APIVersion: ref.APIVersion, Kind: ref.Kind, Namespace: ref.Namespace, Name: ref.Name}
	return id.String() + ": " + r.Message
}

// failureResults are the results that go out when the function returned err.
func failureResults(before []krm.Result, err error) []krm.Result {
	results := append([]krm.Result{}, before...)
	var re *RunError
	if errors.As(err, &re) {
		results = append(results, re.Results...)
		err = re.Err
	}
	var ce *ConfigError
	if !errors.As(err, &ce) {
		return append(results, krm.Result{Message: oneLine(err.Error()), Severity: krm.Error})
	}
	for _, p := range ce.Problems {
		results = append(results, krm.Result{Message: "functionConfig: " + p.String(), Severity: krm.Error})
	}
	return results
}

func write(w io.Writer, list *krm.ResourceList, asJSON bool) error {
	var data []byte
	if asJSON {
		data = append(krm.AppendResourceList(nil, list), '\n')
	} else {
		data = krm.EncodeYAML(list)
	}
	if _, err := w.Write(data); err != nil {
		return fmt.Errorf("write stdout: %w", err)
	}
	return nil
}

func isJSON(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{"))
}

// complain writes the one line that stderr gets.
func (p program) complain(stderr io.Writer, err error) int {
	//nolint:errcheck // there is nowhere left to report to
	fmt.Fprintf(stderr, "%s: %s\n", p.f.name, oneLine(err.Error()))
	return 1
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
