package multiitem

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/protobuf/proto"

	"github.com/velero-krm/velero-krm/multiitem/multiitemv1"
)

// sender collects items into messages.
type sender struct {
	*session
	batch  []*multiitemv1.Item
	bytes  int
	paused uint64 // answers that were taken at the last Pause, plus one
}

// sendAll sends all items, End, and closes. An error of the host's own ends the
// call; one of the connection is told by receiving.
func (s *session) sendAll(ctx context.Context) {
	if s.ready.GetNothingToDo() {
		_ = s.stream.CloseSend() // always nil; receiving tells what is wrong
		return
	}
	snd := &sender{session: s}
	err := snd.items(ctx)
	if err == nil {
		err = snd.end()
	}
	if err == nil {
		s.ended = true
		return
	}
	if !errors.Is(err, io.EOF) && ctx.Err() == nil {
		s.cancel(err)
	}
}

func (s *sender) items(ctx context.Context) error {
	for {
		index, it, err := s.load(ctx)
		if errors.Is(err, ErrEnd) {
			return s.flush()
		}
		if err != nil {
			return err
		}
		if err := s.item(ctx, index, it); err != nil {
			return err
		}
	}
}

// load asks the Source.
func (s *sender) load(ctx context.Context) (index int, it *Item, err error) {
	err = s.watch.host(func() error {
		index, it, err = s.feed.next(ctx)
		if err == nil && (it == nil || len(it.Object) == 0) {
			err = fmt.Errorf("load item %d: no object", index)
		}
		return err
	})
	if err != nil && !errors.Is(err, ErrEnd) {
		return 0, nil, &hostError{err: err}
	}
	return index, it, err
}

// item sends one item when the window has room.
func (s *sender) item(ctx context.Context, index int, it *Item) error {
	p := fromItem(index, it)
	size := proto.Size(p)
	if size+envelope > s.limits.MaxItemBytes {
		failed := &ItemError{Action: s.client.name, Item: it.ID, Index: index, Err: ErrTooLarge}
		return s.giveAnswer(ctx, failed.answer())
	}
	for {
		room, taken := s.window.admit(index, size)
		if room {
			break
		}
		if err := s.wait(ctx, taken); err != nil {
			return err
		}
	}
	if s.bytes+size > batchBytes {
		if err := s.flush(); err != nil {
			return err
		}
	}
	s.batch = append(s.batch, p)
	s.bytes += size
	if len(s.batch) < batchItems {
		return nil
	}
	return s.flush()
}

// wait tells the plugin that the window was full after taken answers, and waits
// for another one.
func (s *sender) wait(ctx context.Context, taken uint64) error {
	if err := s.flush(); err != nil {
		return err
	}
	if s.paused != taken+1 {
		s.paused = taken + 1
		pause := &multiitemv1.Pause{Answered: taken}
		if err := s.send(&multiitemv1.ExecuteRequest{Message: &multiitemv1.ExecuteRequest_Pause{Pause: pause}}); err != nil {
			return err
		}
	}
	select {
	case <-s.window.changed:
		return nil
	case <-s.window.closed:
		return io.EOF
	case <-ctx.Done():
		return ctx.Err()
	}
}

// flush sends what was collected.
func (s *sender) flush() error {
	if len(s.batch) == 0 {
		return nil
	}
	items := &multiitemv1.Items{Items: s.batch}
	s.batch, s.bytes = nil, 0
	return s.send(&multiitemv1.ExecuteRequest{Message: &multiitemv1.ExecuteRequest_Items{Items: items}})
}

// end sends End and closes the host's side.
func (s *sender) end() error {
	_, sent := s.window.count()
	end := &multiitemv1.End{Items: sent}
	if err := s.send(&multiitemv1.ExecuteRequest{Message: &multiitemv1.ExecuteRequest_End{End: end}}); err != nil {
		return err
	}
	return s.stream.CloseSend()
}
