package plugin

import (
	"os"
	"regexp"
	"testing"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/pipeline"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func TestDeployedPipelines(t *testing.T) {
	data, err := os.ReadFile("../../deploy/pipelines.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cm corev1.ConfigMap
	if err := yaml.UnmarshalStrict(data, &cm); err != nil {
		t.Fatal(err)
	}
	if _, ok := cm.Labels[PipelineKey]; !ok {
		t.Errorf("the ConfigMap lacks the label %s", PipelineKey)
	}
	docs := readDocuments([]corev1.ConfigMap{cm})
	if len(docs) == 0 {
		t.Fatal("there are no pipelines")
	}
	for _, d := range docs {
		if d.err != nil {
			t.Error(d.err)
			continue
		}
		_, err := pipeline.Compile(d.pipeline, pipeline.Env{
			StockVelero: true, Builtins: func(name string) (pipeline.Builtin, bool) { return catalog.Lookup(name) },
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestDeployedEnvironment(t *testing.T) {
	for _, file := range []string{"../../deploy/oadp.yaml", "../../deploy/README.md"} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(FunctionsDirEnv + `(=|, value: )/plugins/krm-functions\.d\b`).Match(data) {
			t.Errorf("%s does not set %s to where the image puts its functions", file, FunctionsDirEnv)
		}
	}
}
