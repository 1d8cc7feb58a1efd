// Package trace carries what a runtime knows about a call to who records it.
//
// runner.WithRecord puts a [Call] into the context; a runtime finds it with
// [From] and fills in what only it can see. Every method may be called on a
// nil Call, so that a runtime need not ask whether somebody records.
package trace

import (
	"context"
	"sync"
	"time"
)

// Facts are what a runtime tells about one call.
type Facts struct {
	// Encode, Start, Run and Decode are how long the phases took: making the
	// input, starting the function, until it ended, reading its output.
	Encode, Start, Run, Decode time.Duration
	// BytesIn and BytesOut went through the wire.
	BytesIn, BytesOut int
	// Stderr is the bounded, redacted tail.
	Stderr string
	// SHA256 of the executable.
	SHA256 string
}

// Call collects the facts of one call.
type Call struct {
	mu    sync.Mutex
	facts Facts
}

type key struct{}

// With returns a context that carries c.
func With(ctx context.Context, c *Call) context.Context { return context.WithValue(ctx, key{}, c) }

// From returns the Call of ctx, nil if nobody records.
func From(ctx context.Context) *Call {
	c, _ := ctx.Value(key{}).(*Call)
	return c
}

// Tell calls set with the facts.
func (c *Call) Tell(set func(f *Facts)) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	set(&c.facts)
}

// Facts returns what was told so far.
func (c *Call) Facts() Facts {
	if c == nil {
		return Facts{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.facts
}
