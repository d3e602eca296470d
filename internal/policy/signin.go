package policy

import (
	"time"

	"sallyport"
)

// runMost is the largest number of wrong answers in a row that a setting can allow.
const runMost = 100

// Channels says which ways in exist at all.
type Channels struct {
	EmailProved, SMSProved bool // the gateway in use was proved
	OffPermitted           bool // the policy permits the method Off
	FactorRun              int  // the setting factor-run; 0 means 100

	Now time.Time // a set-up that had to begin by then is closed
}

// CanSignIn reports whether t can sign in by the contract's words: active, with a password, and with a proved factor on
// a channel that was proved, or an unused recovery code; where Off is the method and permitted, the password is enough.
// A proved factor of an earlier method counts, for it opens the door to the new one, as long as the channel of the new
// one was proved too and its set-up may still begin: until an administrator opens that again, nothing that is held leads
// in. Anything unknown cannot.
func CanSignIn(t sallyport.Technician, f *sallyport.Factor, recoveryLeft int, in Channels) bool {
	if t.Status != sallyport.Active || len(t.Password) == 0 || !t.Method.Valid() {
		return false
	}
	if t.Method == sallyport.MethodOff {
		return in.OffPermitted
	}
	if !f.Serves(t) && (!in.Now.Before(t.SetupUntil) || !in.reach(t.Method)) {
		return false
	}
	if recoveryLeft > 0 && t.RecoveryRun < in.run() {
		return true
	}
	return f != nil && !t.FactorDisabled && t.WrongRun < in.run() && in.reach(f.Kind) && held(f) &&
		(t.Method != sallyport.MethodText || t.Phone != "") && (t.Method != sallyport.MethodEmail || t.Email != "")
}

func (in Channels) run() int {
	if in.FactorRun <= 0 || in.FactorRun > runMost {
		return runMost
	}
	return in.FactorRun
}

// reach reports whether a code of this method can be had.
func (in Channels) reach(m sallyport.Method) bool {
	switch m {
	case sallyport.MethodApp:
		return true
	case sallyport.MethodEmail:
		return in.EmailProved
	case sallyport.MethodText:
		return in.SMSProved
	}
	return false
}

// held reports whether f was proved and is complete.
func held(f *sallyport.Factor) bool {
	if f.ProvedAt.IsZero() {
		return false
	}
	if f.Kind == sallyport.MethodApp {
		return len(f.Secret) > 0
	}
	return f.Address != ""
}
