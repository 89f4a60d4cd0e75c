package transfer

import (
	"context"
	"errors"
)

// refusedAlone is how many messages in a row a store may refuse to give, asked
// for alone, before the rest is taken to be refused as well.
const refusedAlone = 20

// ask fetches messages. What the store refuses to give among others is asked
// for alone, since one unreadable message must not hide those around it. no
// are the refusals of those that it does not give.
func ask(ctx context.Context, from Source, uids []uint32, each func(Item) error) (missing []uint32, no map[uint32]*Refusal, err error) {
	missing, err = from.Fetch(ctx, uids, each)
	var all *Refusal
	if !errors.As(err, &all) {
		return missing, nil, err
	}
	no = map[uint32]*Refusal{}
	if len(uids) == 1 {
		no[uids[0]] = all
		return uids, no, nil
	}
	var left []uint32
	row := 0
	for _, uid := range missing {
		if row == refusedAlone {
			no[uid] = all
			left = append(left, uid)
			continue
		}
		gone, err := from.Fetch(ctx, []uint32{uid}, each)
		var one *Refusal
		switch {
		case errors.As(err, &one):
			no[uid] = one
			left = append(left, uid)
			row++
		case err != nil:
			return nil, nil, err
		default:
			left = append(left, gone...)
			row = 0
		}
	}
	return left, no, nil
}
