package krm

// Severity grades a [Result].
type Severity string

// The severities of the specification. A result without one counts as Info,
// as kyaml, kpt and both SDKs print it; the specification's text says error.
// A severity that is none of these is kept and
// treated as Error: it is never taken for success.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
)

// Result is what a function says about a resource or about the list.
type Result struct {
	// Message is a sentence for people. Required.
	Message string `json:"message"`
	// Severity; empty means Info.
	Severity Severity `json:"severity,omitempty"`
	// ResourceRef names the object it is about; nil means the list.
	ResourceRef *ResourceRef `json:"resourceRef,omitempty"`
	// Field is the field it is about; needs ResourceRef.
	Field *Field `json:"field,omitempty"`
	// File is the file the object came from.
	File *File `json:"file,omitempty"`
	// Tags are free.
	Tags map[string]string `json:"tags,omitempty"`
}

// ResourceRef names an object in a [Result].
type ResourceRef struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	Namespace  string `json:"namespace,omitempty"`
}

// Field is a field in a [Result].
type Field struct {
	Path          string `json:"path"`
	CurrentValue  any    `json:"currentValue,omitempty"`
	ProposedValue any    `json:"proposedValue,omitempty"`
}

// File is a file in a [Result].
type File struct {
	Path  string `json:"path"`
	Index int    `json:"index,omitempty"`
}

// Failed reports whether the result means failure: severity error or one
// that the specification does not know.
func (r Result) Failed() bool {
	switch r.Severity {
	case "", Info, Warning:
		return false
	default:
		return true
	}
}

// RefTo returns the reference that a result about id carries.
func RefTo(id Identity) *ResourceRef {
	return &ResourceRef{APIVersion: id.APIVersion, Kind: id.Kind, Name: id.Name, Namespace: id.Namespace}
}
