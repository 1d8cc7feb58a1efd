package fn

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/velero-krm/velero-krm/internal/jsonvalue"
	"github.com/velero-krm/velero-krm/krm"
)

// configReader reads the functionConfig of one function.
type configReader struct {
	function string
	kinds    []configKind
}

// read fills the struct that into points to.
func (r configReader) read(config *krm.Item, into any) error {
	prefix, problems := r.fill(config, into)
	if d, ok := into.(Defaulter); ok && len(problems) == 0 {
		d.Default()
	}
	// A config that could not be read is not validated: what is missing only
	// because it was misspelt would be told twice.
	if v, ok := into.(Validator); ok && len(problems) == 0 {
		problems = problemsOf(v.Validate(), prefix)
	}
	if len(problems) == 0 {
		return nil
	}
	return &ConfigError{Function: r.function, Problems: problems}
}

// fill returns where in the object the fields are.
func (r configReader) fill(config *krm.Item, into any) (prefix string, problems []Problem) {
	if config != nil {
		if p := r.checkKind(config.Identity()); p != nil {
			return "", []Problem{*p}
		}
	}
	if cr, ok := into.(ConfigReader); ok {
		return "", problemsOf(cr.ReadConfig(config), "")
	}
	target := reflect.ValueOf(into).Elem()
	if config == nil {
		return "", missingRequired(target, nil, "")
	}
	if id := config.Identity(); id.APIVersion == "v1" && id.Kind == "ConfigMap" {
		return fillFromConfigMap(target, config.Object())
	}
	return fillFromObject(target, config.Object())
}

func (r configReader) checkKind(id krm.Identity) *Problem {
	var accepted []string
	for _, k := range r.kinds {
		if id.APIVersion == k.apiVersion && id.Kind == k.kind {
			return nil
		}
		accepted = append(accepted, k.kind+" of "+k.apiVersion)
	}
	return &Problem{
		Path:   "kind",
		Reason: "the function is not configured by kind " + id.Kind + " of " + id.APIVersion,
		Hint:   "use " + strings.Join(accepted, " or "),
	}
}

// fillFromConfigMap reads data, whose values are text.
func fillFromConfigMap(target reflect.Value, object map[string]any) (string, []Problem) {
	d := decoder{text: true}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		switch key {
		case "apiVersion", "kind", "metadata", "data", "immutable":
		default:
			d.problem(keyPath("", key), "a ConfigMap that configures a function has its fields in data", "")
		}
	}
	data, ok := object["data"].(map[string]any)
	if !ok && object["data"] != nil {
		d.problem("data", "must be a map, is a "+jsonvalue.TypeName(object["data"]), "")
		return "data", d.problems
	}
	d.fields(target, data, "data")
	return "data", d.problems
}

// fillFromObject reads spec, or what is beside apiVersion, kind and metadata:
// the kinds of the public catalogue have no spec.
func fillFromObject(target reflect.Value, object map[string]any) (string, []Problem) {
	d := decoder{}
	spec, hasSpec := object["spec"]
	top := make(map[string]any, len(object))
	for key, v := range object {
		switch key {
		case "apiVersion", "kind", "metadata", "spec", "status":
		default:
			top[key] = v
		}
	}
	if !hasSpec {
		d.fields(target, top, "")
		return "", d.problems
	}
	for _, key := range slices.Sorted(maps.Keys(top)) {
		d.problem(keyPath("", key), "unknown field beside spec", "move it into spec")
	}
	fields, ok := spec.(map[string]any)
	if !ok && spec != nil {
		d.problem("spec", "must be a map, is a "+jsonvalue.TypeName(spec), "")
		return "spec", d.problems
	}
	d.fields(target, fields, "spec")
	return "spec", d.problems
}
