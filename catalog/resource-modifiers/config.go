package resourcemodifiers

import (
	"context"
	"errors"
	"strings"

	"github.com/velero-krm/velero-krm/fn"
	"github.com/velero-krm/velero-krm/krm"
)

// Config of the function: the content of a resource modifier ConfigMap, or
// that ConfigMap itself.
type Config struct {
	Spec

	// program is what Validate made of the rules.
	program program
}

// Spec is what the one key of the ConfigMap holds as YAML.
type Spec struct {
	Version   string            `json:"version" required:"true" doc:"version of the format: v1"`
	Rules     []Rule            `json:"resourceModifierRules" required:"true" doc:"what is changed; patches see what the rules before made, conditions the object as it came"`
	Resources map[string]string `json:"resources" doc:"not in Velero: Kind.group of custom resources, and their resource name where it is no regular plural, as mice"`
}

// Rule changes the objects that meet its conditions. It has one of the three
// sorts of patches.
type Rule struct {
	Conditions       Conditions   `json:"conditions" required:"true" doc:"which objects"`
	Patches          []Patch      `json:"patches" doc:"JSON patch (RFC 6902), all operations or none"`
	MergePatches     []MergePatch `json:"mergePatches" doc:"JSON merge patches (RFC 7386), one after the other"`
	StrategicPatches []MergePatch `json:"strategicPatches" doc:"strategic merge patches, for the kinds of Kubernetes itself"`
}

// Conditions must all hold.
type Conditions struct {
	GroupResource     string    `json:"groupResource" required:"true" doc:"resource and group, as deployments.apps; * stands for any run of characters but dots"`
	Namespaces        []string  `json:"namespaces" doc:"namespaces as in the backup, patterns; cluster-scoped objects always meet it; default all"`
	ResourceNameRegex string    `json:"resourceNameRegex" doc:"expression (RE2) that is found in the name"`
	LabelSelector     *Selector `json:"labelSelector" doc:"labels of the object"`
	Matches           []Match   `json:"matches" doc:"fields that have these values"`
}

// Selector is a label selector.
type Selector struct {
	MatchLabels      map[string]string `json:"matchLabels" doc:"labels and their values"`
	MatchExpressions []Expression      `json:"matchExpressions" doc:"further conditions"`
}

// Expression is one condition on a label.
type Expression struct {
	Key      string   `json:"key" required:"true" doc:"key of the label"`
	Operator string   `json:"operator" required:"true" doc:"In, NotIn, Exists or DoesNotExist"`
	Values   []string `json:"values" doc:"values, for In and NotIn"`
}

// Match compares a field.
type Match struct {
	Path  string `json:"path" required:"true" doc:"JSON pointer, as /spec/storageClassName"`
	Value *Text  `json:"value" doc:"what the field must be; see value of a patch"`
}

// Patch is one operation of a JSON patch.
type Patch struct {
	Operation string `json:"operation" required:"true" doc:"add, remove, replace, move, copy or test"`
	Path      string `json:"path" required:"true" doc:"JSON pointer, as /metadata/labels/app"`
	From      string `json:"from" doc:"JSON pointer, for move and copy"`
	Value     *Text  `json:"value" doc:"JSON, or text as it is"`
}

// MergePatch is a patch in the shape of what it changes.
type MergePatch struct {
	PatchData string `json:"patchData" required:"true" doc:"the patch, YAML or JSON, as text"`
}

// ReadConfig reads the ConfigMap that Velero reads, or an object that has the
// same fields.
func (c *Config) ReadConfig(config *krm.Item) error {
	if config == nil {
		return fn.Invalid("version", "is required", "configure the function by the ConfigMap of the rules")
	}
	if id := config.Identity(); id.Kind != "ConfigMap" {
		return c.decode(config, "")
	}
	key, text, err := onlyKey(config.Object())
	if err != nil {
		return err
	}
	at := fn.FieldPath("data", key)
	content, err := parseYAML(text)
	if err != nil {
		return fn.Invalid(at, err.Error(), "")
	}
	fields, ok := content.(map[string]any)
	if !ok {
		return fn.Invalid(at, "must be a map", "it starts with version: v1")
	}
	item, err := krm.FromObject(map[string]any{
		"apiVersion": fn.ConfigAPIVersion, "kind": Function().ConfigKind(),
		"metadata": map[string]any{"name": "config"}, "spec": fields,
	})
	if err != nil {
		return fn.Invalid(at, "cannot be read", "")
	}
	return c.decode(item, at)
}

// onlyKey returns the one entry of data.
func onlyKey(object map[string]any) (key, text string, err error) {
	data, ok := object["data"].(map[string]any)
	if !ok || len(data) != 1 {
		return "", "", fn.Invalid("data", "must have exactly one key", "its value is the YAML of the rules")
	}
	for key, value := range data {
		text, ok := value.(string)
		if !ok {
			return "", "", fn.Invalid(fn.FieldPath("data", key), "must be a string", "")
		}
		return key, text, nil
	}
	return "", "", nil
}

// decode fills the config as package fn fills every other; prefix is where
// what it reads was written.
func (c *Config) decode(item *krm.Item, prefix string) error {
	reader := fn.New(Function().Name(), "Reads the config.", func(_ context.Context, s Spec, _ *fn.List) error {
		c.Spec = s
		return nil
	})
	_, err := reader.Run(context.Background(), &krm.ResourceList{FunctionConfig: item})
	var ce *fn.ConfigError
	if !errors.As(err, &ce) {
		return err
	}
	var errs []error
	for _, p := range ce.Problems {
		if prefix != "" {
			p.Path = prefix + ": " + strings.TrimPrefix(p.Path, "spec.")
		}
		errs = append(errs, fn.Invalid(p.Path, p.Reason, p.Hint))
	}
	return errors.Join(errs...)
}

// Validate compiles the rules: what could go wrong with them goes wrong here,
// before any object is touched.
func (c *Config) Validate() error {
	var err error
	c.program, err = compile(c.Spec)
	return err
}
