package sallyport

import "time"

// Leaf is an event with its place in the audit log's tree. The tree holds no personal data: in their place stand two
// marks, salted hashes of what the event says of its actor and of its target. Who deletes such a part and its salt
// leaves the mark, and so every proof, as it was.
type Leaf struct {
	Event
	Place  int64 // from 0, without a gap
	Actor  Part  // actor_name, address, browser, request_id
	Target Part  // target_name, before, after, reason
}

// Part is the secret and the mark of one half of an event's personal data. An empty salt says that it was erased.
type Part struct {
	Salt []byte // 32 random bytes
	Mark []byte // HMAC-SHA-256 of the part under its salt
}

// Tree is how far the audit log's tree has grown.
type Tree struct {
	Size   int64  // leaves
	Root   []byte // RFC 6962 tree hash; empty for an empty tree
	Pruned int64  // events at lower places are gone by retention; their leaves are still in the tree
}

// TreeHash is one stored hash of the tree under its number, which counts the tree's hashes in the order of their making.
type TreeHash struct {
	Number int64
	Hash   []byte
}

// Head is a signed head of the tree, as it is kept and handed on.
type Head struct {
	Size int64
	At   time.Time
	Note string // signed note: origin, size, root, time, signature
}

// SinkState is how far a sink was served.
type SinkState struct {
	Name     string
	Next     int64 // the first place that it has not taken
	HeadSize int64 // size of the last head that it took
	SentAt   time.Time
}

// SinkRecord is one line for a sink: an event or a signed head, as JSON without a line end.
type SinkRecord struct {
	At      time.Time
	Type    string // of the event, "audit.head" for a head
	Outcome string
	JSON    []byte
}
