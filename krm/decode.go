package krm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/velero-krm/velero-krm/internal/jsontext"
)

// DecodeOptions bound what Decode accepts.
type DecodeOptions struct {
	// MaxAliasNodes bounds how many nodes the aliases of a YAML document may
	// expand to; 64 bytes of text count as one more. Default 1,000,000.
	MaxAliasNodes int
}

// Decode reads what a function printed: exactly one ResourceList, as JSON (it
// starts with '{') or as YAML. Items of the result have passed [NewItem]; those
// of JSON share data, which the caller must not change afterwards. items may
// be absent or null, which means none. Unknown keys beside items are ignored
// in JSON; in YAML, where a stray line of output may look like one, they are
// an error.
//
// YAML is read as the functions of this ecosystem write it. Plain yes, no, on,
// off, y and n are strings, as YAML 1.2 and yaml.v3 have it, and so are dates.
// What is a JSON number is a number and keeps its digits; so are the other
// integers of yaml.v3 (0x1F, 0o17, 0b11, 1_000, and 0644, which is octal) and
// floats, written as JSON. A number with leading zeros that is not octal (08)
// is a string: only writers that take it for one leave it unquoted. .inf, .nan,
// !!binary and tags beyond the core schema are errors. Keys that are not
// strings count as their text. Merge keys are resolved.
//
// # Errors
//
// [ErrNoResourceList] for empty output; a [*SyntaxError] with line for what
// does not parse, text before or after the document, a second document,
// duplicate keys, or too many aliases; a [*NotKRMError] with the index of the
// item that is no KRM object; a [*WrongKindError] for another kind.
func Decode(data []byte, opts DecodeOptions) (*ResourceList, error) {
	list, err := decode(data, opts)
	if err != nil {
		return nil, fmt.Errorf("decode resource list: %w", err)
	}
	return list, nil
}

func decode(data []byte, opts DecodeOptions) (*ResourceList, error) {
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	trimmed := bytes.TrimSpace(data)
	if len(trimmed) == 0 {
		return nil, ErrNoResourceList
	}
	if trimmed[0] != '{' {
		return decodeYAML(data, opts)
	}
	list, err := decodeJSON(data)
	var se *faultError
	if !errors.As(err, &se) {
		return list, err
	}
	if !se.maybeYAML() {
		return nil, se.public()
	}
	// A flow mapping of YAML starts with '{', too.
	if list, yamlErr := decodeYAML(data, opts); !isSyntax(yamlErr) {
		return list, yamlErr
	}
	return nil, se.public()
}

func isSyntax(err error) bool {
	var se *SyntaxError
	return errors.As(err, &se)
}

// faultError is a fault of the JSON scan before it is known whether the
// document is to be read as YAML.
type faultError struct {
	fault fault
	pos   int
	data  []byte
}

func (e *faultError) Error() string { return e.public().Error() }

// maybeYAML reports whether the document may still be YAML. It is not when
// YAML would read it and silently change it: a line break in a string, which
// YAML folds, and the bare words NaN and Infinity that Python prints, which
// YAML takes for text.
func (e *faultError) maybeYAML() bool {
	switch e.fault {
	case faultEnd, faultDepth, faultDuplicate, faultTrailing, faultString:
		return false
	case faultValue, faultNumber:
		return !e.atNaN()
	default:
		return true
	}
}

func (e *faultError) atNaN() bool {
	rest := e.data[e.pos:]
	return bytes.HasPrefix(rest, []byte("NaN")) || bytes.HasPrefix(rest, []byte("Infinity"))
}

const reasonNaN = "JSON has no infinity and no NaN"

const (
	stdoutHint    = "write log lines to stderr"
	documentsHint = "print one ResourceList with every object in it"
)

func (e *faultError) public() *SyntaxError {
	out := &SyntaxError{Line: lineAt(e.data, e.pos), Reason: e.fault.reason()}
	switch e.fault {
	case faultValue, faultNumber:
		if e.atNaN() {
			out.Reason = reasonNaN
		}
	case faultEnd:
		out.Hint = truncatedHint(e.data)
	case faultTrailing:
		if listAfterText(e.data) > 0 {
			return textBefore()
		}
		out.Reason, out.Hint = trailing(e.data[e.pos:])
	default:
	}
	if out.Hint == "" && listAfterText(e.data) > 0 {
		return textBefore()
	}
	return out
}

func truncatedHint(data []byte) string {
	return "output may be truncated (" + strconv.Itoa(len(data)) + " bytes)"
}

func textBefore() *SyntaxError {
	return &SyntaxError{Line: 1, Reason: "text before the ResourceList on stdout", Hint: stdoutHint}
}

func trailing(rest []byte) (reason, hint string) {
	if bytes.HasPrefix(rest, []byte("{")) || bytes.HasPrefix(rest, []byte("---")) {
		return "a second document after the ResourceList", documentsHint
	}
	return "text after the ResourceList on stdout", stdoutHint
}

// envelopeKeys are the keys that a ResourceList in YAML may start with.
var envelopeKeys = regexp.MustCompile(`^(#|---|%YAML|(apiVersion|kind|metadata|items|functionConfig|results):)`)

// envelopeLine is a line that a ResourceList may start with.
var envelopeLine = regexp.MustCompile(`(?m)^(\{.*|apiVersion:.*|kind: ResourceList|---)\s*$`)

// listAfterText returns the line where a ResourceList seems to start after
// other text, 0 when none does.
func listAfterText(data []byte) int {
	data = bytes.TrimLeft(data, " \t\r\n")
	first, rest, _ := bytes.Cut(data, []byte{'\n'})
	if envelopeKeys.Match(data) || !bytes.Contains(rest, []byte(ResourceListKind)) {
		return 0
	}
	if first[0] == '{' && (!json.Valid(first) || bytes.Contains(first, []byte(ResourceListKind))) {
		return 0 // the ResourceList itself, broken
	}
	at := envelopeLine.FindIndex(rest)
	if at == nil {
		return 0
	}
	return 1 + lineAt(rest, at[0])
}

// envelope collects what a ResourceList holds, from JSON or YAML.
type envelope struct {
	list             ResourceList
	apiVersion, kind string
	// problem is the first item or configuration that is no KRM object. It is
	// reported only when the document is a ResourceList at all.
	problem error
}

func (e *envelope) addItem(it *Item, missing string, index int) {
	if it == nil {
		e.notKRM(index, missing)
		return
	}
	e.list.Items = append(e.list.Items, it)
}

func (e *envelope) notKRM(index int, missing string) {
	if e.problem == nil {
		e.problem = &NotKRMError{Index: index, Missing: missing}
	}
}

func (e *envelope) setConfig(it *Item, missing string) {
	e.list.FunctionConfig = it
	if it == nil {
		e.notKRM(-1, strings.TrimSuffix("functionConfig."+missing, "."))
	}
}

// finish returns the list, or what is wrong with it.
func (e *envelope) finish() (*ResourceList, error) {
	if e.kind != ResourceListKind || !knownVersion(e.apiVersion) {
		return nil, &WrongKindError{APIVersion: shorten(e.apiVersion), Kind: shorten(e.kind)}
	}
	if e.problem != nil {
		return nil, e.problem
	}
	return &e.list, nil
}

// knownVersion accepts the versions that kpt and kyaml accept; they differ in
// nothing that is read here.
func knownVersion(apiVersion string) bool {
	switch apiVersion {
	case ResourceListAPIVersion, "config.kubernetes.io/v1beta1", "config.kubernetes.io/v1alpha1":
		return true
	}
	return false
}

// shorten bounds what an error repeats of a document. No kind of Kubernetes is
// longer than 63 characters, no apiVersion longer than 253+1+63.
func shorten(s string) string {
	const most = 320
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}

// decodeJSON reads the envelope and its items in one pass.
func decodeJSON(data []byte) (*ResourceList, error) {
	s := &scanner{data: data}
	env := &envelope{}
	if s.space() == '{' {
		err := s.envelope(env)
		if err != nil {
			return nil, err
		}
	}
	if s.fault == noFault && (s.space() != 0 || s.pos < len(data)) {
		s.fail(faultTrailing, s.pos)
	}
	if s.fault != noFault {
		return nil, &faultError{fault: s.fault, pos: s.faultPos, data: data}
	}
	return env.finish()
}

// envelope scans a ResourceList. It returns an error only for results of the
// wrong shape; faults stay in the scanner.
func (s *scanner) envelope(env *envelope) error {
	base, ok := s.open()
	if !ok {
		return nil
	}
	for s.nextKey(base) {
		switch string(s.key) {
		case "apiVersion":
			env.apiVersion, ok = s.optionalText()
		case "kind":
			env.kind, ok = s.optionalText()
		case "items":
			ok = s.items(env)
		case "functionConfig":
			ok = s.config(env)
		case "results":
			start := s.pos
			if ok = s.value(); ok {
				if err := env.setResults(s.data[start:s.pos]); err != nil {
					return err
				}
			}
		default:
			ok = s.value()
		}
		if !ok {
			return nil
		}
	}
	return nil
}

// optionalText scans a value and returns it when it is a string.
func (s *scanner) optionalText() (string, bool) {
	if s.space() != '"' {
		return "", s.value()
	}
	start, end, _, ok := s.str()
	if !ok {
		return "", false
	}
	return jsontext.Decode(s.data[start:end], false), true
}

func (s *scanner) items(env *envelope) bool {
	switch s.space() {
	case 'n':
		return s.value()
	case '[':
	default:
		env.notKRM(-1, "items")
		return s.value()
	}
	if !s.openList() {
		return false
	}
	depth := s.depth
	for i := 0; s.nextElement(i == 0); i++ {
		s.depth = 0 // the bound holds for each item, as in NewItem
		it, missing := s.item(true)
		if s.fault != noFault {
			return false
		}
		s.depth = depth
		env.addItem(it, missing, i)
	}
	return s.fault == noFault
}

func (s *scanner) config(env *envelope) bool {
	if s.space() == 'n' {
		return s.value()
	}
	it, missing := s.item(false)
	if s.fault != noFault {
		return false
	}
	env.setConfig(it, missing)
	return true
}

// setResults reads results, in today's shape or those of older SDKs.
func (e *envelope) setResults(raw []byte) error {
	value := decodeValue(raw)
	if legacy, ok := value.(map[string]any); ok {
		value = legacy["items"]
	}
	list, ok := value.([]any)
	if !ok && value != nil {
		return &SyntaxError{Reason: "results is not a list"}
	}
	for i, v := range list {
		m, ok := v.(map[string]any)
		if !ok {
			return &SyntaxError{Reason: "results[" + strconv.Itoa(i) + "] is not a mapping"}
		}
		e.list.Results = append(e.list.Results, resultOf(m))
	}
	return nil
}

func resultOf(m map[string]any) Result {
	r := Result{Message: scalarText(m["message"]), Severity: Severity(scalarText(m["severity"]))}
	if ref, ok := m["resourceRef"].(map[string]any); ok {
		r.ResourceRef = refOf(ref)
	}
	if f, ok := m["field"].(map[string]any); ok {
		r.Field = &Field{Path: scalarText(f["path"]), CurrentValue: f["currentValue"], ProposedValue: f["proposedValue"]}
		if r.Field.ProposedValue == nil {
			r.Field.ProposedValue = f["suggestedValue"]
		}
	}
	if f, ok := m["file"].(map[string]any); ok {
		r.File = &File{Path: scalarText(f["path"])}
		if n, err := strconv.Atoi(scalarText(f["index"])); err == nil {
			r.File.Index = n
		}
	}
	if tags, ok := m["tags"].(map[string]any); ok && len(tags) > 0 {
		r.Tags = make(map[string]string, len(tags))
		for k, v := range tags {
			r.Tags[k] = scalarText(v)
		}
	}
	return r
}

// refOf also takes the older shape, which embeds the object's metadata.
func refOf(m map[string]any) *ResourceRef {
	ref := &ResourceRef{
		APIVersion: scalarText(m["apiVersion"]), Kind: scalarText(m["kind"]),
		Name: scalarText(m["name"]), Namespace: scalarText(m["namespace"]),
	}
	meta, ok := m["metadata"].(map[string]any)
	if !ok {
		return ref
	}
	if ref.Name == "" {
		ref.Name = scalarText(meta["name"])
	}
	if ref.Namespace == "" {
		ref.Namespace = scalarText(meta["namespace"])
	}
	return ref
}

// scalarText returns a string, or the text of a number or bool: a result is
// for people, and one of a slightly wrong type is better than none.
func scalarText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case bool:
		return strconv.FormatBool(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case json.Number:
		return string(v)
	}
	return ""
}
