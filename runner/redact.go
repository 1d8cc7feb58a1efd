package runner

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/velero-krm/velero-krm/krm"
)

// Redacted stands where a part of a Secret's value was.
const Redacted = "[redacted]"

// Redactor takes the values of Secrets out of texts that functions wrote: the
// data of every v1 Secret among its items, as base64 and decoded, its
// stringData, and both inside its last-applied-configuration annotation.
//
// A function may print part of a value, wrap it, or escape it. So every run of
// 6 bytes or more that occurs in a value is replaced by [Redacted], also where
// JSON escapes, quotes, line breaks or indentation stand in between; values of
// 2 to 5 bytes are replaced where they stand alone. What comes of it may lack
// words that are no secret but occur in one. A value that was encoded in yet
// another way, encrypted or compressed, is not found.
//
// A Redactor reads its items when it is first used, so one that meets no text
// costs nothing. Several goroutines may use it at once.
type Redactor struct {
	items  [][]*krm.Item
	once   sync.Once
	values [][]byte
	shorts []string
}

// NewRedactor returns a Redactor for the Secrets in all the lists.
func NewRedactor(lists ...[]*krm.Item) *Redactor { return &Redactor{items: lists} }

// Redact returns text without the values of the Secrets among items.
func Redact(text string, items []*krm.Item) string { return NewRedactor(items).Text(text) }

// Text returns text without the values of Secrets.
func (r *Redactor) Text(text string) string {
	r.texts([]*string{&text})
	return text
}

// Results returns a copy of results without the values of Secrets. The values
// of a field of a Secret are replaced by a hash.
func (r *Redactor) Results(results []krm.Result) []krm.Result {
	if len(results) == 0 {
		return results
	}
	clean := make([]krm.Result, len(results))
	var texts []*string
	for i, res := range results {
		clean[i] = copyResult(res)
		texts = append(texts, resultTexts(&clean[i])...)
	}
	r.texts(texts)
	for i := range clean {
		r.fieldValues(&clean[i])
		clean[i].Tags = r.tags(clean[i].Tags)
	}
	return clean
}

// Err returns an error with the chain of err and a text without the values of
// Secrets: err itself if there are none in it.
func (r *Redactor) Err(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if clean := r.Text(text); clean != text {
		return &redactedError{text: clean, err: err}
	}
	return err
}

// redactedError hides the text of err and nothing else.
type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string { return e.text }

// Is and As look into the hidden error; Unwrap would give it, with its text,
// to everyone who prints the chain.
func (e *redactedError) Is(target error) bool { return errors.Is(e.err, target) }
func (e *redactedError) As(target any) bool   { return errors.As(e.err, target) }

// functionError returns fe without the values of Secrets.
func (r *Redactor) functionError(fe *FunctionError) *FunctionError {
	clean := *fe
	clean.Stderr = r.Text(fe.Stderr)
	clean.Results = r.Results(fe.Results)
	clean.Err = r.Err(fe.Err)
	clean.Hint = r.Text(fe.Hint)
	return &clean
}

// redacted returns v without the values of Secrets in in.
func (e *engine) redacted(in *krm.ResourceList, v verdict) verdict {
	if v.err == nil && len(v.results) == 0 {
		return v
	}
	r := NewRedactor(in.Items, []*krm.Item{in.FunctionConfig})
	v.results = r.Results(v.results)
	done := make(map[*FunctionError]*FunctionError)
	clean := func(fe *FunctionError) *FunctionError {
		if done[fe] == nil {
			done[fe] = r.functionError(fe)
		}
		return done[fe]
	}
	if v.err != nil {
		v.err = clean(v.err)
	}
	for pos, fe := range v.blame {
		v.blame[pos] = clean(fe)
	}
	return v
}

func copyResult(res krm.Result) krm.Result {
	if res.Field != nil {
		field := *res.Field
		res.Field = &field
	}
	if res.File != nil {
		file := *res.File
		res.File = &file
	}
	return res
}

// resultTexts returns the texts of a result that a function may have put an
// echo into. What names the object is not one: it would not be found again.
func resultTexts(res *krm.Result) []*string {
	texts := []*string{&res.Message}
	if res.Field != nil {
		texts = append(texts, &res.Field.Path)
	}
	if res.File != nil {
		texts = append(texts, &res.File.Path)
	}
	return texts
}

func (r *Redactor) tags(tags map[string]string) map[string]string {
	if len(tags) == 0 {
		return tags
	}
	clean := make(map[string]string, len(tags))
	for k, v := range tags {
		clean[r.Text(k)] = r.Text(v)
	}
	return clean
}

func (r *Redactor) fieldValues(res *krm.Result) {
	if res.Field == nil {
		return
	}
	if ref := res.ResourceRef; ref != nil && isSecret(refIdentity(ref)) {
		res.Field.CurrentValue = hashed(res.Field.CurrentValue)
		res.Field.ProposedValue = hashed(res.Field.ProposedValue)
		return
	}
	res.Field.CurrentValue = r.value(res.Field.CurrentValue)
	res.Field.ProposedValue = r.value(res.Field.ProposedValue)
}

// hashed replaces a value by the form in which krm.Diff shows those of Secrets.
func hashed(v any) any {
	if v == nil {
		return nil
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return Redacted
	}
	sum := sha256.Sum256(raw)
	return "sha256:" + hex.EncodeToString(sum[:6])
}

// value redacts every text and number in a JSON value.
func (r *Redactor) value(v any) any {
	switch v := v.(type) {
	case nil, bool:
		return v
	case string:
		return r.Text(v)
	case []any:
		clean := make([]any, len(v))
		for i := range v {
			clean[i] = r.value(v[i])
		}
		return clean
	case map[string]any:
		clean := make(map[string]any, len(v))
		for k, e := range v {
			clean[r.Text(k)] = r.value(e)
		}
		return clean
	default:
		text := fmt.Sprint(v)
		if clean := r.Text(text); clean != text {
			return clean
		}
		return v
	}
}

func isSecret(id krm.Identity) bool { return id.Kind == "Secret" && id.APIVersion == "v1" }

// load reads the Secrets.
func (r *Redactor) load() {
	for _, list := range r.items {
		for _, it := range list {
			if it != nil && isSecret(it.Identity()) {
				r.addSecret(it.Object())
			}
		}
	}
}

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

func (r *Redactor) addSecret(obj map[string]any) {
	r.addValues(obj["data"], true)
	r.addValues(obj["stringData"], false)
	metadata, _ := obj["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	text, ok := annotations[lastApplied].(string)
	if !ok {
		return
	}
	var applied map[string]any
	if err := json.Unmarshal([]byte(text), &applied); err != nil {
		r.add(text)
		return
	}
	r.addValues(applied["data"], true)
	r.addValues(applied["stringData"], false)
}

// addValues adds every text in v, which is a map of strings in a valid Secret.
func (r *Redactor) addValues(v any, isBase64 bool) {
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			r.addValues(e, isBase64)
		}
	case []any:
		for _, e := range v {
			r.addValues(e, isBase64)
		}
	case string:
		r.add(v)
		if !isBase64 {
			r.add(base64.StdEncoding.EncodeToString([]byte(v)))
			return
		}
		if raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(v)); err == nil {
			r.add(string(raw))
		}
	case nil, bool:
	default:
		r.add(fmt.Sprint(v))
	}
}

func (r *Redactor) add(value string) {
	trimmed := strings.TrimSpace(value)
	switch {
	case len(trimmed) >= gramBytes:
		r.values = append(r.values, []byte(value))
	case len(trimmed) >= 2:
		r.shorts = append(r.shorts, trimmed)
	}
}
