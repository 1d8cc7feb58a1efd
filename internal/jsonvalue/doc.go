// Package jsonvalue works on values of the types that krm.Item.Object has:
// string, bool, nil, int64, json.Number for every other number, []any and
// map[string]any. Package fn and functions of the catalogue share it.
//
// It leaves comparing to them: what counts as equal differs.
package jsonvalue
