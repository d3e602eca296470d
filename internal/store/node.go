package store

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Node is one of the servers that share the database, as it announced itself last.
type Node struct {
	ID      string   // random, for one run of one server
	Keys    []string // those that it holds
	Sealing string   // the one of them that it seals with
	SeenAt  time.Time
}

// NodeLife is how long after it was last seen a server counts as running.
const NodeLife = 5 * time.Second

// Holds reports whether the node holds a key.
func (n Node) Holds(key string) bool { return slices.Contains(n.Keys, key) }

const liveNodes = `SELECT id, keys, sealing, seen_at FROM node WHERE seen_at > now_us() - $1 ORDER BY id`

// Nodes are the servers that run, by the database's clock: none on SQLite, where there is but this one.
func (tx *Tx) Nodes(ctx context.Context) ([]Node, error) {
	return all(ctx, tx, scanNode, liveNodes, args{NodeLife.Microseconds()})
}

func scanNode(r row) (n Node, err error) {
	var keys string
	err = r.Scan(&n.ID, &keys, &n.Sealing, stamp{&n.SeenAt})
	n.Keys = strings.Fields(keys)
	return n, err
}
