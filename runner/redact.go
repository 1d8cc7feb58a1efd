package runner

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner/internal/hint"
)

// Redacted stands where a part of a Secret's value was.
const Redacted = "[redacted]"

// Redactor takes the values of Secrets out of texts that functions wrote: those
// that [krm.Diff] hides in its items, as [krm.SecretValues] tells, base64 of
// them and, of data, decoded. Of a last-applied-configuration annotation it is
// the values that may be secret in there. Annotations that are true, false, the
// name or namespace of their own object, or one of a few that always hold a
// name, such as kubernetes.io/service-account.name, stay: messages need them.
//
// A function may print part of a value, wrap it, or escape it. So every run of
// 6 bytes or more that occurs in a value is replaced by [Redacted], also where
// JSON escapes, quotes, line breaks or indentation stand in between; values of
// 2 to 5 bytes are replaced where they stand alone. What comes of it may lack
// words that are no secret but occur in one; the names of the items, as in
// "Secret shop/db", stay. A value that was encoded in yet
// another way, encrypted or compressed, is not found.
//
// A Redactor reads its items when it is first used, so one that meets no text
// costs nothing. Several goroutines may use it at once.
type Redactor struct {
	items  [][]*krm.Item
	once   sync.Once
	values [][]byte
	shorts shorts

	onceNames sync.Once
	names     map[krm.Identity]bool

	onceTexts sync.Once
	texts     map[string]bool // names as krm.Identity.String has them

	sayings Sayings
}

// NewRedactor returns a Redactor for the Secrets in all the lists.
func NewRedactor(lists ...[]*krm.Item) *Redactor { return &Redactor{items: lists} }

// Redact returns text without the values of the Secrets among items.
func Redact(text string, items []*krm.Item) string { return NewRedactor(items).Text(text) }

// Text returns text without the values of Secrets.
func (r *Redactor) Text(text string) string {
	r.each(func(c cleaner) { text = c.clean(text) })
	return text
}

// Results returns a copy of results without the values of Secrets. The values
// of a field of a Secret are replaced by a hash.
func (r *Redactor) Results(results []krm.Result) (redacted []krm.Result) {
	r.each(func(c cleaner) { redacted = c.results(results) })
	return redacted
}

// Err returns an error with the chain of err and a text without the values of
// Secrets: err itself if there are none in it.
func (r *Redactor) Err(err error) (redacted error) {
	r.each(func(c cleaner) { redacted = c.err(err) })
	return redacted
}

// functionErrors returns copies of errs without the values of Secrets.
func (r *Redactor) functionErrors(errs ...*FunctionError) []*FunctionError {
	redacted := make([]*FunctionError, len(errs))
	r.each(func(c cleaner) {
		for i, fe := range errs {
			redacted[i] = c.functionError(fe)
		}
	})
	return redacted
}

// cleaner redacts what is made of texts.
type cleaner struct {
	// clean redacts one text.
	clean func(text string) string
	// known reports whether an object of the input is named so.
	known func(krm.Identity) bool
}

// each redacts all the texts that do hands to its cleaner with one pass over
// the Secrets. It calls do twice: first to learn the texts, which come back as
// they are, then with the real cleaner.
func (r *Redactor) each(do func(c cleaner)) {
	redacted := make(map[string]string)
	do(cleaner{known: r.known, clean: func(text string) string {
		redacted[text] = text
		return text
	}})
	maps.DeleteFunc(redacted, func(text, _ string) bool { return text == "" || r.sayings.cover(text) })
	if len(redacted) == 0 || !r.redactAll(redacted) {
		return
	}
	do(cleaner{known: r.known, clean: func(text string) string {
		if clean, ok := redacted[text]; ok {
			return clean
		}
		return text
	}})
}

// known reports whether one of the items is named so.
func (r *Redactor) known(id krm.Identity) bool {
	r.onceNames.Do(func() {
		r.names = make(map[krm.Identity]bool)
		for _, list := range r.items {
			for _, it := range list {
				if it != nil {
					r.names[it.Identity()] = true
				}
			}
		}
	})
	return r.names[id]
}

// redactedError hides the text of err and nothing else.
type redactedError struct {
	text string
	err  error
	// inner is what there is to be seen of a FunctionError in err.
	inner *FunctionError
}

func (e *redactedError) Error() string { return e.text }

// Is and As look into the hidden error; Unwrap would give it, with its text,
// to everyone who prints the chain.
func (e *redactedError) Is(target error) bool { return errors.Is(e.err, target) }

func (e *redactedError) As(target any) bool {
	if fe, ok := target.(**FunctionError); ok && e.inner != nil {
		*fe = e.inner
		return true
	}
	return errors.As(e.err, target)
}

// functionError returns fe without the values of Secrets.
func (c cleaner) functionError(fe *FunctionError) *FunctionError {
	own := *fe
	own.Stderr = c.clean(fe.Stderr)
	own.Results = c.results(fe.Results)
	own.Err = c.err(fe.Err)
	own.Hint = hint.Redact(fe.Hint, c.clean)
	return &own
}

func (c cleaner) err(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	said := ownWords(err, text)
	redacted := &redactedError{text: text[:said] + c.clean(text[said:]), err: err}
	var inner *FunctionError
	if errors.As(err, &inner) { // its fields hold more than its text
		redacted.inner = c.functionError(inner)
	} else if redacted.text == text {
		return err
	}
	return redacted
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
// names an object of the input is none: it would not be found again.
func (c cleaner) results(results []krm.Result) []krm.Result {
	if len(results) == 0 {
		return results
	}
	redacted := make([]krm.Result, len(results))
	for i, res := range results {
		res.Message = c.clean(res.Message)
		res.Severity = c.severity(res.Severity)
		res.Tags = c.tags(res.Tags)
		if res.File != nil {
			res.File = &krm.File{Path: c.clean(res.File.Path), Index: res.File.Index}
		}
		res.Field = c.field(res.Field, res.ResourceRef)
		res.ResourceRef = c.ref(res.ResourceRef)
		redacted[i] = res
	}
	return redacted
}

// severity redacts one that the specification does not know.
func (c cleaner) severity(s krm.Severity) krm.Severity {
	switch s {
	case "", krm.Info, krm.Warning, krm.Error:
		return s
	default:
		return krm.Severity(c.clean(string(s)))
	}
}

func (c cleaner) ref(ref *krm.ResourceRef) *krm.ResourceRef {
	if ref == nil || c.known(refIdentity(ref)) {
		return ref
	}
	return &krm.ResourceRef{
		APIVersion: c.clean(ref.APIVersion), Kind: c.clean(ref.Kind),
		Name: c.clean(ref.Name), Namespace: c.clean(ref.Namespace),
	}
}

func (c cleaner) tags(tags map[string]string) map[string]string {
	if len(tags) == 0 {
		return tags
	}
	redacted := make(map[string]string, len(tags))
	for k, v := range tags {
		redacted[c.clean(k)] = c.clean(v)
	}
	return redacted
}

func (c cleaner) field(f *krm.Field, ref *krm.ResourceRef) *krm.Field {
	if f == nil {
		return nil
	}
	redact := c.value
	if ref != nil && ref.Kind == "Secret" {
		redact = krm.HashSecret
	}
	return &krm.Field{Path: c.clean(f.Path), CurrentValue: redact(f.CurrentValue), ProposedValue: redact(f.ProposedValue)}
}

// value redacts every text and number in a JSON value.
func (c cleaner) value(v any) any {
	switch v := v.(type) {
	case nil, bool:
		return v
	case string:
		return c.clean(v)
	case []any:
		redacted := make([]any, len(v))
		for i := range v {
			redacted[i] = c.value(v[i])
		}
		return redacted
	case map[string]any:
		redacted := make(map[string]any, len(v))
		for k, e := range v {
			redacted[c.clean(k)] = c.value(e)
		}
		return redacted
	default:
		text := fmt.Sprint(v)
		if redacted := c.clean(text); redacted != text {
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
	r.sayings = e.opts.Sayings
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

// load reads the Secrets.
func (r *Redactor) load() {
	for _, list := range r.items {
		for _, it := range list {
			if it != nil && mayHoldSecret(it.Raw()) {
				r.addSecrets(it.Object(), it.Identity())
			}
		}
	}
}

// mayHoldSecret reports whether there may be an object of kind Secret in raw,
// at any depth, as a Template holds some, also one spelled with escapes. The
// quotes keep out imagePullSecrets, which most pods have: to look inside takes
// as long as the function that said something.
func mayHoldSecret(raw []byte) bool {
	return bytes.Contains(raw, []byte(`"Secret"`)) || bytes.Contains(raw, []byte(`\u00`))
}

// holdSecrets reports whether any value in the lists may be secret.
func holdSecrets(lists ...[]*krm.Item) bool {
	for _, list := range lists {
		for _, it := range list {
			if it != nil && mayHoldSecret(it.Raw()) && len(krm.SecretValues(it.Object())) > 0 {
				return true
			}
		}
	}
	return false
}

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// addSecrets adds the values in v that may be secret.
func (r *Redactor) addSecrets(v any, id krm.Identity) {
	for _, value := range krm.SecretValues(v) {
		switch {
		case value.Field != krm.AnnotationsField:
			r.addValues(value.Value, encodingOf(value.Field))
		case value.Key == lastApplied:
			r.addApplied(value.Value, id)
		case !isOrdinary(value, id):
			r.addValues(value.Value, plainText)
		}
	}
}

// addApplied adds the values in what kubectl was told to apply.
func (r *Redactor) addApplied(v any, id krm.Identity) {
	text, _ := v.(string)
	var applied map[string]any
	if err := json.Unmarshal([]byte(text), &applied); err != nil || applied == nil {
		r.addValues(v, plainText)
		return
	}
	if applied["kind"] == nil {
		applied["kind"] = "Secret" // what else
	}
	r.addSecrets(applied, id)
}

// isOrdinary reports whether an annotation, of an object that id names or
// something inside it, is a word or name without which messages cannot be read.
func isOrdinary(annotation krm.SecretValue, id krm.Identity) bool {
	switch annotation.Key {
	case IDAnnotation, ContextAnnotation: // ours: numbers
		return true
	case "kubernetes.io/service-account.name", "kubernetes.io/created-by", "openshift.io/token-secret.name",
		"meta.helm.sh/release-name", "meta.helm.sh/release-namespace":
		return true
	}
	switch annotation.Value {
	case "true", "false", id.Name, id.Namespace:
		return true
	}
	return false
}

// encoding is how the values of a field are written.
type encoding int

const (
	plainText encoding = iota
	isBase64
	eitherWay
)

func encodingOf(field string) encoding {
	switch field {
	case "data":
		return isBase64
	case "stringData":
		return plainText
	default:
		return eitherWay
	}
}

// addValues adds every text in v, which is a string in a valid Secret.
func (r *Redactor) addValues(v any, enc encoding) {
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			r.addValues(e, enc)
		}
	case []any:
		for _, e := range v {
			r.addValues(e, enc)
		}
	case string:
		r.addText(v, enc)
	case nil, bool:
	default:
		r.add(fmt.Sprint(v))
	}
}

func (r *Redactor) addText(text string, enc encoding) {
	r.add(text)
	if enc != isBase64 {
		r.add(base64.StdEncoding.EncodeToString([]byte(text)))
	}
	if enc == plainText {
		return
	}
	if raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text)); err == nil {
		r.add(string(raw))
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
