package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"filippo.io/age"
	"github.com/velero-krm/velero-krm/catalog"
	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/internal/bench/objects"
	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

// workload is what row scaling gives a function.
type workload struct {
	// what the objects are, for the table.
	what    string
	config  *krm.Item
	context []*krm.Item
	// make returns n objects.
	make func(n int) ([][]byte, error)
}

// workloadOf returns objects that f has work with: the generated ones for
// functions with a config here, and else those of its example over and over,
// each copy under names of its own. dir is for files that last as long as the
// measurement.
func workloadOf(ctx context.Context, f fn.Function, dir string) (workload, error) {
	if f.Name() == "unseal-secrets" {
		return sealedWorkload(ctx, f, dir)
	}
	config, err := configOf(f)
	if err != nil {
		return workload{}, err
	}
	if _, ok := configs[f.Name()]; ok {
		run, err := contextOf(f)
		return workload{"generated", config, run, generated}, err
	}
	example, err := catalog.ExampleOf(f.Name())
	if err != nil {
		return workload{}, err
	}
	w := workload{what: "its example's", config: config}
	var originals []*krm.Item
	for _, item := range example.Input {
		if v, _ := item.Annotation("config.kubernetes.io/local-config"); v == "true" {
			w.context = append(w.context, item)
		} else {
			originals = append(originals, item)
		}
	}
	if len(w.context) == 0 {
		if w.context, err = contextOf(f); err != nil {
			return workload{}, err
		}
	}
	w.make = func(n int) ([][]byte, error) { return copies(originals, n) }
	return w, nil
}

func generated(n int) ([][]byte, error) { return objects.Generate(n), nil }

// copies returns n objects: the originals again and again. In each round their
// names and UIDs, and what refers to them, get the round's number, so that
// relations stay among the objects of one round.
func copies(originals []*krm.Item, n int) ([][]byte, error) {
	ids := map[string]bool{}
	for _, item := range originals {
		ids[item.Identity().Name] = true
		if meta, ok := item.Object()["metadata"].(map[string]any); ok {
			if uid, ok := meta["uid"].(string); ok {
				ids[uid] = true
			}
		}
	}
	delete(ids, "")
	// Namespaces stay: they are few in a backup.
	for _, item := range originals {
		delete(ids, item.Identity().Namespace)
	}
	out := make([][]byte, 0, n)
	for round := 0; len(out) < n; round++ {
		for _, item := range originals {
			if len(out) == n {
				break
			}
			object := item.Object()
			renumber(object, ids, round)
			raw, err := asServed(object)
			if err != nil {
				return nil, err
			}
			out = append(out, raw)
		}
	}
	return out, nil
}

// renumber appends the round to every text that is one of ids, and to the one of
// ids that a text starts with, as that of a Pod with its owner's.
func renumber(v any, ids map[string]bool, round int) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = renumber(v[k], ids, round)
		}
	case []any:
		for i := range v {
			v[i] = renumber(v[i], ids, round)
		}
	case string:
		for end := len(v); end > 0; end = strings.LastIndexByte(v[:end], '-') {
			if ids[v[:end]] {
				return fmt.Sprintf("%s-%05d%s", v[:end], round, v[end:])
			}
		}
	}
	return v
}

// servedSize is about that of the generated objects. Fixtures are shorter than
// what an API server keeps, and what is spent on each object, whatever its
// size, would count for more than it does.
const servedSize = 1400

// asServed returns an object with what fixtures leave out and backups have: the
// managedFields of those who wrote it, as many as it takes.
func asServed(object map[string]any) ([]byte, error) {
	raw, err := json.Marshal(object)
	meta, ok := object["metadata"].(map[string]any)
	if err != nil || !ok {
		return raw, err
	}
	var managers []any
	fields := ownFields(object)
	for len(raw) < servedSize {
		managers = append(managers, map[string]any{
			"manager": fmt.Sprintf("controller-%d", len(managers)), "operation": "Update", "apiVersion": object["apiVersion"],
			"time": "2026-03-14T09:26:53Z", "fieldsType": "FieldsV1", "fieldsV1": fields,
		})
		meta["managedFields"] = managers
		if raw, err = json.Marshal(object); err != nil {
			return nil, err
		}
	}
	return raw, nil
}

// ownFields are the mappings of an object in the form of managedFields.
func ownFields(object map[string]any) map[string]any {
	fields := map[string]any{}
	for k, v := range object {
		if nested, ok := v.(map[string]any); ok {
			fields["f:"+k] = ownFields(nested)
		} else {
			fields["f:"+k] = map[string]any{}
		}
	}
	return fields
}

// sealedWorkload are the generated objects with their Secrets sealed for a key
// that is made for it.
func sealedWorkload(ctx context.Context, f fn.Function, dir string) (workload, error) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return workload{}, err
	}
	path := filepath.Join(dir, "keys.txt")
	if err := os.WriteFile(path, []byte(identity.String()), 0o600); err != nil {
		return workload{}, err
	}
	config, err := specOf(f, fmt.Sprintf(`{"identityFile":%q}`, path))
	if err != nil {
		return workload{}, err
	}
	seal, _ := catalog.Lookup("seal-secrets")
	sealing, err := specOf(seal, fmt.Sprintf(`{"recipients":[%q]}`, identity.Recipient()))
	if err != nil {
		return workload{}, err
	}
	return workload{"generated, sealed", config, nil, func(n int) ([][]byte, error) {
		items, err := itemsOf(objects.Generate(n))
		if err != nil {
			return nil, err
		}
		out, err := transform(ctx, seal, items, runner.TransformOptions{Config: sealing})
		if err != nil {
			return nil, err
		}
		raw := make([][]byte, len(out))
		for i, item := range out {
			raw[i] = item.Raw()
		}
		return raw, nil
	}}, nil
}

// specOf returns a functionConfig of f's own kind.
func specOf(f fn.Function, spec string) (*krm.Item, error) {
	return krm.ParseConfig([]byte(`{"apiVersion":"` + fn.ConfigAPIVersion + `","kind":"` + f.ConfigKind() + `","spec":` + spec + `}`))
}

// itemsOf returns objects as fresh items, so that nothing one measurement
// decoded is there for the next.
func itemsOf(raw [][]byte) ([]*krm.Item, error) {
	out := make([]*krm.Item, len(raw))
	for i, r := range raw {
		item, err := krm.NewItem(r)
		if err != nil {
			return nil, fmt.Errorf("make item %d: %w", i, err)
		}
		out[i] = item
	}
	return out, nil
}

// block is where docs/performance.md has the table of row scaling.
var block = regexp.MustCompile(`(?s)(<!-- scaling: made by make bench-docs -->\n).*?(<!-- end -->\n)`) //nolint:gochecknoglobals // a constant

// fillScaling puts a table into the page.
func fillScaling(path, table string) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !block.Match(page) {
		return fmt.Errorf("write the table of row scaling to %q: it has no place for it", path)
	}
	// Not as a template: $ would stand for something.
	filled := block.ReplaceAllStringFunc(string(page), func(old string) string {
		start := strings.Index(old, "\n") + 1
		return old[:start] + table + "<!-- end -->\n"
	})
	return os.WriteFile(path, []byte(filled), 0o644) //nolint:gosec // a page that everybody reads
}
