package features

import (
	"context"
	"encoding/base64"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/velero-krm/velero-krm/e2e/stack"
)

// shop is the folder of the example application.
const shop = "../../examples/shop"

// pipelineText returns a pipeline of the name with these lines below spec,
// which begin at the left edge.
func pipelineText(name, spec string) string {
	indented := strings.ReplaceAll(strings.TrimSpace(spec), "\n", "\n  ")
	return fmt.Sprintf("apiVersion: velero-krm.io/v1alpha1\nkind: Pipeline\nmetadata: {name: %s}\nspec:\n  %s\n", name, indented)
}

// labelStep is the line of a mutator that sets one label.
func labelStep(key, value string) string {
	return fmt.Sprintf("- {name: set-%s, builtin: set-labels, configMap: {labels: '{%s: \"%s\"}'}}", key, key, value)
}

// put creates the ConfigMap of a pipeline and removes it with the test: one
// that does not load may matter to every run that names none.
func (p *pipelines) put(t *testing.T, name, text string) {
	t.Helper()
	cm := stack.PipelineConfigMap(name, text)
	if err := p.ControlPlane.Client.Create(t.Context(), cm); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.ControlPlane.Client.Delete(context.WithoutCancel(t.Context()), cm); err != nil {
			t.Errorf("remove pipeline %s: %v", name, err)
		}
	})
}

// named chooses pipelines by annotation.
func named(value string) stack.ObjectOption {
	return stack.WithAnnotations(map[string]string{stack.PipelineKey: value})
}

// apply puts the objects of a folder into a namespace, which it makes.
func (p *pipelines) apply(t *testing.T, dir, namespace string) {
	t.Helper()
	if err := p.ControlPlane.CreateNamespace(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	p.applyInto(t, dir, namespace)
}

// applyInto puts the objects of a folder into a namespace that exists.
func (p *pipelines) applyInto(t *testing.T, dir, namespace string) {
	t.Helper()
	objects, err := stack.ReadManifests(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		o.SetNamespace(namespace)
	}
	if err := p.ControlPlane.Apply(t.Context(), objects...); err != nil {
		t.Fatal(err)
	}
}

// app puts the small application into a namespace and backs it up, without any
// pipeline, under the namespace's name.
func (p *pipelines) app(t *testing.T, namespace string) {
	t.Helper()
	p.apply(t, filepath.Join("testdata", "pipeline", "app"), namespace)
	p.complete(t, p.backup(t, namespace, namespace, named("none")))
}

// backup backs a namespace up and returns how it ended.
func (p *pipelines) backup(t *testing.T, name, namespace string, opts ...stack.ObjectOption) *velerov1api.Backup {
	t.Helper()
	backup, err := p.Backup(t.Context(), name, velerov1api.BackupSpec{IncludedNamespaces: []string{namespace}}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return backup
}

// restore restores a backup of a namespace into another one, named as the
// Restore, and returns how it ended.
func (p *pipelines) restore(t *testing.T, backup, from, to string, opts ...stack.ObjectOption) *velerov1api.Restore {
	t.Helper()
	restore, err := p.Restore(t.Context(), to, velerov1api.RestoreSpec{
		BackupName: backup, NamespaceMapping: map[string]string{from: to},
	}, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return restore
}

func (p *pipelines) complete(t *testing.T, run client.Object) {
	t.Helper()
	if err := p.Completed(t.Context(), run); err != nil {
		t.Fatal(err)
	}
}

// errorsOf returns the errors in Velero's own results of a run.
func (p *pipelines) errorsOf(t *testing.T, run client.Object) []string {
	t.Helper()
	read := p.RestoreResults
	if _, ok := run.(*velerov1api.Backup); ok {
		read = p.BackupResults
	}
	results, err := read(t.Context(), run.GetName())
	if err != nil {
		t.Fatal(err)
	}
	return results.Errors.Lines()
}

// objects returns what a namespace holds, by kind and name, without what a
// cluster or Velero sets on every object.
func (p *pipelines) objects(t *testing.T, namespace string) map[string]map[string]any {
	t.Helper()
	all, err := p.ControlPlane.Objects(t.Context(), namespace)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]map[string]any{}
	for _, o := range all {
		// The service controller's work that nobody does here; the API server makes
		// EndpointSlices from Endpoints only.
		found[o.GetKind()+"/"+o.GetName()] = plain(o)
	}
	return found
}

// plain removes what a cluster or Velero sets.
func plain(o *unstructured.Unstructured) map[string]any {
	o = o.DeepCopy()
	metadata, _ := o.Object["metadata"].(map[string]any)
	for _, key := range []string{"uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "namespace"} {
		delete(metadata, key)
	}
	labels := o.GetLabels()
	maps.DeleteFunc(labels, func(key, _ string) bool { return strings.HasPrefix(key, "velero.io/") })
	o.SetLabels(labels)
	if len(labels) == 0 {
		unstructured.RemoveNestedField(o.Object, "metadata", "labels")
	}
	delete(o.Object, "status")
	if o.GetKind() == "Service" {
		clusterSetOfService(o.Object)
	}
	return o.Object
}

// clusterSetOfService removes the addresses and ports that a cluster hands out.
func clusterSetOfService(o map[string]any) {
	spec, _ := o["spec"].(map[string]any)
	if spec["clusterIP"] != "None" {
		delete(spec, "clusterIP")
		delete(spec, "clusterIPs")
	}
	delete(spec, "healthCheckNodePort")
	ports, _ := spec["ports"].([]any)
	for _, port := range ports {
		if port, ok := port.(map[string]any); ok {
			delete(port, "nodePort")
		}
	}
}

// absent fails the test when an object or namespace exists.
func (p *pipelines) absent(t *testing.T, obj client.Object) {
	t.Helper()
	err := p.ControlPlane.Client.Get(t.Context(), client.ObjectKeyFromObject(obj), obj)
	if !apierrors.IsNotFound(err) {
		t.Errorf("get %T %s: want not found, got error %v", obj, client.ObjectKeyFromObject(obj), err)
	}
}

func namespaceNamed(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

func secretNamed(namespace, name string) *corev1.Secret {
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

// contains fails the test for each text that is not in got.
func contains(t *testing.T, got string, wants ...string) {
	t.Helper()
	for _, want := range wants {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in:\n%s", want, got)
		}
	}
}

// pieceBytes is how much of a Secret's value may be seen nowhere.
const pieceBytes = 8

// noLeak looks for pieces of the values of the application's Secrets, plain and
// as base64, in everything that Velero wrote about a run.
func (p *pipelines) noLeak(t *testing.T, run client.Object) {
	t.Helper()
	read, results := p.RestoreLog, p.RestoreResults
	if _, ok := run.(*velerov1api.Backup); ok {
		read, results = p.BackupLog, p.BackupResults
	}
	log, err := read(t.Context(), run.GetName())
	if err != nil {
		t.Fatal(err)
	}
	said, err := results(t.Context(), run.GetName())
	if err != nil {
		t.Fatal(err)
	}
	server, err := os.ReadFile(p.Velero.LogFile)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{
		"log": string(log), "server's log": string(server),
		"results": strings.Join(slices.Concat(said.Errors.Lines(), said.Warnings.Lines()), "\n"),
	}
	for where, text := range texts {
		for _, piece := range secretPieces(t) {
			if i := strings.Index(text, piece); i >= 0 {
				t.Errorf("a piece of a Secret is in the %s of %s: ...%s...", where, run.GetName(), text[max(0, i-200):min(len(text), i+50)])
				break
			}
		}
	}
}

// secretPieces returns all pieces of the values of the application's Secrets.
func secretPieces(t *testing.T) []string {
	t.Helper()
	objects, err := stack.ReadManifests(filepath.Join("testdata", "pipeline", "app"))
	if err != nil {
		t.Fatal(err)
	}
	var pieces []string
	for _, o := range objects {
		values, _, err := unstructured.NestedStringMap(o.Object, "stringData")
		if err != nil {
			t.Fatal(err)
		}
		for _, value := range values {
			for _, form := range []string{value, base64.StdEncoding.EncodeToString([]byte(value))} {
				for i := 0; i+pieceBytes <= len(form); i++ {
					pieces = append(pieces, form[i:i+pieceBytes])
				}
			}
		}
	}
	if len(pieces) == 0 {
		t.Fatal("the application has no Secret")
	}
	return pieces
}
