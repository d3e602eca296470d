package account

import (
	"strings"

	"sallyport"
)

// Keys makes the keyed hash under which a code is stored.
type Keys interface {
	// MAC returns a keyed hash of value that holds for one purpose and one owner only.
	MAC(purpose, owner, value string) []byte
}

// Notices makes sealed messages for the outbox. It sends nothing.
type Notices interface {
	// Notice makes a message of one of the kinds of this package to an email address. data holds the words that the
	// kind needs: see the constants.
	Notice(kind NoticeKind, to string, data map[string]string) (sallyport.OutboxMessage, error)
}

// NoticeKind names a message that this package asks for.
type NoticeKind string

// The messages. All of them are given "name" and "user_name" of the technician.
const (
	NoticeInvitation   NoticeKind = "invitation"    // "link", "until"
	NoticePasswordLink NoticeKind = "password-link" // "link", "until": an administrator approved the reset
	NoticeChanged      NoticeKind = "changed"       // "what": an administrator changed how he signs in
	NoticeReset        NoticeKind = "factor-reset"  // "by": his second factor was reset
	NoticeDeactivated  NoticeKind = "deactivated"   // "by"
	NoticeDeleted      NoticeKind = "deleted"       // "by"
	NoticeRescue       NoticeKind = "rescue"        // a rescue link was printed on the host
)

// Options are the parts a Service works with. All are needed.
type Options struct {
	Store     Store
	Keys      Keys
	Notices   Notices
	PublicURL string // without a path, like https://id.example.org
}

// Service carries out the use cases. Its methods may be called by many goroutines.
type Service struct {
	store     Store
	keys      Keys
	notices   Notices
	publicURL string
}

// New returns a Service over o.
func New(o Options) *Service {
	return &Service{store: o.Store, keys: o.Keys, notices: o.Notices, publicURL: strings.TrimRight(o.PublicURL, "/")}
}
