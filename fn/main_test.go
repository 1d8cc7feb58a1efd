package fn

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/velero-krm/velero-krm/krm"
)

type mode struct {
	Mode string `json:"mode"`
}

// broken fails in the way that its config says.
func broken() Function {
	return New("broken", "Fails.", func(_ context.Context, c mode, l *List) error {
		for o := range l.All() {
			if err := o.Set("yes", "metadata", "labels", "seen"); err != nil {
				return err
			}
		}
		switch c.Mode {
		case "error":
			l.Report(krm.Result{Message: "before"})
			return errors.New("first line\nsecond line")
		case "result":
			l.ReportOn(l.Objects[0], krm.Error, "data.a", "not good")
		case "results":
			l.Report(krm.Result{Message: "one", Severity: krm.Error})
			l.Report(krm.Result{Message: "two", Severity: "dreadful"})
		case "panic":
			v, _ := l.Objects[0].GetString("data", "password")
			panic(v)
		case "runtime panic":
			i := len(l.Objects)
			_ = l.Objects[i]
		}
		return nil
	})
}

const listHead = `{"apiVersion":"config.kubernetes.io/v1","kind":"ResourceList",`

func input(mode string) string {
	return listHead + `"functionConfig":{"apiVersion":"v1","kind":"ConfigMap","data":{"mode":"` + mode + `"}},` +
		`"items":[{"kind":"Secret","apiVersion":"v1","metadata":{"name":"db","namespace":"shop"},"data":{"password":"hunter2"}}],` +
		`"results":[{"message":"earlier"}]}`
}

func TestMainOutput(t *testing.T) {
	const same = listHead + `"items":[{"kind":"Secret","apiVersion":"v1","metadata":{"name":"db","namespace":"shop"},"data":{"password":"hunter2"}}],`
	tests := map[string]struct {
		reason, stdin, stdout, stderr string
		code                          int
	}{
		"success": {
			reason: "results that came in are kept, functionConfig is not sent back", stdin: input("ok"),
			stdout: listHead + `"items":[{"apiVersion":"v1","data":{"password":"hunter2"},"kind":"Secret","metadata":{"labels":{"seen":"yes"},"name":"db","namespace":"shop"}}],"results":[{"message":"earlier"}]}` + "\n",
		},
		"error": {
			reason: "items as they came in, what the function said, then why", stdin: input("error"), code: 1,
			stdout: same + `"results":[{"message":"earlier"},{"message":"before"},{"message":"first line second line","severity":"error"}]}` + "\n",
			stderr: "broken: first line second line\n",
		},
		"error result": {
			reason: "a result of severity error is a failure", stdin: input("result"), code: 1,
			stdout: same + `"results":[{"message":"earlier"},{"message":"not good","severity":"error","resourceRef":{"apiVersion":"v1","kind":"Secret","name":"db","namespace":"shop"},"field":{"path":"data.a"}}]}` + "\n",
			stderr: "broken: Secret shop/db: not good\n",
		},
		"error results": {
			reason: "so is one of a severity that nobody knows", stdin: input("results"), code: 1,
			stdout: same + `"results":[{"message":"earlier"},{"message":"one","severity":"error"},{"message":"two","severity":"dreadful"}]}` + "\n",
			stderr: "broken: one (and 1 more errors, see results on stdout)\n",
		},
		"config": {
			reason: "one result for each problem", stdin: strings.Replace(input("ok"), `"mode"`, `"moed":"hunter2","x"`, 1), code: 1,
			stdout: same + `"results":[{"message":"earlier"},{"message":"functionConfig: data.moed: unknown field (did you mean mode?)","severity":"error"},{"message":"functionConfig: data.x: unknown field (known: mode)","severity":"error"}]}` + "\n",
			stderr: "broken: read config: data.moed: unknown field (did you mean mode?); data.x: unknown field (known: mode)\n",
		},
		"not read": {
			reason: "without the items, stdout says nothing", stdin: `hello`, code: 1,
			stderr: "broken: decode stdin: ",
		},
		"nothing": {reason: "no input is no list", stdin: ``, code: 1, stderr: "broken: decode stdin: "},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			code := Main(t.Context(), broken(), strings.NewReader(tc.stdin), &stdout, &stderr)
			if code != tc.code {
				t.Errorf("%s: exit code %d, want %d", tc.reason, code, tc.code)
			}
			if diff := cmp.Diff(tc.stdout, stdout.String()); diff != "" {
				t.Errorf("%s: stdout (-want +got):\n%s", tc.reason, diff)
			}
			got := stderr.String()
			if strings.HasSuffix(tc.stderr, ": ") && strings.HasPrefix(got, tc.stderr) {
				got = tc.stderr
			}
			if diff := cmp.Diff(tc.stderr, got); diff != "" {
				t.Errorf("%s: stderr (-want +got):\n%s", tc.reason, diff)
			}
		})
	}
}

// TestMainPanic wants to know where the panic was and not what was in it.
func TestMainPanic(t *testing.T) {
	for mode, want := range map[string]string{
		"panic":         `broken: panic of type string in github.com/velero-krm/velero-krm/fn.broken.func1, line `,
		"runtime panic": `broken: panic: runtime error: index out of range [1] with length 1 in github.com/velero-krm/velero-krm/fn.broken.func1, line `,
	} {
		var stdout, stderr bytes.Buffer
		if code := Main(t.Context(), broken(), strings.NewReader(input(mode)), &stdout, &stderr); code != 1 {
			t.Errorf("%s: exit code %d", mode, code)
		}
		if !strings.HasPrefix(stderr.String(), want) || strings.Contains(stderr.String(), "hunter2") {
			t.Errorf("%s: stderr %q, want %q", mode, stderr.String(), want)
		}
		list, err := krm.Decode(stdout.Bytes(), krm.DecodeOptions{})
		if err != nil || len(list.Items) != 1 || len(list.Results) != 2 {
			t.Errorf("%s: stdout %s", mode, stdout.String())
		}
	}
}

func TestMainAnswersYAMLWithYAML(t *testing.T) {
	const in = `# a comment
apiVersion: config.kubernetes.io/v1
kind: ResourceList
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: {name: a}
  data: {yes: "no", number: "010"}
`
	var stdout, stderr bytes.Buffer
	if code := Main(t.Context(), broken(), strings.NewReader(in), &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr.String())
	}
	if !strings.HasPrefix(stdout.String(), "apiVersion: config.kubernetes.io/v1\n") {
		t.Errorf("stdout is not YAML: %s", stdout.String())
	}
	list, err := krm.Decode(stdout.Bytes(), krm.DecodeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := item(t, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","labels":{"seen":"yes"}},"data":{"yes":"no","number":"010"}}`)
	if !list.Items[0].Equal(want) {
		t.Errorf("got %s, want %s", list.Items[0].Raw(), want.Raw())
	}
}

func TestMainBoundsItsInput(t *testing.T) {
	in := input("ok")
	for limit, want := range map[int64]int{int64(len(in)): 0, int64(len(in)) - 1: 1} {
		var stdout, stderr bytes.Buffer
		p := program{f: broken(), maxInput: limit}
		if code := p.run(t.Context(), strings.NewReader(in), &stdout, &stderr); code != want {
			t.Errorf("limit %d: exit code %d, want %d: %s", limit, code, want, stderr.String())
		}
	}
}

func TestMainWithBrokenPipes(t *testing.T) {
	var stdout, stderr bytes.Buffer
	if code := Main(t.Context(), broken(), iotest.ErrReader(io.ErrClosedPipe), &stdout, &stderr); code != 1 || stdout.Len() > 0 {
		t.Errorf("stdin broken: exit code %d, stdout %q", code, stdout.String())
	}
	stderr.Reset()
	if code := Main(t.Context(), broken(), strings.NewReader(input("ok")), brokenWriter{}, &stderr); code != 1 || !strings.Contains(stderr.String(), "write stdout") {
		t.Errorf("stdout broken: exit code %d, stderr %q", code, stderr.String())
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
