package krm

import "io"

func decodeYAML([]byte, DecodeOptions) (*ResourceList, error) { panic("todo") }

// ParseConfig reads one functionConfig object, JSON or YAML. apiVersion and
// kind are required, a name is not.
func ParseConfig(data []byte) (*Item, error) { return parseItem(data, false) }

// ReadItems reads.
func ReadItems(r io.Reader, name string) ([]*Item, error) { panic("todo") }

// WriteYAML writes items as YAML documents separated by "---".
func WriteYAML(w io.Writer, items []*Item) error { panic("todo") }

// EncodeYAML returns list as one YAML document.
func EncodeYAML(list *ResourceList) []byte { panic("todo") }
