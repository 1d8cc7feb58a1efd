package cel

import (
	"errors"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

func (c *converter) container(v ref.Val) (any, error) {
	switch v := v.(type) {
	case traits.Mapper:
		return c.mapping(v)
	case traits.Lister:
		return c.list(v)
	}
	return nil, errors.New("gives a " + typeOf(v) + ", which no field can hold")
}

func (c *converter) list(v traits.Lister) (any, error) {
	size, ok := v.Size().(types.Int)
	if !ok || int(size) > c.left {
		return nil, errors.New("gives too large a value")
	}
	list := make([]any, 0, int(size))
	for it := v.Iterator(); it.HasNext() == types.True; {
		element, err := c.native(it.Next())
		if err != nil {
			return nil, err
		}
		list = append(list, element)
	}
	return list, nil
}

func (c *converter) mapping(v traits.Mapper) (any, error) {
	m := map[string]any{}
	for it := v.Iterator(); it.HasNext() == types.True; {
		key, ok := it.Next().(types.String)
		if !ok {
			return nil, errors.New("gives a map with keys that are no strings")
		}
		value, err := c.native(v.Get(key))
		if err != nil {
			return nil, err
		}
		m[string(key)] = value
	}
	return m, nil
}
