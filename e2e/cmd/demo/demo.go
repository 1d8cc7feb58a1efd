package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/krm"
	velerov1api "github.com/vmware-tanzu/velero/pkg/apis/velero/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/velero-krm/velero-krm/e2e/stack"
)

// The names that the demo uses. The pipeline's is in examples/shop.
const (
	from         = "shop"
	to           = "shop-dr"
	pipelineName = "to-dr"
)

// functions are the executables of the pipeline: each is the multi-call
// executable under the function's own name.
var functions = [...]string{"route", "service", "set-image-registry"}

// demo is one run of it.
type demo struct {
	out     *printer
	bin     string
	velero  string // file name in bin
	example string
	keep    bool
	stack   *stack.Stack
	objects int // of the application
}

// play runs the demo from start to end and leaves nothing running.
func (d *demo) play(ctx context.Context) (err error) {
	executables, remove, err := d.installFunctions()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()

	d.out.step("start etcd, kube-apiserver, an S3 server and %s with velero-plugin-krm", d.server())
	d.stack, err = stack.Start(ctx, stack.Config{
		Bin: d.bin, Keep: true, // until it is known how it ended
		Manifests: []string{filepath.Join(d.example, "cluster")},
		Velero: stack.VeleroConfig{
			Binary:  filepath.Join(d.bin, d.velero),
			Plugins: []string{filepath.Join(d.bin, "velero-plugin-krm")},
			Env:     []string{"KRM_FN_DIR=" + executables},
		},
	})
	if err != nil {
		return err
	}
	defer func() { err = d.cleanUp(ctx, err) }()

	for _, scene := range []func(context.Context) error{d.createApplication, d.createPipeline, d.backUp, d.restore, d.show} {
		if err := scene(ctx); err != nil {
			return err
		}
	}
	return nil
}

// server says in words which Velero it is.
func (d *demo) server() string {
	if d.velero == "velero-stock" {
		return "an unmodified Velero"
	}
	return "Velero with multi-item actions"
}

// cleanUp stops the stack and removes its folder, unless the demo failed: the
// error names logs in it. It returns err with what went wrong here.
func (d *demo) cleanUp(ctx context.Context, err error) error {
	err = errors.Join(err, d.stack.Stop())
	if failed := err != nil && ctx.Err() == nil; failed || d.keep {
		d.out.step("logs and data are kept in %s", d.stack.Dir)
		return err
	}
	return errors.Join(err, os.RemoveAll(d.stack.Dir))
}

// installFunctions makes the folder that holds the functions' executables,
// as an image for Velero's pod would.
func (d *demo) installFunctions() (dir string, remove func() error, err error) {
	dir, err = os.MkdirTemp("", "velero-krm-functions-")
	if err != nil {
		return "", nil, fmt.Errorf("make the functions' folder: %w", err)
	}
	remove = func() error { return os.RemoveAll(dir) }
	if err := stack.LinkFunctions(dir, d.bin, functions[:]...); err != nil {
		return "", nil, errors.Join(err, remove())
	}
	return dir, remove, nil
}

func (d *demo) createApplication(ctx context.Context) error {
	d.out.step("create the application in namespace %s", from)
	cluster := d.stack.ControlPlane
	if err := cluster.CreateNamespace(ctx, from); err != nil {
		return err
	}
	objects, err := stack.ReadManifests(filepath.Join(d.example, "app"))
	if err != nil {
		return err
	}
	d.objects = len(objects)
	for _, o := range objects {
		d.out.Line("%s %s/%s", o.GetKind(), o.GetNamespace(), o.GetName())
	}
	return cluster.Apply(ctx, objects...)
}

func (d *demo) createPipeline(ctx context.Context) error {
	d.out.step("create the pipeline %s: a ConfigMap beside Velero", pipelineName)
	data, err := os.ReadFile(filepath.Join(d.example, "pipeline.yaml"))
	if err != nil {
		return fmt.Errorf("read pipeline: %w", err)
	}
	for line := range strings.Lines(string(data)) {
		if !strings.HasPrefix(line, "#") {
			d.out.Line("%s", strings.TrimRight(line, "\n"))
		}
	}
	return d.stack.ControlPlane.CreatePipeline(ctx, pipelineName, string(data))
}

func (d *demo) backUp(ctx context.Context) error {
	d.out.step("back namespace %s up and delete it", from)
	backup, err := d.stack.Backup(ctx, from, velerov1api.BackupSpec{IncludedNamespaces: []string{from}})
	if err != nil {
		return err
	}
	if err := d.stack.Completed(ctx, backup); err != nil {
		return err
	}
	d.out.Line("backup %s: %s, %d items", backup.Name, backup.Status.Phase, backup.Status.Progress.ItemsBackedUp)
	return d.stack.ControlPlane.DeleteNamespace(ctx, from)
}

func (d *demo) restore(ctx context.Context) error {
	d.out.step("restore it into namespace %s with --labels %s=%s", to, stack.PipelineKey, pipelineName)
	restore, err := d.stack.Restore(ctx, to, velerov1api.RestoreSpec{
		BackupName:       from,
		NamespaceMapping: map[string]string{from: to},
	}, stack.WithLabels(map[string]string{stack.PipelineKey: pipelineName}))
	if err != nil {
		return err
	}
	if err := d.stack.Completed(ctx, restore); err != nil {
		return err
	}
	d.out.Line("restore %s: %s, %d items", restore.Name, restore.Status.Phase, restore.Status.Progress.ItemsRestored)
	return nil
}

// show compares each object of the application in the backup's tarball with
// what the API server holds now.
func (d *demo) show(ctx context.Context) error {
	d.out.step("what changed between the backup in S3 and namespace %s", to)
	backedUp, err := d.backedUp(ctx)
	if err != nil {
		return err
	}
	if len(backedUp) != d.objects {
		return fmt.Errorf("compare the backup with namespace %s: the application has %d objects and the backup %d", to, d.objects, len(backedUp))
	}
	for _, before := range backedUp {
		after, err := d.live(ctx, before.Identity())
		if err != nil {
			return err
		}
		d.out.object(before.Identity(), slices.DeleteFunc(krm.Diff(before, after), byCluster))
	}
	return nil
}

// itemPath matches the files of the tarball that hold an object in its
// preferred version, one each.
var itemPath = regexp.MustCompile(`^resources/[^/]+/namespaces/` + from + `/[^/]+\.json$`)

// backedUp returns the application's objects as the backup holds them.
func (d *demo) backedUp(ctx context.Context) ([]*krm.Item, error) {
	files, err := d.stack.BackupContents(ctx, from)
	if err != nil {
		return nil, err
	}
	var items []*krm.Item
	for path, data := range files {
		if !itemPath.MatchString(path) {
			continue
		}
		item, err := krm.NewItem(data)
		if err != nil {
			return nil, fmt.Errorf("read %s of the backup: %w", path, err)
		}
		items = append(items, item)
	}
	slices.SortFunc(items, func(a, b *krm.Item) int {
		return strings.Compare(a.Identity().String(), b.Identity().String())
	})
	return items, nil
}

// live returns the restored object as the API server holds it.
func (d *demo) live(ctx context.Context, id krm.Identity) (*krm.Item, error) {
	var obj unstructured.Unstructured
	obj.SetAPIVersion(id.APIVersion)
	obj.SetKind(id.Kind)
	if err := d.stack.ControlPlane.Client.Get(ctx, client.ObjectKey{Namespace: to, Name: id.Name}, &obj); err != nil {
		return nil, fmt.Errorf("read %s back from namespace %s: %w", id, to, err)
	}
	return krm.FromObject(obj.Object)
}

// clusterPaths are the fields that a cluster or Velero sets itself on every
// restore, with or without functions.
var clusterPaths = [...]string{
	"metadata.uid", "metadata.resourceVersion", "metadata.creationTimestamp", "metadata.generation",
	"metadata.managedFields", "metadata.namespace", "metadata.labels", "status",
	"spec.clusterIP", "spec.clusterIPs", "spec.ports[0].nodePort", "spec.healthCheckNodePort",
}

// byCluster reports whether a change is one that the functions did not make.
func byCluster(c krm.FieldChange) bool {
	return slices.ContainsFunc(clusterPaths[:], func(path string) bool {
		rest, ok := strings.CutPrefix(c.Path, path)
		return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}
