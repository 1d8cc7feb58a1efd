package plugin

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/velero-krm/velero-krm/krm"
	"github.com/velero-krm/velero-krm/runner"
)

// pulseEvery is how often a call that answers nothing tells that it is at work:
// a host may wait a minute before it takes a plugin for dead.
const pulseEvery = 10 * time.Second

// pulse tells the server that a call is at work, as long as functions run or
// begin and end. Each run of a function has a time limit, so a call that hangs
// falls silent.
type pulse struct {
	running, ended atomic.Int64
	step           atomic.Value // string
	cancel         context.CancelFunc
	done           sync.WaitGroup
}

// start tells until stop.
func (p *pulse) start(ctx context.Context, every time.Duration, tell func(note string) error) {
	if every == 0 {
		every = pulseEvery
	}
	ctx, p.cancel = context.WithCancel(ctx)
	p.done.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		told := int64(0)
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			ended := p.ended.Load()
			if p.running.Load() == 0 && ended == told {
				continue
			}
			told = ended
			step, _ := p.step.Load().(string)
			if tell("step "+step) != nil {
				continue // not begun yet, or over: whoever answers finds out
			}
		}
	})
}

func (p *pulse) stop() {
	p.cancel()
	p.done.Wait()
}

// around is a hook that sees each run of a function.
func (p *pulse) around(step string, next runner.Function) runner.Function {
	return runner.FunctionFunc(func(ctx context.Context, in *krm.ResourceList) (*krm.ResourceList, error) {
		p.step.Store(step)
		p.running.Add(1)
		defer func() {
			p.ended.Add(1)
			p.running.Add(-1)
		}()
		return next.Run(ctx, in)
	})
}
