package multiitem

import (
	"bytes"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/velero-krm/velero-krm/multiitem/multiitemv1"
)

// FuzzParts puts together parts as anybody may send them: what comes out was
// sent as it is, and never more is held than arrived or than the limit.
func FuzzParts(f *testing.F) {
	f.Add([]byte("\x05\x00\x05hello"))
	f.Add([]byte("\x05\x00\x02he\x05\x02\x03llo"))
	f.Add([]byte("\x05\x00\x02he\x06\x02\x03llo"))
	f.Add([]byte("\xff\x00\x02he"))
	f.Fuzz(func(t *testing.T, script []byte) {
		const limit = 200
		a := assembler{limit: limit}
		var sent []byte // data of the message that is under way
		for len(script) >= 3 {
			total, offset, size := script[0], script[1], int(script[2])
			script = script[3:]
			data := script[:min(size, len(script))]
			script = script[len(data):]
			whole, err := a.add(&multiitemv1.Part{TotalSize: uint64(total), Offset: uint64(offset), Data: data})
			if err != nil {
				return // the stream ends here
			}
			sent = append(sent, data...)
			if len(a.buf) > limit || cap(a.buf) > 4*limit {
				t.Fatalf("holds %d of %d bytes", len(a.buf), cap(a.buf))
			}
			if whole == nil {
				if !a.open() {
					t.Fatal("no message came of the last part")
				}
				continue
			}
			if !bytes.Equal(whole, sent) || len(whole) != int(total) {
				t.Fatalf("got %q, sent %q of %d bytes", whole, sent, total)
			}
			sent = nil
		}
	})
}

// FuzzMessage decodes parts into messages of both directions.
func FuzzMessage(f *testing.F) {
	item := &multiitemv1.ExecuteRequest{Message: &multiitemv1.ExecuteRequest_Items{Items: &multiitemv1.Items{
		Items: []*multiitemv1.Item{{Index: 3, Object: []byte("{}")}},
	}}}
	seed, err := proto.Marshal(item)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) == 0 {
			return
		}
		part := &multiitemv1.Part{TotalSize: uint64(len(data)), Data: data}
		in := assembler{limit: MaxItem}
		req, err := in.request(&multiitemv1.ExecuteRequest{Message: &multiitemv1.ExecuteRequest_Part{Part: part}})
		if err == nil && (req == nil || req.GetPart() != nil) {
			t.Error("no message, and no error, of a whole request")
		}
		out := assembler{limit: MaxItem}
		resp, err := out.response(&multiitemv1.ExecuteResponse{Message: &multiitemv1.ExecuteResponse_Part{Part: part}})
		if err != nil {
			return
		}
		for _, p := range resp.GetAnswers().GetAnswers() {
			a := toAnswer(p)
			if checkAnswer(a) == nil && (a.Status == Updated) != (len(a.Object) > 0) {
				t.Errorf("answer %+v is taken", a)
			}
		}
		toClosing(resp.GetClosing())
		toCreated(resp.GetCreated())
	})
}

// TestSplit cuts messages around the sizes where something changes.
func TestSplit(t *testing.T) {
	for _, size := range []int{1, MaxMessage - 100, MaxMessage - 1, MaxMessage, MaxMessage + 1, partData, 2*partData - 1, 4 * MaxMessage} {
		object := bytes.Repeat([]byte("x"), size)
		m := &multiitemv1.ExecuteResponse{Message: &multiitemv1.ExecuteResponse_Created{Created: &multiitemv1.Created{Object: object}}}
		a := assembler{limit: MaxItem}
		var got *multiitemv1.ExecuteResponse
		sends := 0
		err := sendResponse(m, func(piece *multiitemv1.ExecuteResponse) error {
			sends++
			if n := proto.Size(piece); n >= MaxMessage {
				t.Errorf("object of %d bytes: message of %d bytes", size, n)
			}
			if got != nil {
				t.Errorf("object of %d bytes: message after the end", size)
			}
			var err error
			got, err = a.response(piece)
			return err
		})
		if err != nil || !proto.Equal(m, got) {
			t.Errorf("object of %d bytes: differs after %d messages, error %v", size, sends, err)
		}
	}
}

// FuzzAnswers holds a window against a plain model: which answers are due, and
// what is unanswered.
func FuzzAnswers(f *testing.F) {
	f.Add([]byte{0, 0, 0, 1, 1, 0, 1, 0, 1, 9})
	f.Add([]byte{0, 1, 0, 2, 1, 2, 1, 1})
	f.Fuzz(func(t *testing.T, script []byte) {
		w := newWindow(Limits{WindowItems: 3, WindowBytes: 20})
		due, answered := map[int]int{}, map[int]bool{}
		next, bytes := 0, 0
		for ; len(script) >= 2; script = script[2:] {
			n := int(script[1])
			if script[0]%2 == 0 {
				room := len(due) == 0 || len(due) < 3 && bytes+n <= 20
				if got, taken := w.admit(next, n); got != room || taken != uint64(len(answered)) {
					t.Fatalf("admit %d bytes with %v due: %v after %d answers, want %v after %d", n, due, got, taken, room, len(answered))
				}
				if room {
					due[next], bytes = n, bytes+n
					next++
				}
				continue
			}
			_, isDue := due[n]
			want := ErrUnknownIndex
			if answered[n] {
				want = ErrAnsweredTwice
			}
			if isDue {
				want = nil
			}
			if got := w.check(n); got != want { //nolint:errorlint // check returns the sentinels themselves
				t.Fatalf("check %d: %v, want %v", n, got, want)
			}
			if isDue {
				w.settle(n)
				bytes -= due[n]
				delete(due, n)
				answered[n] = true
			}
		}
		if got := len(w.unanswered()); got != len(due) || len(w.all()) != next || w.bytes != bytes {
			t.Fatalf("%d unanswered, %d sent, %d bytes; want %d, %d, %d", got, len(w.all()), w.bytes, len(due), next, bytes)
		}
	})
}
