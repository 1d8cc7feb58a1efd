package resourcemodifiers

// mergePatch does a JSON merge patch (RFC 7386) to target, which it changes.
// As in the library that Velero uses, null goes from maps in lists, too: the
// API server does not know it from absent.
func mergePatch(target, patch map[string]any) map[string]any {
	if target == nil {
		target = make(map[string]any, len(patch))
	}
	for key, v := range patch {
		switch v := v.(type) {
		case nil:
			delete(target, key)
		case map[string]any:
			old, _ := target[key].(map[string]any)
			target[key] = mergePatch(old, v)
		default:
			target[key] = withoutNulls(v)
		}
	}
	return target
}

// withoutNulls copies a value without the fields that are null.
func withoutNulls(v any) any {
	switch v := v.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = withoutNulls(v[i])
		}
		return list
	case map[string]any:
		m := make(map[string]any, len(v))
		for k, child := range v {
			if child != nil {
				m[k] = withoutNulls(child)
			}
		}
		return m
	}
	return v
}
