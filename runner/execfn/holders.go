package execfn

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// drainTime is how long to wait in all, after the process group was killed,
	// for the pipes to be closed.
	drainTime = 2 * time.Second
	// holderTime is how long to wait before looking for who holds them. What is
	// left in a pipe, 64 KiB, is read sooner.
	holderTime = 20 * time.Millisecond
)

// drain waits until all streams have come to their end. Only a process that
// left the group can hold them up: it is killed, and when it cannot be found,
// the pipes are closed.
func (p *process) drain(pipes *pipes, streams *sync.WaitGroup) {
	done := make(chan struct{})
	go func() {
		streams.Wait()
		close(done)
	}()
	patience := time.NewTimer(drainTime)
	defer patience.Stop()
	look := time.NewTicker(holderTime)
	defer look.Stop()
	for {
		select {
		case <-done:
			return
		case <-patience.C:
			pipes.close()
			<-done
			return
		case <-look.C:
			killHolders(pipes)
		}
	}
}

// killHolders kills every other process that has one of the pipes open. They
// were made for this call, so only what the call started can have them.
//
// Between fork and exec, a process that another goroutine starts has all of
// our files, these ends of the pipes too; the lock keeps that from happening.
func killHolders(pipes *pipes) {
	names := pipes.names()
	if len(names) == 0 {
		return
	}
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return
	}
	for _, entry := range entries {
		if pid, err := strconv.Atoi(entry.Name()); err == nil && pid != os.Getpid() && holds(pid, names) {
			killHolder(pid, names)
		}
	}
}

// killHolder kills the process pid unless that has become another one.
func killHolder(pid int, names map[string]bool) {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd) //nolint:errcheck // nothing was written
	if holds(pid, names) {
		_ = unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0)
	}
}

// holds reports whether the process has one of the files open, as far as this
// process may see that.
func holds(pid int, names map[string]bool) bool {
	dir := fmt.Sprintf("/proc/%d/fd/", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	for _, entry := range entries {
		if name, err := os.Readlink(dir + entry.Name()); err == nil && names[name] {
			return true
		}
	}
	return false
}

// names returns what /proc calls the pipes.
func (p *pipes) names() map[string]bool {
	names := make(map[string]bool)
	for _, f := range []*os.File{p.stdin, p.stdout, p.stderr} {
		// A stream that has ended may have closed its file.
		if info, err := f.Stat(); err == nil {
			if st, ok := info.Sys().(*syscall.Stat_t); ok {
				names[fmt.Sprintf("pipe:[%d]", st.Ino)] = true
			}
		}
	}
	return names
}
