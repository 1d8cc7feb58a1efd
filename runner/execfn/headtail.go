package execfn

import "fmt"

// headTail is a writer that keeps the first and the last bytes written.
type headTail struct {
	max  int // bytes kept in all
	head []byte
	tail []byte // a ring once it is full
	next int    // where the next byte of a full ring goes
	lost int64  // bytes that fell out between head and tail
}

// Write keeps what it can of data; it never fails.
func (h *headTail) Write(data []byte) (int, error) {
	n := len(data)
	if room := h.max/2 - len(h.head); room > 0 {
		take := min(room, len(data))
		h.head = append(h.head, data[:take]...)
		data = data[take:]
	}
	ring := h.max - h.max/2
	if cut := len(data) - ring; cut > 0 {
		h.lost += int64(cut)
		data = data[cut:]
	}
	for _, c := range data {
		if len(h.tail) < ring {
			h.tail = append(h.tail, c)
			continue
		}
		h.tail[h.next] = c
		h.next = (h.next + 1) % ring
		h.lost++
	}
	return n, nil
}

// String returns what was kept, with a note where something is missing.
func (h *headTail) String() string {
	tail := string(h.tail[h.next:]) + string(h.tail[:h.next])
	if h.lost == 0 {
		return string(h.head) + tail
	}
	return fmt.Sprintf("%s\n[... %d bytes dropped ...]\n%s", h.head, h.lost, tail)
}
