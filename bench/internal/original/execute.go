package original

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/kustomize/kyaml/fn/framework"
	"sigs.k8s.io/kustomize/kyaml/fn/runtime/runtimeutil"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/kio/kioutil"
	"sigs.k8s.io/kustomize/kyaml/runfn"
	kyaml "sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/yaml"
)

// Function is the executable to run and the data of its functionConfig.
type Function struct {
	Exec      string
	ConfigMap map[string]string
}

// WorkingDir is where executables start: kyaml refuses "/" and "", which made
// the users of the original library choose this one.
const WorkingDir = "/usr"

// Execute runs f over the one object in input, which is JSON.
func Execute(input []byte, f Function) ([]runtime.Object, error) {
	doc, err := yaml.JSONToYAML(input)
	if err != nil {
		return nil, fmt.Errorf("convert input: %w", err)
	}
	config, err := functionConfig(f)
	if err != nil {
		return nil, fmt.Errorf("build function config: %w", err)
	}
	results, err := os.MkdirTemp("", "Result")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(results) //nolint:errcheck // a leftover temporary directory changes no figure

	var out bytes.Buffer
	err = runfn.RunFns{
		Input:      bytes.NewReader(doc),
		Output:     &out,
		Functions:  []*kyaml.RNode{config},
		EnableExec: true,
		ResultsDir: results,
		WorkingDir: WorkingDir,
	}.Execute()
	if err != nil {
		return nil, fmt.Errorf("run functions: %w", err)
	}
	objects, err := parse(out.Bytes())
	if err != nil {
		return nil, err
	}
	return objects, readResults(results)
}

// functionConfig returns a ConfigMap that tells kyaml which executable to run.
func functionConfig(f Function) (*kyaml.RNode, error) {
	config, err := kyaml.Parse("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: function-input}\ndata: {}\n")
	if err != nil {
		return nil, err
	}
	data, err := config.Pipe(kyaml.Lookup("data"))
	if err != nil {
		return nil, err
	}
	for key, value := range f.ConfigMap {
		if err := data.PipeE(kyaml.FieldSetter{Name: key, Value: kyaml.NewStringRNode(value)}); err != nil {
			return nil, err
		}
	}
	spec, err := kyaml.Parse("exec: {}")
	if err != nil {
		return nil, err
	}
	if err := spec.PipeE(kyaml.Lookup("exec"), kyaml.SetField("path", kyaml.NewScalarRNode(f.Exec))); err != nil {
		return nil, err
	}
	text, err := spec.String()
	if err != nil {
		return nil, err
	}
	return config, config.PipeE(
		kyaml.LookupCreate(kyaml.MappingNode, "metadata", "annotations"),
		kyaml.SetField(runtimeutil.FunctionAnnotationKey, kyaml.NewScalarRNode(text)))
}

// parse turns what runfn wrote into objects.
func parse(out []byte) ([]runtime.Object, error) {
	var clean bytes.Buffer
	err := kio.Pipeline{
		Inputs: []kio.Reader{&kio.ByteReader{
			Reader: bytes.NewReader(out), PreserveSeqIndent: true, WrapBareSeqNode: true,
		}},
		Outputs: []kio.Writer{&kio.ByteWriter{Writer: &clean, ClearAnnotations: []string{
			kioutil.IndexAnnotation, kioutil.PathAnnotation,
			kioutil.LegacyIndexAnnotation, kioutil.LegacyPathAnnotation, //nolint:staticcheck // the original clears them too
		}}},
	}.Execute()
	if err != nil {
		return nil, fmt.Errorf("clean output: %w", err)
	}
	var objects []runtime.Object
	for _, doc := range strings.Split(clean.String(), "---\n") {
		raw, err := yaml.YAMLToJSON([]byte(doc))
		if err != nil {
			return nil, fmt.Errorf("convert output: %w", err)
		}
		var u unstructured.Unstructured
		if err := u.UnmarshalJSON(raw); err != nil {
			return nil, fmt.Errorf("decode output: %w", err)
		}
		objects = append(objects, &u)
	}
	return objects, nil
}

// readResults reads the files that runfn left.
func readResults(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return err
		}
		var results framework.Results
		if err := yaml.Unmarshal(content, &results); err != nil {
			return fmt.Errorf("decode results: %w", err)
		}
	}
	return nil
}
