package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/velero-krm/velero-krm/internal/bench"
	"github.com/velero-krm/velero-krm/internal/bench/objects"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/velero-krm/velero-krm/e2e/stack"
)

// suite is one run of the benchmarks.
type suite struct {
	opts options
	out  *bench.Report
}

// functions are the three that the pipelines call.
var functions = [...]string{"set-labels", "set-image-registry", "remove-fields"}

// pipelines are the same three functions, in the process and as executables.
// None has a selector: every object goes through all three.
var pipelines = map[string]string{
	"builtin": pipelineText("builtin", "builtin"),
	"exec":    pipelineText("exec", "exec"),
}

func pipelineText(name, runtime string) string {
	return fmt.Sprintf(`apiVersion: velero-krm.io/v1alpha1
kind: Pipeline
metadata: {name: %[1]s}
spec:
  mutators:
  - {%[2]s: set-labels, configMap: {labels: '{moved: "yes"}'}}
  - {%[2]s: set-image-registry, configMap: {from: docker.io, to: registry.dr.example}}
  - {%[2]s: remove-fields, configMap: {paths: 'metadata.annotations["example.com/checksum"]'}}
`, name, runtime)
}

// cluster is a stack with objects in it.
type cluster struct {
	*stack.Stack
	functions  string   // folder of the executables
	namespaces []string // that hold the objects
}

// newCluster starts a stack with n objects of the kinds, all if none is named.
// The caller closes it.
func (s *suite) newCluster(ctx context.Context, n int, kinds ...string) (c *cluster, err error) {
	dir, err := s.installFunctions()
	if err != nil {
		return nil, err
	}
	started, err := stack.Start(ctx, stack.Config{Bin: s.opts.bin, Velero: stack.VeleroConfig{Binary: filepath.Join(s.opts.bin, "velero")}})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	c = &cluster{Stack: started, functions: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	if err := c.putPipelines(ctx); err != nil {
		return c, err
	}
	s.out.Progress("creating %d objects", n)
	return c, c.fill(ctx, n, kinds)
}

func (c *cluster) close() error {
	return errors.Join(c.Stop(), os.RemoveAll(c.functions))
}

// installFunctions makes the folder that holds the functions' executables.
func (s *suite) installFunctions() (dir string, err error) {
	if dir, err = os.MkdirTemp("", "velero-krm-functions-"); err != nil {
		return "", err
	}
	if err := stack.LinkFunctions(dir, s.opts.bin, functions[:]...); err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	return dir, nil
}

func (c *cluster) putPipelines(ctx context.Context) error {
	for name, text := range pipelines {
		if err := c.ControlPlane.CreatePipeline(ctx, name, text); err != nil {
			return err
		}
	}
	return nil
}

// creators is how many objects are created at a time.
const creators = 8

// fill creates the objects with their namespaces.
func (c *cluster) fill(ctx context.Context, n int, kinds []string) error {
	list, err := ofKinds(n, kinds)
	if err != nil {
		return err
	}
	for _, o := range list {
		if ns := o.GetNamespace(); !slices.Contains(c.namespaces, ns) {
			c.namespaces = append(c.namespaces, ns)
			if err := c.ControlPlane.CreateNamespace(ctx, ns); err != nil {
				return err
			}
		}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan *unstructured.Unstructured)
	var wait sync.WaitGroup
	for range creators {
		wait.Go(func() {
			for o := range next {
				if err := c.ControlPlane.Client.Create(ctx, o); err != nil {
					cancel(fmt.Errorf("create %s %s: %w", o.GetKind(), o.GetName(), err))
				}
			}
		})
	}
	for _, o := range list {
		next <- o
	}
	close(next)
	wait.Wait()
	return context.Cause(ctx)
}

// ofKinds returns n objects of the kinds.
func ofKinds(n int, kinds []string) ([]*unstructured.Unstructured, error) {
	if len(kinds) == 0 {
		return decoded(objects.Generate(n))
	}
	for more := 2 * n; ; more *= 2 {
		all, err := decoded(objects.Generate(more))
		if err != nil {
			return nil, err
		}
		list := slices.DeleteFunc(all, func(o *unstructured.Unstructured) bool { return !slices.Contains(kinds, o.GetKind()) })
		if len(list) >= n {
			return list[:n], nil
		}
	}
}

// decoded returns the objects as somebody would create them.
func decoded(raw [][]byte) ([]*unstructured.Unstructured, error) {
	list := make([]*unstructured.Unstructured, len(raw))
	for i, data := range raw {
		o := &unstructured.Unstructured{}
		if err := json.Unmarshal(data, &o.Object); err != nil {
			return nil, err
		}
		o.SetUID("")
		o.SetResourceVersion("")
		unstructured.RemoveNestedField(o.Object, "metadata", "creationTimestamp")
		unstructured.RemoveNestedField(o.Object, "status")
		asClusterIP(o)
		list[i] = o
	}
	return list, nil
}

// asClusterIP makes a load balancer a plain Service: a cluster has too few node
// ports for thousands of them.
func asClusterIP(o *unstructured.Unstructured) {
	if o.GetKind() != "Service" {
		return
	}
	spec, _ := o.Object["spec"].(map[string]any)
	spec["type"] = "ClusterIP"
	for _, key := range []string{"clusterIP", "clusterIPs", "externalTrafficPolicy", "allocateLoadBalancerNodePorts", "healthCheckNodePort"} {
		delete(spec, key)
	}
	ports, _ := spec["ports"].([]any)
	for _, port := range ports {
		if port, ok := port.(map[string]any); ok {
			delete(port, "nodePort")
		}
	}
}
