package krm

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
