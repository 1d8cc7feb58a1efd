package multiitem

import "time"

const (
	// MaxMessage is how many bytes a message may have on the wire. A go-plugin
	// server refuses more than 4,194,304 (velero-plugin processes are served
	// with plugin.DefaultGRPCServer, which keeps the default of gRPC). The rest
	// is room for headers and for hosts that count differently.
	MaxMessage = 3 << 20
	// MaxItem is how many bytes a message may have that arrives in parts, and
	// so one item. etcd keeps objects of some 1.5 MiB; aggregated API servers
	// may serve larger ones.
	MaxItem = 64 << 20

	// partData is the size of a part: large enough to cost little, small
	// enough that three of them fit under MaxMessage.
	partData = 1 << 20
	// batchBytes and batchItems are how much is collected into one message.
	// gRPC writes frames of 16 KiB; beyond some 128 KiB a larger message saves
	// nothing and delays the first item.
	batchBytes = 128 << 10
	batchItems = 512
	// flushAfter is how long an answer waits for others to travel with.
	flushAfter = 100 * time.Millisecond
	// envelope is more than the messages around an item or an answer add.
	envelope = 64
	// maxText bounds messages and warnings.
	maxText = 16 << 10
	// maxNote bounds the note of a Progress.
	maxNote = 1 << 10
	// maxWarnings bounds the warnings of one answer, and its errors.
	maxWarnings = 100
	// maxResults bounds the results of one record.
	maxResults = 1000
)

// Limits of one call, for hosts. The zero value means the defaults.
type Limits struct {
	// WindowItems is how many items may be with the plugin and unanswered.
	// Default 1,024: twice the batch of 500 that executables are run with, so
	// that the next batch travels while one is worked on.
	WindowItems int
	// WindowBytes is how many bytes those items may have. Default 8 MiB. An item
	// that is larger is sent when nothing else is unanswered.
	WindowBytes int
	// MaxItemBytes is how large an item may be. Default, and at most, [MaxItem].
	// A larger one fails by name and is not sent.
	MaxItemBytes int
	// ProgressTimeout is how long the plugin may send nothing while the host
	// waits for it. Default 0: forever. Waiting for the host's own Source and
	// Sink does not count.
	ProgressTimeout time.Duration
}

// withDefaults fills what is zero.
func (l Limits) withDefaults() Limits {
	if l.WindowItems <= 0 {
		l.WindowItems = 1024
	}
	if l.WindowBytes <= 0 {
		l.WindowBytes = 8 << 20
	}
	if l.MaxItemBytes <= 0 || l.MaxItemBytes > MaxItem {
		l.MaxItemBytes = MaxItem
	}
	return l
}
