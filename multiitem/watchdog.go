package multiitem

import (
	"sync"
	"time"
)

// watchdog fires when a plugin sends nothing for long. Time that the host
// spends in its own Source or Sink does not count.
type watchdog struct {
	after time.Duration // 0: never
	fire  func()

	mu      sync.Mutex
	timer   *time.Timer
	busy    int // goroutines in the host's own code
	stopped bool
}

// kick starts the time anew.
func (w *watchdog) kick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.restart()
}

// host runs the host's own code.
func (w *watchdog) host(f func() error) error {
	w.mu.Lock()
	w.busy++
	w.restart()
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.busy--
		w.restart()
	}()
	return f()
}

func (w *watchdog) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopped = true
	w.restart()
}

// restart is called with the lock held.
func (w *watchdog) restart() {
	if w.after <= 0 {
		return
	}
	if w.timer != nil {
		w.timer.Stop()
		w.timer = nil
	}
	if w.busy == 0 && !w.stopped {
		w.timer = time.AfterFunc(w.after, w.fire)
	}
}
