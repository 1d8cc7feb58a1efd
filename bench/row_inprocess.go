package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/internal/bench"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

// maxInProcess is the target of row inprocess.
const maxInProcess = 1.5

// configs are the configurations that functions are measured with whose own
// example (catalog.ExampleOf) changes none of the objects here. Functions that
// are not in it, a new one for instance, are measured with their example's.
var configs = map[string]string{ //nolint:gochecknoglobals // a constant table
	"cel": `{"rules":[{"match":"object.metadata.namespace != 'kube-system'","set":{"metadata.labels.site":"'dr'"}},` +
		`{"match":"object.kind == 'Deployment' && object.spec.replicas > 1","set":{"spec.replicas":"1"}}]}`,
	"starlark":             `{"source":"for o in ctx.resource_list[\"items\"]:\n  o[\"metadata\"].setdefault(\"labels\", {})[\"site\"] = \"dr\"\n"}`,
	"set-labels":           `{"labels":{"example.com/restored-by":"velero-krm"}}`,
	"set-image-registry":   `{"from":"docker.io/acme","to":"registry.dr.example/acme"}`,
	"remove-fields":        `{"paths":["metadata.uid"]}`,
	"map-namespaces":       `{"mappings":{"shop-00":"dr-00","shop-01":"dr-01"}}`,
	"move-internal-images": `{"from":"docker.io","to":"registry.dr.example"}`,
	"rename":               `{"renames":[{"kind":"ConfigMap","from":"settings-00000","to":"settings-dr"}]}`,
	"drop":                 `{"selectors":[{"group":"core","kind":"Service"}]}`,
	"remove-annotations":   `{"keys":["meta.helm.sh/*"]}`,
	"replace":              `{"rules":[{"path":"data.mode","regex":"^on$","with":"off"}]}`,
	"required-fields":      `{"rules":[{"kind":"Deployment","paths":["spec.template.spec.containers[*].image"]}]}`,
	"resource-modifiers": `{"version":"v1","resourceModifierRules":[` +
		`{"conditions":{"groupResource":"**"},"patches":[{"operation":"add","path":"/metadata/labels/site","value":"dr"}]},` +
		`{"conditions":{"groupResource":"deployments.apps"},"strategicPatches":[{"patchData":"{\"spec\": {\"replicas\": 1}}"}]}]}`,
	"set-annotations":   `{"annotations":{"example.com/restored-by":"velero-krm"}}`,
	"seal-secrets":      `{"recipients":["age1e82spq85ls9pmxvdwv5nrq9pa45g2le8m23cv9q2t3g7ykd2dszqj5hh6j"]}`,
	"served-apis":       `{"served":{"v1":["Secret","ConfigMap","Service","PersistentVolumeClaim"],"apps/v1":["Deployment"]}}`,
	"set-replicas":      `{"replicas":0}`,
	"set-storage-class": `{"mappings":{"fast":"gp3"}}`,
}

// runContext is what a function that asks for the run's context gets; the
// others do without it, so that nothing is added to what they are measured by.
// Its verb is the phase.
const runContext = `{"apiVersion":"velero-krm.io/v1alpha1","kind":"RunContext","metadata":{"name":"bench","namespace":"velero"},` +
	`"phase":%q,"backup":{"spec":{}},"restore":{"name":"bench","labels":{"app.kubernetes.io/part-of":"openshift-migration"},` +
	`"spec":{"namespaceMapping":{"shop-00":"dr-00"}}},"cluster":{"kubernetesVersion":"v1.34.3"}}`

// measureInProcess compares each function of the catalogue, from the bytes of
// the objects to the bytes of the result through runner.Transform, with
// decoding and encoding the same objects with encoding/json. Both use one core:
// the ratio is of work. That Transform uses two by default is a figure beside it.
func measureInProcess(ctx context.Context, s *suite) error {
	for _, f := range catalog.Functions() {
		if s.skip(f.Name()) {
			continue
		}
		if err := s.inProcessOf(ctx, f); err != nil {
			return fmt.Errorf("%s: %w", f.Name(), err)
		}
	}
	return nil
}

func (s *suite) inProcessOf(ctx context.Context, f fn.Function) error {
	config, err := configOf(f)
	if err != nil {
		return err
	}
	run, err := contextOf(f)
	if err != nil {
		return err
	}
	changed := 0
	through := func(concurrency int) func() error {
		opts := runner.TransformOptions{
			Config: config, Context: run, MaxConcurrency: concurrency,
			Allow:   runner.Permissions{Create: true, Delete: true, Rename: true},
			Sayings: runner.NewSayings(f.Sayings()...), // as in a pipeline
		}
		return func() error {
			items, err := s.items()
			if err != nil {
				return err
			}
			out, err := transform(ctx, f, items, opts)
			changed = countChanged(items, out)
			return err
		}
	}
	best, err := interleave(ctx, s.opts.runs, func() error { return decodeAndEncode(s.objects) }, through(1), through(defaultConcurrency))
	if err != nil {
		return err
	}
	s.out.Progress("  %s: changes %d of %d objects", f.Name(), changed, len(s.objects))
	s.out.Figure("inprocess."+f.Name()+".changed", float64(changed), "objects")
	s.reportInProcess(f.Name(), best[0], best[1], best[2])
	return nil
}

func (s *suite) reportInProcess(name string, base, mine, parallel cost) {
	s.out.Figure("inprocess."+name+".decode_encode", s.perItem(base.wall), "ms/item")
	s.out.Figure("inprocess."+name+".function", s.perItem(mine.wall), "ms/item")
	s.out.Figure("inprocess."+name+".function_parallel", s.perItem(parallel.wall), "ms/item")
	s.out.Figure("inprocess."+name+".cpu_ratio", mine.cpu.Seconds()/base.cpu.Seconds(), "ratio")
	s.out.Judge("inprocess."+name+".ratio", bench.Verdict{
		Title:  name + " in the process over decode and encode",
		Today:  fmt.Sprintf("%.4f ms/item", s.perItem(base.wall)),
		Ours:   fmt.Sprintf("%.4f ms/item", s.perItem(mine.wall)),
		Ratio:  mine.wall.Seconds() / base.wall.Seconds(),
		Target: maxInProcess,
	})
}

// configOf returns the functionConfig f is measured with, nil for none.
func configOf(f fn.Function) (*krm.Item, error) {
	config, err := exampleConfig(f)
	if spec, ok := configs[f.Name()]; ok {
		config, err = specOf(f, spec)
	}
	if err != nil {
		return nil, err
	}
	return config, f.CheckConfig(config)
}

func exampleConfig(f fn.Function) (*krm.Item, error) {
	example, err := catalog.ExampleOf(f.Name())
	if err != nil {
		return nil, err
	}
	return example.FunctionConfig()
}

// contextOf returns the context items f is measured with.
func contextOf(f fn.Function) ([]*krm.Item, error) {
	if f.About().Needs.Context == "" {
		return nil, nil
	}
	phase := fn.Restore
	if phases := f.OnlyPhases(nil); len(phases) > 0 && !slices.Contains(phases, phase) {
		phase = phases[0]
	}
	item, err := krm.NewItem(fmt.Appendf(nil, runContext, phase))
	return []*krm.Item{item}, err
}

// countChanged returns how many of out are not the item that went in.
func countChanged(in, out []*krm.Item) int {
	n := 0
	for i := range out {
		if in[i] != out[i] {
			n++
		}
	}
	return n
}
