package ledger

import (
	"context"
	"errors"
	"fmt"

	"sallyport"
)

var (
	errShorter   = errors.New("the tree is smaller than one that was signed")
	errOtherTree = errors.New("the tree does not begin with the one that was signed last")
)

// passingMost is how many looks in a row may fail for a reason that may pass before an administrator is told.
const passingMost = 5

// troubleOf is what an administrator is shown of a log that does not grow as it should, after so many failures in a row;
// empty while it may be a passing one.
func troubleOf(err error, fails int) string {
	switch kind := sallyport.KindOf(err); {
	case errors.Is(err, errShorter):
		return "The tree is smaller than one that was signed."
	case errors.Is(err, errOtherTree):
		return "The tree does not begin with the one that was signed last."
	case sallyport.CodeOf(err) == ErrTree.Code:
		return "The stored hashes of the tree do not fit each other."
	case sallyport.CodeOf(err) == errUnread.Code:
		return "An event cannot be read, and gets no place in the tree. The others do."
	case (kind == sallyport.Unavailable || kind == sallyport.Conflict) && fails < passingMost:
		return ""
	}
	return "New events get no place in the tree, or no head is signed. The server's log says why."
}

// placingWords is why new events could not be placed, for who verifies: with the cause, and without the hint to do so.
func placingWords(err error) string {
	if sallyport.CodeOf(err) == ErrTree.Code {
		return troubleOf(err, passingMost)
	}
	return err.Error()
}

// undecoded reports whether an error may be that of a row that cannot be decoded.
func undecoded(err error) bool {
	return sallyport.KindOf(err) == sallyport.Internal && sallyport.CodeOf(err) != ErrTree.Code
}

// readable reads a batch of new events one by one, and says which is the first that cannot be read, 0 where all can.
func (s *Service) readable(ctx context.Context) (events []sallyport.Event, bad int64, err error) {
	for after := int64(0); len(events) < placeBatch; {
		numbers, err := s.unplacedNumbers(ctx, after)
		if err != nil || len(numbers) == 0 {
			return events, bad, err
		}
		for _, id := range numbers {
			e, err := s.one(ctx, id)
			switch {
			case err == nil && e.ID == id:
				events = append(events, e)
			case err != nil && !undecoded(err):
				return events, bad, err
			case err != nil && bad == 0:
				bad = id
			}
		}
		after = numbers[len(numbers)-1]
	}
	return events[:min(len(events), placeBatch)], bad, nil
}

func (s *Service) unplacedNumbers(ctx context.Context, after int64) (numbers []int64, err error) {
	err = s.store.Read(ctx, func(tx Tx) error {
		numbers, err = tx.UnplacedNumbers(ctx, after, placeBatch)
		return err
	})
	return numbers, err
}

func (s *Service) one(ctx context.Context, id int64) (e sallyport.Event, err error) {
	err = s.store.Read(ctx, func(tx Tx) error {
		l, _, err := tx.Leaf(ctx, id)
		e = l.Event
		return err
	})
	return e, err
}

func (s *Service) unreadable(id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unread = id
}

func (s *Service) unreadEvent() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.unread
}

// left is the error of an event that cannot be read and so got no place, nil where there is none.
func (s *Service) left() error {
	if id := s.unreadEvent(); id != 0 {
		return errUnread.Because(fmt.Errorf("event %d", id))
	}
	return nil
}

// orLeft is err, or where all went well the error of an event that was left.
func (s *Service) orLeft(err error) error {
	if err != nil {
		return err
	}
	return s.left()
}
