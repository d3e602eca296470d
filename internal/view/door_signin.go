package view

import (
	"time"

	"sallyport"
)

// SignIn is the first page: user name and password.
type SignIn struct {
	Door
	UserName string // as typed, kept after an error
	Return   string // local path to go on to
	Reason   string // why the last session ended, from EndedWords; empty when there is nothing to say

	Challenge *Challenge // nil before several sign-ins failed
}

// Challenge is the proof of work in the place of a puzzle. proof.js solves it while the form is filled in; without
// script it is never seen.
type Challenge struct {
	Text              string
	Difficulty, Parts int
	Waits             bool      // this page says to wait: so it says what the proof is good for
	From              time.Time // a try with the proof is looked at from then on; zero: now
}

// Template names the file.
func (SignIn) Template() string { return "door/sign-in" }

// Title is the heading.
func (SignIn) Title() string { return "Sign in" }

// Lead says nothing: the form explains itself.
func (SignIn) Lead() string { return "" }

// key is the whole page where nothing was typed or refused, with the logo itself in the place of where it was read to.
func (s SignIn) key() any {
	if s.UserName != "" || s.Problem != nil || s.Challenge != nil {
		return nil
	}
	var logo Picture
	has := s.Logo != nil
	if has {
		logo, s.Logo = *s.Logo, nil
	}
	return struct {
		page SignIn
		has  bool
		logo Picture
	}{s, has, logo}
}

// EndedWords says why a session ended, to the one who held it.
func EndedWords(reason sallyport.EndReason) string {
	switch reason {
	case sallyport.EndedBySave:
		return "Your administrator changed how you sign in. Please sign in again."
	case sallyport.EndedByOwnSave:
		return "How you sign in was changed from your own account. Please sign in again."
	case sallyport.EndedByAdmin:
		return "Your administrator signed you out. Please sign in again."
	case sallyport.EndedByDeletion:
		return "This account was deleted, which ended its sessions. If you still need an account, ask an administrator."
	case sallyport.EndedByDeactivation:
		return "This account was deactivated, which ended its sessions. If that is a mistake, ask an administrator."
	case sallyport.EndedByPassword:
		return "Your password was changed, so you were signed out everywhere. Please sign in again."
	case sallyport.EndedByLimit:
		return "You signed in on another browser, which ended this session. Please sign in again."
	case sallyport.EndedByIdle:
		return "You were signed out because this session was not used for a while."
	case sallyport.EndedByAge:
		return "You were signed out because this session reached its longest time."
	case sallyport.EndedByGuessing:
		return "Three wrong answers ended this session. Please sign in again."
	case sallyport.EndedByOwner:
		return "This session was ended from your own account. Please sign in again."
	}
	return "You were signed out. Please sign in again." // a reason of a newer version, on another node
}

// SignedOut says that the session is over.
type SignedOut struct{ Door }

// Template names the file.
func (SignedOut) Template() string { return "door/signed-out" }

// Title is the heading.
func (SignedOut) Title() string { return "You are signed out" }

// Lead says what that means.
func (SignedOut) Lead() string {
	return "Nothing in this browser can be reached with your account any more."
}
