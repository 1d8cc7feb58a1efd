package plugin

import "testing"

// FuzzReadDocument checks what choosing relies on: a document either loads or
// says why not, and one that is a default never passes for none.
func FuzzReadDocument(f *testing.F) {
	f.Add(yamlPipeline("a", "\tdefault: true\n\tmutators: [{builtin: mark}]\n"))
	f.Add(yamlPipeline("a", "\tmutators: [{builtin: mark}]\n") + "\n---\n" + yamlPipeline("b", "\tdefault: true\n"))
	f.Add(`{"apiVersion":"velero-krm.io/v1alpha1","kind":"Pipeline","metadata":{"name":"a"},"spec":{"default":true}}`)
	f.Add("spec: [\n")
	f.Add("spec: {default: yes}\n")
	f.Fuzz(func(t *testing.T, data string) {
		d := readDocument("ConfigMap velero/p key a", []byte(data))
		if (d.pipeline == nil) != (d.err != nil) {
			t.Fatalf("readDocument(): pipeline %v, error %v", d.pipeline, d.err)
		}
		name, maybeDefault := glance([]byte(data))
		if d.err == nil && (name != d.pipeline.Metadata.Name || d.pipeline.Spec.Default && !maybeDefault) {
			t.Errorf("glance() = %q, %t for pipeline %q with default %t", name, maybeDefault, d.pipeline.Metadata.Name, d.pipeline.Spec.Default)
		}
	})
}
