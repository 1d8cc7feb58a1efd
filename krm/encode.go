package krm

import (
	"strconv"

	"github.com/velero-krm/velero-krm/internal/jsontext"
)

const envelopeStart = `{"apiVersion":"` + ResourceListAPIVersion + `","kind":"` + ResourceListKind + `"`

// AppendResourceList appends the envelope with list to dst. As JSON the items
// are concatenated as they came, on one line, with the code points that YAML
// readers refuse or change escaped as \uXXXX: U+007F to U+009F, U+2028,
// U+2029, U+FEFF, U+FFFE and U+FFFF (measured with yaml.v3 and PyYAML). It
// cannot fail. Escaped surrogate pairs, which yaml.v3 refuses, stand for themselves,
// and bytes that are not UTF-8 become U+FFFD. items is there even when empty;
// functionConfig and results are left out when empty.
func AppendResourceList(dst []byte, list *ResourceList) []byte {
	dst = append(dst, envelopeStart...)
	if list.FunctionConfig != nil {
		dst = appendItem(append(dst, `,"functionConfig":`...), list.FunctionConfig)
	}
	dst = append(dst, `,"items":[`...)
	for i, it := range list.Items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendItem(dst, it)
	}
	dst = append(dst, ']')
	if len(list.Results) > 0 {
		dst = appendResults(append(dst, `,"results":`...), list.Results)
	}
	return append(dst, '}')
}

func appendItem(dst []byte, it *Item) []byte {
	if it.meta.clean {
		return append(dst, it.raw...)
	}
	return appendWire(dst, it.raw)
}

// appendResults cannot fail, unlike encoding/json: a proposed value that has
// no JSON becomes null.
func appendResults(dst []byte, results []Result) []byte {
	dst = append(dst, '[')
	for i := range results {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendResult(dst, &results[i])
	}
	return append(dst, ']')
}

func appendResult(dst []byte, r *Result) []byte {
	dst = jsontext.AppendString(append(dst, `{"message":`...), r.Message)
	dst = appendText(dst, "severity", string(r.Severity))
	if ref := r.ResourceRef; ref != nil {
		dst = jsontext.AppendString(append(dst, `,"resourceRef":{"apiVersion":`...), ref.APIVersion)
		dst = jsontext.AppendString(append(dst, `,"kind":`...), ref.Kind)
		dst = jsontext.AppendString(append(dst, `,"name":`...), ref.Name)
		dst = append(appendText(dst, "namespace", ref.Namespace), '}')
	}
	if f := r.Field; f != nil {
		dst = jsontext.AppendString(append(dst, `,"field":{"path":`...), f.Path)
		dst = appendAny(dst, "currentValue", f.CurrentValue)
		dst = append(appendAny(dst, "proposedValue", f.ProposedValue), '}')
	}
	if f := r.File; f != nil {
		dst = jsontext.AppendString(append(dst, `,"file":{"path":`...), f.Path)
		if f.Index != 0 {
			dst = strconv.AppendInt(append(dst, `,"index":`...), int64(f.Index), 10)
		}
		dst = append(dst, '}')
	}
	if len(r.Tags) > 0 {
		tags := make(map[string]any, len(r.Tags))
		for k, v := range r.Tags {
			tags[k] = v
		}
		dst = appendAny(dst, "tags", tags)
	}
	return append(dst, '}')
}

func appendText(dst []byte, key, value string) []byte {
	if value == "" {
		return dst
	}
	return jsontext.AppendString(append(dst, `,"`+key+`":`...), value)
}

func appendAny(dst []byte, key string, value any) []byte {
	if value == nil {
		return dst
	}
	dst = append(dst, `,"`+key+`":`...)
	n := len(dst)
	out, err := appendValue(dst, value, 0)
	if err != nil {
		return append(dst[:n], "null"...)
	}
	return out
}
