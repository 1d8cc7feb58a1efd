package fn

import (
	"bytes"
	"sync/atomic"

	"github.com/velero-krm/velero-krm/krm"
)

// KeepConfig is for a function that takes long to read its config, because it
// compiles what is in it: the config that was read last is kept for the next
// call. On a stock Velero each object is a call. The function must not change
// anything that its config refers to; calls may share it at the same time.
func KeepConfig() Option {
	return func(f *Function) { f.keep = true }
}

// kept is a config and what it was read from.
type kept[C any] struct {
	from   []byte
	config C
}

// keepLast returns read with a memory of the last config that had no problem.
func keepLast[C any](read func(*krm.Item) (C, error)) func(*krm.Item) (C, error) {
	var last atomic.Pointer[kept[C]]
	return func(config *krm.Item) (C, error) {
		if config == nil {
			return read(config)
		}
		if k := last.Load(); k != nil && bytes.Equal(k.from, config.Raw()) {
			return k.config, nil
		}
		c, err := read(config)
		if err == nil {
			last.Store(&kept[C]{config.Raw(), c})
		}
		return c, err
	}
}
