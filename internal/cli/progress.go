package cli

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/velero-krm/velero-krm/internal/paint"
)

const (
	// A person begins to wonder after about a second.
	progressDelay    = time.Second
	progressInterval = 100 * time.Millisecond
)

// progress shows on a terminal that work goes on, in one line that is removed
// at the end. A nil progress shows nothing.
type progress struct {
	w     io.Writer
	delay time.Duration
	tick  time.Duration
	done  chan struct{}
	ended chan struct{}

	mu   sync.Mutex
	text string
}

// newProgress starts to show text; stop must be called.
func newProgress(s Streams, text string) *progress {
	if !s.Terminal {
		return nil
	}
	return startProgress(s.Err, text, progressDelay, progressInterval)
}

func startProgress(w io.Writer, text string, delay, tick time.Duration) *progress {
	p := &progress{w: w, text: text, delay: delay, tick: tick, done: make(chan struct{}), ended: make(chan struct{})}
	go p.show()
	return p
}

func (p *progress) show() {
	defer close(p.ended)
	ticker := time.NewTicker(p.tick)
	defer ticker.Stop()
	for shown := time.Duration(0); ; shown += p.tick {
		select {
		case <-p.done:
			if shown > p.delay {
				_, _ = fmt.Fprint(p.w, "\r\x1b[K")
			}
			return
		case <-ticker.C:
		}
		if shown >= p.delay {
			_, _ = fmt.Fprintf(p.w, "\r%s, %ds\x1b[K", p.current(), int(shown.Seconds()))
		}
	}
}

func (p *progress) current() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text
}

// set changes the text.
func (p *progress) set(text string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text = paint.Printable(text)
}

// stop removes the line and waits until nothing is written any more.
func (p *progress) stop() {
	if p == nil {
		return
	}
	close(p.done)
	<-p.ended
}
