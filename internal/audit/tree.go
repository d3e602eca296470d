package audit

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// ReadHash reads a stored hash of the tree by its number.
type ReadHash func(number int64) (Hash, error)

// ReadHashes implements tlog.HashReader.
func (r ReadHash) ReadHashes(numbers []int64) ([]Hash, error) {
	out := make([]Hash, len(numbers))
	for i, n := range numbers {
		var err error
		if out[i], err = r(n); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Growth is a tree that grows in memory over what is stored: the hashes that it must read, at most one for each level,
// and those that it makes.
type Growth struct {
	Size int64
	Made map[int64]Hash // by number; all that has to be stored
	read ReadHash
	kept map[int64]Hash // what was read
}

// Grow begins at a tree of size leaves.
func Grow(size int64, read ReadHash) *Growth {
	return &Growth{Size: size, Made: map[int64]Hash{}, read: read, kept: map[int64]Hash{}}
}

func (g *Growth) hash(number int64) (Hash, error) {
	if h, ok := g.Made[number]; ok {
		return h, nil
	}
	if h, ok := g.kept[number]; ok {
		return h, nil
	}
	h, err := g.read(number)
	if err == nil {
		g.kept[number] = h
	}
	return h, err
}

// Add appends one leaf.
func (g *Growth) Add(leaf Hash) error {
	hashes, err := tlog.StoredHashesForRecordHash(g.Size, leaf, ReadHash(g.hash))
	if err != nil {
		return fmt.Errorf("grow the audit log's tree: %w", err)
	}
	first := tlog.StoredHashIndex(0, g.Size)
	for i, h := range hashes {
		g.Made[first+int64(i)] = h
	}
	g.Size++
	return nil
}

// Root is the tree's hash as it stands.
func (g *Growth) Root() (Hash, error) { return Root(g.Size, g.hash) }

// Root is the hash of the tree of the first size leaves.
func Root(size int64, read ReadHash) (Hash, error) { return tlog.TreeHash(size, read) }

// Edge are the numbers of the stored hashes that Root of the same size reads: at most one for each level.
func Edge(size int64) (numbers []int64) {
	_, _ = tlog.TreeHash(size, ReadHash(func(number int64) (Hash, error) {
		numbers = append(numbers, number)
		return Hash{}, nil
	}))
	return numbers
}

// LeafNumber is the number under which the hash of the leaf at place is stored.
func LeafNumber(place int64) int64 { return tlog.StoredHashIndex(0, place) }

// HashCount is how many hashes a tree of size leaves stores.
func HashCount(size int64) int64 { return tlog.StoredHashCount(size) }

// NumberOf is the number of the stored hash at a place of a level.
func NumberOf(level int, place int64) int64 { return tlog.StoredHashIndex(level, place) }

// NodeHash is the hash over two neighbours.
func NodeHash(left, right Hash) Hash { return tlog.NodeHash(left, right) }

// ToHash makes a Hash of stored bytes.
func ToHash(b []byte) (Hash, error) {
	var h Hash
	if len(b) != len(h) {
		return h, fmt.Errorf("audit: a hash of %d bytes", len(b))
	}
	copy(h[:], b)
	return h, nil
}
