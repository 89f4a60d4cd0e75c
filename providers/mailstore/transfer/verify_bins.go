package transfer

import "os"

// binCount is among how many bins messages are spread, by their canonical
// hash: at 10 million messages a bin holds some 40,000.
const (
	binCount = 256
	binBlock = 32 // messages of a bin in memory
)

// bins spreads messages so that all of one content are in one bin, and a
// bin can be held in memory. Copies of one message all are.
type bins struct {
	scratch scratch
	sets    *flagSets
	few     bool // one bin is enough, and needs no file
	file    *os.File
	end     int64
	waiting [binCount][]message
	blocks  [binCount][]int64 // offsets in the file
	buf     [binBlock * recordLen]byte
}

func newBins(s scratch, sets *flagSets, n int) *bins {
	return &bins{scratch: s, sets: sets, few: n <= s.length()}
}

func (b *bins) close() { leave(b.file) }

func (b *bins) add(m message) error {
	bin := 0
	if !b.few {
		bin = int(m.print.Canonical[0])
	}
	b.waiting[bin] = append(b.waiting[bin], m)
	if b.few || len(b.waiting[bin]) < binBlock {
		return nil
	}
	return b.lay(bin)
}

func (b *bins) lay(bin int) (err error) {
	if b.file == nil {
		if b.file, err = b.scratch.file(); err != nil {
			return err
		}
	}
	for i := range b.waiting[bin] {
		b.waiting[bin][i].put(b.buf[i*recordLen:])
	}
	_, err = b.file.WriteAt(b.buf[:], b.end)
	b.blocks[bin] = append(b.blocks[bin], b.end)
	b.end += int64(len(b.buf))
	b.waiting[bin] = b.waiting[bin][:0]
	return err
}

// load gives the messages of a bin in the order in which they came, and
// pointers to them. It may use the memory of an earlier load.
func (b *bins) load(bin int, into []message) ([]message, []*message, error) {
	all := into[:0]
	for _, at := range b.blocks[bin] {
		if _, err := b.file.ReadAt(b.buf[:], at); err != nil {
			return nil, nil, err
		}
		for i := range binBlock {
			all = append(all, b.sets.get(b.buf[i*recordLen:]))
		}
	}
	all = append(all, b.waiting[bin]...)
	return all, pointers(all), nil
}

func pointers(all []message) []*message {
	p := make([]*message, len(all))
	for i := range all {
		p[i] = &all[i]
	}
	return p
}
