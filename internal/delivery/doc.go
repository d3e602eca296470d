// Package delivery gets messages out of the house: codes at once, notices and links through an outbox, and it keeps
// the settings of the gateways that carry them.
//
// It owns the words of every message, the outbox's worker, what a gateway's form may hold, and the rule that new
// settings are a draft until a test message's code was typed back. It must not know SQL, HTTP, SMTP or a page: it
// speaks to storage, keys and gateways through small interfaces of its own. A code never waits in the outbox, and no
// message is sent inside a transaction.
//
// Begin with service.go; code.go sends a code, notice.go writes a notice, outbox.go empties the outbox, draft.go and
// proof.go are Admin > Email Settings and Admin > SMS Settings.
package delivery
