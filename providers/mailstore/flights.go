package mailstore

import (
	"sync"

	"github.com/mxmove/mxmove/providers/mailstore/transfer"
)

// flights are the messages sent and not yet answered, in order. One goroutine
// adds, another takes.
type flights struct {
	mu    sync.Mutex
	items []transfer.Item
}

func (f *flights) add(it transfer.Item) {
	it.Body = nil
	f.mu.Lock()
	defer f.mu.Unlock()
	f.items = append(f.items, it)
}

func (f *flights) take() transfer.Item {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.items) == 0 {
		return transfer.Item{}
	}
	it := f.items[0]
	f.items = f.items[1:]
	return it
}
