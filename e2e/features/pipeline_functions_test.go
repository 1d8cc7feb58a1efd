package features

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/velero-krm/velero-krm/krm"
)

// featureArg tells the test binary to be one of the functions below.
const featureArg = "krm-feature"

// featureMain becomes the function that the command line names and does not
// return; it returns at once when the command line names none.
func featureMain() {
	if len(os.Args) != 3 || os.Args[1] != featureArg {
		return
	}
	function, ok := featureFunctions()[os.Args[2]]
	if !ok {
		fmt.Fprintf(os.Stderr, "no function %q\n", os.Args[2])
		os.Exit(2)
	}
	if err := function(os.Stdin, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	os.Exit(0)
}

type program func(stdin io.Reader, stdout, stderr io.Writer) error

// featureFunctions are those that package behave does not have.
func featureFunctions() map[string]program {
	return map[string]program{
		"fail":             fail,
		"flood":            flood,
		"flood-stderr":     floodStderr,
		"change-and-fail":  changeAndFail,
		"change-another":   changeAnother,
		"echo-plain":       echoPlain,
		"move-ports":       transform(movePorts),
		"tell-object":      transform(tellObject),
		"tell-slowly":      transform(tellSlowly),
		"tell-environment": transform(tellEnvironment),
		"tell-cluster":     tellCluster,
		"take-along":       takeAlong,
	}
}

func fail(stdin io.Reader, _, _ io.Writer) error {
	_, _ = io.Copy(io.Discard, stdin)
	return errors.New("the registry does not answer")
}

const hundredMB = 100 << 20

// flood writes 100 MB to stdout and ends well.
func flood(stdin io.Reader, stdout, _ io.Writer) error {
	_, _ = io.Copy(io.Discard, stdin)
	return writeMuch(stdout)
}

// floodStderr writes 100 MB to stderr and fails.
func floodStderr(stdin io.Reader, _, stderr io.Writer) error {
	_, _ = io.Copy(io.Discard, stdin)
	return errors.Join(writeMuch(stderr), errors.New("\nand that was all"))
}

func writeMuch(w io.Writer) error {
	block := bytes.Repeat([]byte("0123456789abcde\n"), 1<<16)
	for range hundredMB / len(block) {
		if _, err := w.Write(block); err != nil {
			return err
		}
	}
	return nil
}

// changeAndFail prints a whole list with every object changed, and fails.
func changeAndFail(stdin io.Reader, stdout, stderr io.Writer) error {
	err := transform(func(o map[string]any) { annotate(o, "half", "changed") })(stdin, stdout, stderr)
	return errors.Join(err, errors.New("failed after the output was written"))
}

// changeAnother returns what it was given and, changed, a ConfigMap that it
// was not given.
func changeAnother(stdin io.Reader, stdout, _ io.Writer) error {
	list, err := read(stdin)
	if err != nil {
		return err
	}
	another, err := krm.NewItem([]byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings",` +
		`"namespace":"` + list.Items[0].Identity().Namespace + `"},"data":{"number":"0"}}`))
	if err != nil {
		return err
	}
	list.Items = append(list.Items, another)
	return write(stdout, list)
}

// echoPlain writes the decoded values of Secrets to stderr, and to stdout both
// beside the list and within its results.
func echoPlain(stdin io.Reader, stdout, stderr io.Writer) error {
	list, err := read(stdin)
	if err != nil {
		return err
	}
	for _, it := range list.Items {
		data, _ := it.Object()["data"].(map[string]any)
		for _, value := range data {
			plain, err := base64.StdEncoding.DecodeString(fmt.Sprint(value))
			if err != nil {
				return err
			}
			fmt.Fprintf(stderr, "connect with %s\n", plain)
			list.Results = append(list.Results, krm.Result{
				Message: "connect with " + string(plain), Severity: krm.Error, ResourceRef: krm.RefTo(it.Identity()),
			})
		}
	}
	return errors.Join(write(stdout, list), errors.New("cannot connect"))
}

// tellObject notes in annotations what the function sees of an object.
func tellObject(o map[string]any) {
	metadata, _ := o["metadata"].(map[string]any)
	for key, value := range map[string]any{
		"seen/namespace": metadata["namespace"], "seen/owners": metadata["ownerReferences"], "seen/uid": metadata["uid"],
		"seen/status": o["status"],
	} {
		text, err := json.Marshal(value)
		if err != nil {
			text = []byte(err.Error())
		}
		annotate(o, key, string(text))
	}
}

// tellSlowly takes its time, so that what should run side by side does.
func tellSlowly(o map[string]any) {
	time.Sleep(100 * time.Millisecond)
	tellObject(o)
}

// movePorts adds 10000 to the target ports of a Service.
func movePorts(o map[string]any) {
	spec, _ := o["spec"].(map[string]any)
	ports, _ := spec["ports"].([]any)
	for _, port := range ports {
		port, _ := port.(map[string]any)
		if n, err := strconv.Atoi(fmt.Sprint(port["targetPort"])); err == nil {
			port["targetPort"] = n + 10000
		}
	}
}

// tellEnvironment notes its environment in an annotation.
func tellEnvironment(o map[string]any) {
	annotate(o, "seen/environment", strings.Join(slices.Sorted(slices.Values(os.Environ())), "\n"))
}

// tellCluster notes on every object what the run's context tells of the
// cluster.
func tellCluster(stdin io.Reader, stdout, _ io.Writer) error {
	list, err := read(stdin)
	if err != nil {
		return err
	}
	var cluster []byte
	for _, it := range list.Items {
		if it.Identity().Kind == "RunContext" {
			if cluster, err = json.Marshal(it.Object()["cluster"]); err != nil {
				return err
			}
		}
	}
	for i, it := range list.Items {
		if it.Identity().Kind == "RunContext" {
			continue
		}
		o := it.Object()
		annotate(o, "seen/cluster", string(cluster))
		if list.Items[i], err = krm.FromObject(o); err != nil {
			return err
		}
	}
	return write(stdout, list)
}

func annotate(o map[string]any, key, value string) {
	metadata, _ := o["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	annotations = maps.Clone(annotations)
	if annotations == nil {
		annotations = map[string]any{}
	}
	annotations[key] = value
	metadata["annotations"] = annotations
}

// transform returns the program that changes every object.
func transform(change func(o map[string]any)) program {
	return func(stdin io.Reader, stdout, _ io.Writer) error {
		list, err := read(stdin)
		if err != nil {
			return err
		}
		for i, it := range list.Items {
			o := it.Object()
			change(o)
			if list.Items[i], err = krm.FromObject(o); err != nil {
				return err
			}
		}
		return write(stdout, list)
	}
}

func read(stdin io.Reader) (*krm.ResourceList, error) {
	data, err := io.ReadAll(stdin)
	if err != nil {
		return nil, err
	}
	return krm.Decode(data, krm.DecodeOptions{})
}

func write(stdout io.Writer, list *krm.ResourceList) error {
	_, err := stdout.Write(krm.AppendResourceList(nil, list))
	return err
}
