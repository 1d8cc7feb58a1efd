package multiitem

import (
	"errors"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/velero-krm/velero-krm/multiitem/multiitemv1"
)

// split cuts a serialised message into parts and sends them.
func split(data []byte, send func(*multiitemv1.Part) error) error {
	for offset := 0; offset < len(data); offset += partData {
		piece := data[offset:min(offset+partData, len(data))]
		part := &multiitemv1.Part{TotalSize: uint64(len(data)), Offset: uint64(offset), Data: piece}
		if err := send(part); err != nil {
			return err
		}
	}
	return nil
}

// assembler puts parts together. The zero value with a limit is ready.
type assembler struct {
	limit uint64
	total uint64 // 0: no message is under way
	buf   []byte
}

// open reports whether a message is incomplete.
func (a *assembler) open() bool { return a.total > 0 }

// add takes the next part and returns the message when it is complete. It
// allocates what has arrived, never what is announced.
func (a *assembler) add(p *multiitemv1.Part) (complete []byte, err error) {
	size := uint64(len(p.GetData()))
	switch {
	case size == 0:
		return nil, errors.New("empty part")
	case a.open() && p.GetTotalSize() != a.total:
		return nil, fmt.Errorf("part of a message of %d bytes within one of %d", p.GetTotalSize(), a.total)
	case p.GetTotalSize() == 0:
		return nil, errors.New("part of a message without a size")
	case p.GetTotalSize() > a.limit:
		return nil, fmt.Errorf("message of %d bytes in parts, more than %d", p.GetTotalSize(), a.limit)
	case p.GetOffset() != uint64(len(a.buf)):
		return nil, fmt.Errorf("part at %d where %d was due", p.GetOffset(), len(a.buf))
	case size > p.GetTotalSize()-uint64(len(a.buf)):
		return nil, fmt.Errorf("parts beyond the %d bytes of their message", p.GetTotalSize())
	}
	a.total = p.GetTotalSize()
	a.buf = append(a.buf, p.GetData()...)
	if uint64(len(a.buf)) < a.total {
		return nil, nil
	}
	complete = a.buf
	a.buf, a.total = nil, 0
	return complete, nil
}

// request returns the message to act on: m itself, the message that its part
// completes, or nil when more parts are due.
func (a *assembler) request(m *multiitemv1.ExecuteRequest) (*multiitemv1.ExecuteRequest, error) {
	return assemble(a, m)
}

// response is request for the other direction.
func (a *assembler) response(m *multiitemv1.ExecuteResponse) (*multiitemv1.ExecuteResponse, error) {
	return assemble(a, m)
}

// message is one of either direction, which may be a part of a larger one.
type message interface {
	proto.Message
	GetPart() *multiitemv1.Part
}

func assemble[M message](a *assembler, m M) (M, error) {
	var none M
	if m.GetPart() == nil {
		return m, a.mustNotBeOpen()
	}
	whole := m.ProtoReflect().New().Interface().(M) // of the type of m
	done, err := a.whole(m.GetPart(), whole)
	if err != nil || !done {
		return none, err
	}
	if whole.GetPart() != nil {
		return none, errors.New("part within parts")
	}
	return whole, nil
}

func (a *assembler) mustNotBeOpen() error {
	if a.open() {
		return fmt.Errorf("other message after %d of %d bytes of parts", len(a.buf), a.total)
	}
	return nil
}

// whole decodes the message that p completes.
func (a *assembler) whole(p *multiitemv1.Part, into proto.Message) (done bool, err error) {
	data, err := a.add(p)
	if err != nil || data == nil {
		return false, err
	}
	if err := proto.Unmarshal(data, into); err != nil {
		return false, errors.New("parts that are no message when put together")
	}
	return true, nil
}

// sendRequest sends a message, in parts when it is too large for one.
func sendRequest(m *multiitemv1.ExecuteRequest, send func(*multiitemv1.ExecuteRequest) error) error {
	if proto.Size(m) < MaxMessage {
		return send(m)
	}
	data, err := proto.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	return split(data, func(p *multiitemv1.Part) error {
		return send(&multiitemv1.ExecuteRequest{Message: &multiitemv1.ExecuteRequest_Part{Part: p}})
	})
}

// sendResponse is sendRequest for the other direction.
func sendResponse(m *multiitemv1.ExecuteResponse, send func(*multiitemv1.ExecuteResponse) error) error {
	if proto.Size(m) < MaxMessage {
		return send(m)
	}
	data, err := proto.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	return split(data, func(p *multiitemv1.Part) error {
		return send(&multiitemv1.ExecuteResponse{Message: &multiitemv1.ExecuteResponse_Part{Part: p}})
	})
}
