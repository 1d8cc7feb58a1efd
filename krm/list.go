package krm

import "io"

// The type of the envelope (functions-spec.md, apiVersion v1).
const (
	ResourceListAPIVersion = "config.kubernetes.io/v1"
	ResourceListKind       = "ResourceList"
)

// ResourceList is what a function receives and returns.
type ResourceList struct {
	// FunctionConfig configures the function; nil when there is none. It need
	// not have a name: ParseConfig is less strict than NewItem.
	FunctionConfig *Item
	// Items are the objects, in order.
	Items []*Item
	// Results are what the function said; empty on the way in.
	Results []Result
}

// Format is a wire format.
type Format string

// The wire formats a function may be sent.
const (
	JSON Format = "json"
	YAML Format = "yaml"
)

// AppendResourceList appends the envelope with list to dst. As JSON the items
// are concatenated as they came, on one line, with the 34 code points that
// YAML readers refuse or change escaped as \uXXXX (krm-contract.md section 0,
// finding 3); it cannot fail. items is there even when empty; functionConfig
// and results are left out when empty.
func AppendResourceList(dst []byte, list *ResourceList) []byte { panic("todo") }

// EncodeYAML returns list as one YAML document that YAML 1.1 and 1.2 readers
// understand alike: strings that look like another type are quoted.
func EncodeYAML(list *ResourceList) []byte { panic("todo") }

// DecodeOptions bound what Decode accepts.
type DecodeOptions struct {
	// MaxAliasNodes bounds how many nodes the aliases of a YAML document may
	// expand to. Default 1,000,000.
	MaxAliasNodes int
}

// Decode reads what a function printed: exactly one ResourceList, as JSON (it
// starts with '{') or as YAML. Items of the result have passed [NewItem].
//
// # Errors
//
// [ErrNoResourceList] for empty output; a [*SyntaxError] with line for what
// does not parse, text before or after the document, a second document,
// duplicate keys, or too many aliases; a [*NotKRMError] with the index of the
// item that is no KRM object; a [*WrongKindError] for another kind.
func Decode(data []byte, opts DecodeOptions) (*ResourceList, error) { panic("todo") }

// ParseConfig reads one functionConfig object, JSON or YAML. apiVersion and
// kind are required, a name is not.
func ParseConfig(data []byte) (*Item, error) { panic("todo") }

// ReadItems reads objects that a person keeps in files: YAML of any number of
// documents, JSON, kind List, or ResourceList (its items). Empty documents
// are skipped. name is used in errors.
func ReadItems(r io.Reader, name string) ([]*Item, error) { panic("todo") }

// WriteYAML writes items as YAML documents separated by "---".
func WriteYAML(w io.Writer, items []*Item) error { panic("todo") }
