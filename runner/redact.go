package runner

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/velero-krm/velero-krm/krm"
)

// Redacted stands where a part of a Secret's value was.
const Redacted = "[redacted]"

// Redactor takes the values of Secrets out of texts that functions wrote: the
// data of every v1 Secret among its items or inside one, as base64 and decoded,
// its stringData, both inside its last-applied-configuration annotation, and
// its other annotations of 20 bytes or more.
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
	shorts shorts
}

// NewRedactor returns a Redactor for the Secrets in all the lists.
func NewRedactor(lists ...[]*krm.Item) *Redactor { return &Redactor{items: lists} }

// Redact returns text without the values of the Secrets among items.
func Redact(text string, items []*krm.Item) string { return NewRedactor(items).Text(text) }

// Text returns text without the values of Secrets.
func (r *Redactor) Text(text string) string {
	r.each(func(clean cleaner) { text = clean(text) })
	return text
}

// Results returns a copy of results without the values of Secrets. The values
// of a field of a Secret are replaced by a hash.
func (r *Redactor) Results(results []krm.Result) (redacted []krm.Result) {
	r.each(func(clean cleaner) { redacted = clean.results(results) })
	return redacted
}

// Err returns an error with the chain of err and a text without the values of
// Secrets: err itself if there are none in it.
func (r *Redactor) Err(err error) (redacted error) {
	r.each(func(clean cleaner) { redacted = clean.err(err) })
	return redacted
}

// functionErrors returns copies of errs without the values of Secrets.
func (r *Redactor) functionErrors(errs ...*FunctionError) []*FunctionError {
	redacted := make([]*FunctionError, len(errs))
	r.each(func(clean cleaner) {
		for i, fe := range errs {
			redacted[i] = clean.functionError(fe)
		}
	})
	return redacted
}

// cleaner redacts one text.
type cleaner func(text string) string

// each redacts all the texts that do hands to its cleaner with one pass over
// the Secrets. It calls do twice: first to learn the texts, which come back as
// they are, then with the real cleaner.
func (r *Redactor) each(do func(clean cleaner)) {
	redacted := make(map[string]string)
	do(func(text string) string {
		redacted[text] = text
		return text
	})
	delete(redacted, "")
	if len(redacted) == 0 || !r.redactAll(redacted) {
		return
	}
	do(func(text string) string { return redacted[text] })
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
func (clean cleaner) functionError(fe *FunctionError) *FunctionError {
	own := *fe
	own.Stderr = clean(fe.Stderr)
	own.Results = clean.results(fe.Results)
	own.Err = clean.err(fe.Err)
	if !slices.Contains(ownHints(), fe.Hint) {
		own.Hint = clean(fe.Hint)
	}
	return &own
}

func (clean cleaner) err(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	said := ownWords(err, text)
	if redacted := clean(text[said:]); redacted != text[said:] {
		return &redactedError{text: text[:said] + redacted, err: err}
	}
	return err
}

// ownWords returns how many bytes of text, that of err, are what one of our
// own errors always says. These words are no secret, whatever occurs in one,
// and without them nobody knows what happened.
func ownWords(err error, text string) int {
	for _, own := range sentinels() {
		if strings.HasPrefix(text, own.Error()) && errors.Is(err, own) {
			return len(own.Error())
		}
	}
	return 0
}

// results redacts every text that a function may have put an echo into. What
// names the object is not one: it would not be found again.
func (clean cleaner) results(results []krm.Result) []krm.Result {
	if len(results) == 0 {
		return results
	}
	redacted := make([]krm.Result, len(results))
	for i, res := range results {
		res.Message = clean(res.Message)
		res.Tags = clean.tags(res.Tags)
		if res.File != nil {
			res.File = &krm.File{Path: clean(res.File.Path), Index: res.File.Index}
		}
		res.Field = clean.field(res.Field, res.ResourceRef)
		redacted[i] = res
	}
	return redacted
}

func (clean cleaner) tags(tags map[string]string) map[string]string {
	if len(tags) == 0 {
		return tags
	}
	redacted := make(map[string]string, len(tags))
	for k, v := range tags {
		redacted[clean(k)] = clean(v)
	}
	return redacted
}

func (clean cleaner) field(f *krm.Field, ref *krm.ResourceRef) *krm.Field {
	if f == nil {
		return nil
	}
	redact := clean.value
	if ref != nil && isSecret(refIdentity(ref)) {
		redact = hashed
	}
	return &krm.Field{Path: clean(f.Path), CurrentValue: redact(f.CurrentValue), ProposedValue: redact(f.ProposedValue)}
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
func (clean cleaner) value(v any) any {
	switch v := v.(type) {
	case nil, bool:
		return v
	case string:
		return clean(v)
	case []any:
		redacted := make([]any, len(v))
		for i := range v {
			redacted[i] = clean.value(v[i])
		}
		return redacted
	case map[string]any:
		redacted := make(map[string]any, len(v))
		for k, e := range v {
			redacted[clean(k)] = clean.value(e)
		}
		return redacted
	default:
		text := fmt.Sprint(v)
		if redacted := clean(text); redacted != text {
			return redacted
		}
		return v
	}
}

// redacted returns v without the values of Secrets in in.
func (e *engine) redacted(in *krm.ResourceList, v verdict) verdict {
	if v.err == nil && len(v.results) == 0 {
		return v
	}
	r := NewRedactor(in.Items, []*krm.Item{in.FunctionConfig})
	v.results = r.Results(v.results)
	if v.err == nil {
		return v
	}
	errs, positions := []*FunctionError{v.err}, make([]int, 0, len(v.blame))
	for pos, fe := range v.blame {
		errs, positions = append(errs, fe), append(positions, pos)
	}
	errs = r.functionErrors(errs...)
	v.err = errs[0]
	for i, pos := range positions {
		v.blame[pos] = errs[i+1]
	}
	return v
}

func isSecret(id krm.Identity) bool { return id.Kind == "Secret" && id.APIVersion == "v1" }

// load reads the Secrets.
func (r *Redactor) load() {
	for _, list := range r.items {
		for _, it := range list {
			// An object of another kind may hold Secrets, as a Template does.
			if it != nil && (isSecret(it.Identity()) || bytes.Contains(it.Raw(), []byte(`"Secret"`))) {
				r.addInside(it.Object())
			}
		}
	}
}

// addInside adds the Secrets in v, at any depth.
func (r *Redactor) addInside(v any) {
	switch v := v.(type) {
	case map[string]any:
		if v["kind"] == "Secret" && v["apiVersion"] == "v1" {
			r.addSecret(v)
			return
		}
		for _, e := range v {
			r.addInside(e)
		}
	case []any:
		for _, e := range v {
			r.addInside(e)
		}
	}
}

const (
	lastApplied = "kubectl.kubernetes.io/last-applied-configuration"
	// minAnnotation is how long an annotation of a Secret must be to be taken
	// for secret. OpenShift keeps tokens in some; names and switches are words
	// that messages need.
	minAnnotation = 20
)

func (r *Redactor) addSecret(obj map[string]any) {
	r.addValues(obj["data"], true)
	r.addValues(obj["stringData"], false)
	metadata, _ := obj["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	for key, v := range annotations {
		if text, ok := v.(string); ok && key != lastApplied && len(text) >= minAnnotation {
			r.add(text)
		}
	}
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
		r.shorts.add(trimmed)
		// As JSON, Go and Python write it: the bytes between are too few to
		// find it without its escapes.
		for _, quoted := range []string{strconv.Quote(trimmed), strconv.QuoteToASCII(trimmed), jsonText(trimmed)} {
			r.shorts.add(quoted[1 : len(quoted)-1])
		}
	}
}

func jsonText(text string) string {
	raw, err := json.Marshal(text)
	if err != nil {
		return `""`
	}
	return string(raw)
}
