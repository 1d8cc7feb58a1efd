package plugin

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/pipeline"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
)

// document is one value of a labelled ConfigMap.
type document struct {
	// source is where it stands: "ConfigMap velero/krm key to-dr.yaml".
	source string
	// digest of its text, shortened.
	digest string
	// name of the pipeline, empty when the document does not even tell that.
	name string
	// maybeDefault is true unless the document surely is no default.
	maybeDefault bool
	// pipeline is nil exactly when err is not; err names the source.
	pipeline *pipeline.Pipeline
	err      error
}

// readDocuments reads every pipeline of the ConfigMaps, in the order of the
// ConfigMaps' names and of the keys.
func readDocuments(configMaps []corev1.ConfigMap) []document {
	slices.SortFunc(configMaps, func(a, b corev1.ConfigMap) int { return strings.Compare(a.Name, b.Name) })
	var docs []document
	for i := range configMaps {
		cm := &configMaps[i]
		for _, key := range slices.Sorted(maps.Keys(cm.Data)) {
			docs = append(docs, readDocument(sourceOf(cm, key), []byte(cm.Data[key])))
		}
		for _, key := range slices.Sorted(maps.Keys(cm.BinaryData)) {
			docs = append(docs, document{
				source:       sourceOf(cm, key),
				maybeDefault: true,
				err:          fmt.Errorf("%s: a pipeline is text: move it from binaryData to data", sourceOf(cm, key)),
			})
		}
	}
	return docs
}

func sourceOf(cm *corev1.ConfigMap, key string) string {
	return fmt.Sprintf("ConfigMap %s/%s key %s", cm.Namespace, cm.Name, key)
}

func readDocument(source string, data []byte) document {
	sum := sha256.Sum256(data)
	d := document{source: source, digest: hex.EncodeToString(sum[:6])}
	d.name, d.maybeDefault = glance(data)
	d.pipeline, d.err = pipeline.Load(data, source)
	switch {
	case d.err != nil:
		d.pipeline = nil
	case d.pipeline.Metadata.Name == noPipelines:
		d.pipeline, d.err = nil, fmt.Errorf("%s: metadata.name: %q is how a run asks for no pipeline: choose another name", source, noPipelines)
	default:
		d.name, d.maybeDefault = d.pipeline.Metadata.Name, d.pipeline.Spec.Default
	}
	return d
}

// glance reads what can be told of a document that may not load: a broken
// pipeline that surely is neither named by a run nor a default must not end it.
func glance(data []byte) (name string, maybeDefault bool) {
	var first struct {
		Metadata struct {
			Name string `json:"name"`
		} `json:"metadata"`
		Spec struct {
			Default any `json:"default"`
		} `json:"spec"`
	}
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	if err := decoder.Decode(&first); err != nil {
		return "", true
	}
	var second any
	if err := decoder.Decode(&second); !errors.Is(err, io.EOF) {
		return first.Metadata.Name, true
	}
	return first.Metadata.Name, first.Spec.Default != nil && first.Spec.Default != false
}
