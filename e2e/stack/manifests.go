package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/metadata"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// fieldOwner is the field manager of what the stack applies.
const fieldOwner = client.FieldOwner("velero-krm-e2e")

// ApplyDir applies every object of a folder, or of a file, that [ReadManifests]
// finds, as [ControlPlane.Apply] does.
func (c *ControlPlane) ApplyDir(ctx context.Context, dir string) error {
	objects, err := ReadManifests(dir)
	if err != nil {
		return err
	}
	return c.Apply(ctx, objects...)
}

// Apply puts objects into the cluster by server-side apply: first
// CustomResourceDefinitions, which it waits for until they are served, then
// Namespaces, then the rest in the order given.
func (c *ControlPlane) Apply(ctx context.Context, objects ...*unstructured.Unstructured) error {
	sorted := slices.Clone(objects)
	slices.SortStableFunc(sorted, func(a, b *unstructured.Unstructured) int { return rank(a) - rank(b) })
	for i, obj := range sorted {
		if err := c.applyOne(ctx, obj); err != nil {
			return fmt.Errorf("apply %s %s: %w", obj.GetKind(), client.ObjectKeyFromObject(obj), err)
		}
		lastCRD := rank(obj) == 0 && (i+1 == len(sorted) || rank(sorted[i+1]) > 0)
		if !lastCRD {
			continue
		}
		if err := c.waitServed(ctx, sorted[:i+1]); err != nil {
			return err
		}
	}
	return nil
}

// rank orders kinds by what others need.
func rank(obj *unstructured.Unstructured) int {
	switch obj.GetKind() {
	case "CustomResourceDefinition":
		return 0
	case "Namespace":
		return 1
	default:
		return 2
	}
}

// applyOne retries while a kind that has just been defined is not yet known.
func (c *ControlPlane) applyOne(ctx context.Context, obj *unstructured.Unstructured) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return poll(ctx, func(ctx context.Context) (bool, error) {
		// Patch writes the answer into its argument; the caller keeps his.
		err := c.Client.Patch(ctx, obj.DeepCopy(), client.Apply, fieldOwner, client.ForceOwnership)
		if err == nil {
			return true, nil
		}
		if meta.IsNoMatchError(err) || apierrors.IsServerTimeout(err) || apierrors.IsTooManyRequests(err) {
			return false, err
		}
		return false, fatal{err}
	})
}

// waitServed waits until the API server serves what CRDs define. It does so for
// all at once: the first call for a kind takes the API server up to a second, in
// which it connects to etcd.
func (c *ControlPlane) waitServed(ctx context.Context, crds []*unstructured.Unstructured) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	api, err := metadata.NewForConfig(c.Config)
	if err != nil {
		return err
	}
	var wait sync.WaitGroup
	errs := make([]error, len(crds))
	for i, want := range crds {
		wait.Go(func() {
			if err := poll(ctx, func(ctx context.Context) (bool, error) { return c.served(ctx, api, want) }); err != nil {
				errs[i] = fmt.Errorf("wait until %s is served: %w", want.GetName(), err)
			}
		})
	}
	wait.Wait()
	return errors.Join(errs...)
}

// served reports whether the API server answers for the kind of a CRD.
func (c *ControlPlane) served(ctx context.Context, api metadata.Interface, want client.Object) (bool, error) {
	var crd apiextensionsv1.CustomResourceDefinition
	if err := c.Client.Get(ctx, client.ObjectKeyFromObject(want), &crd); err != nil {
		return false, err
	}
	if !established(&crd) {
		return false, errors.New("it is not established")
	}
	for _, v := range crd.Spec.Versions {
		if !v.Served {
			continue
		}
		kind := schema.GroupVersionResource{Group: crd.Spec.Group, Version: v.Name, Resource: crd.Spec.Names.Plural}
		if _, err := api.Resource(kind).List(ctx, metav1.ListOptions{Limit: 1}); err != nil {
			return false, err
		}
	}
	return true, nil
}

// established reports whether a CRD's resources are served.
func established(crd *apiextensionsv1.CustomResourceDefinition) bool {
	return slices.ContainsFunc(crd.Status.Conditions, func(c apiextensionsv1.CustomResourceDefinitionCondition) bool {
		return c.Type == apiextensionsv1.Established && c.Status == apiextensionsv1.ConditionTrue
	})
}

// ReadManifests returns the objects of a file, or of the .yaml, .yml and .json
// files of a folder, in the order of the file names. A file may hold several
// documents; Lists are taken apart.
func ReadManifests(path string) ([]*unstructured.Unstructured, error) {
	files, err := manifestFiles(path)
	if err != nil {
		return nil, fmt.Errorf("read manifests: %w", err)
	}
	var objects []*unstructured.Unstructured
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read manifests: %w", err)
		}
		more, err := ParseManifests(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		objects = append(objects, more...)
	}
	if len(objects) == 0 {
		return nil, fmt.Errorf("read manifests: no objects in %s", path)
	}
	return objects, nil
}

// manifestFiles returns path itself when it is a file, else what may hold
// manifests in the folder, sorted.
func manifestFiles(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		if slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(entry.Name())) {
			files = append(files, filepath.Join(path, entry.Name()))
		}
	}
	return files, nil
}

// ParseManifests returns the objects of YAML documents or JSON; Lists are taken
// apart.
func ParseManifests(data []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	for {
		var raw json.RawMessage
		err := decoder.Decode(&raw)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("decode manifest: %w", err)
		}
		if len(raw) == 0 || string(raw) == "null" { // an empty document
			continue
		}
		// Not into a map: its numbers would become float64 and lose digits.
		obj := &unstructured.Unstructured{}
		if err := obj.UnmarshalJSON(raw); err != nil {
			return nil, fmt.Errorf("decode manifest: %w", err)
		}
		if !obj.IsList() {
			objects = append(objects, obj)
			continue
		}
		err = obj.EachListItem(func(item runtime.Object) error {
			objects = append(objects, item.(*unstructured.Unstructured))
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("decode list: %w", err)
		}
	}
}
