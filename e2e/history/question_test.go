package history

// act is what is asked of the door about one technician.
type act string

const (
	begin      act = "begin"   // the right password
	answer     act = "answer"  // what a sign-in waits for
	resend     act = "resend"  // a fresh code, please
	look       act = "look"    // is this session let in?
	confirm    act = "confirm" // a session begins to prove itself again
	renew      act = "renew"   // ten new recovery codes, which take a fresh proof
	leave      act = "leave"   // its owner ends it
	everywhere act = "everywhere"
	shut       act = "deactivate"
	open       act = "activate"
	save       act = "save"  // an administrator turns the method
	reset      act = "reset" // an administrator takes the factor away, and reads out an enrolment code
	jump       act = "jump"  // a node noticed that the clock was set
)

// acts are all of them: a run in which one never succeeded means nothing.
var acts = []act{begin, answer, resend, look, confirm, renew, leave, everywhere, shut, open, save, reset}

// said is what the door answered.
type said string

const (
	yes     said = "yes"     // in, live, done; begin, answer and confirm: the sign-in goes on
	no      said = "no"      // not live; wrong password; answer: compared, and wrong
	spent   said = "spent"   // answer: the code can no longer be used
	over    said = "over"    // the sign-in is no more
	ousted  said = "ousted"  // answer: the third wrong one, and the session that was to be proved has ended
	out     said = "out"     // confirm, renew: nobody is signed in
	stale   said = "stale"   // renew: the last proof is too old
	factors said = "factors" // renew: there is no second factor
	later   said = "later"   // refused, and nothing claimed: a limit, a node that may not answer
	failed  said = "failed"
	unknown said = "" // no answer came
)

// answersThere are all of them.
var answersThere = []said{yes, no, spent, over, ousted, out, stale, factors, later, failed, unknown}

// mayBe says of an answer that claims nothing whether the act may have happened all the same. After failed (a 5xx) that is
// over; without an answer it may still be under way.
func mayBe(a said) bool { return a == failed || a == unknown }

// What a technician proves himself with. Codes by email go the same way as those by text message.
const (
	byApp      = "app"
	byText     = "text"
	off        = "off"
	byRecovery = "recovery code"
	byWord     = "enrolment code" // that an administrator reads out
	byPassword = "password"       // again, where the method is Off
)

// question is the input of an operation. Sign-ins and sessions are named by tokens of the test, apps by their number.
type question struct {
	Who    int
	Act    act
	SignIn string
	Token  string // look, leave; the session that a sign-in, confirm or renew brought
	Within string // confirm, renew, and what follows confirm: the session that acts
	Method string // save: the new one

	// answer: byRecovery, byWord, byPassword; otherwise the digits of an app's step (0: of none), or those typed of a message
	Way    string
	Key    int
	Step   int64
	Typed  string
	Enrols bool   // the page sets something up, and Key is the app that it shows
	Sheet  int    // of recovery codes, by number; 0: none that ever was
	Nth    int    // of the sheet
	Word   string // the enrolment code; reset: the one that was given
	Dead   bool   // it is of no use any more, as the client knows
	Right  bool   // byPassword: it is
	Back   bool   // jump: the clock was set back
	AtOnce bool   // confirm: what it asks for was typed with it
	Fresh  int    // the sheet that the answer showed

	// begin, resend, and an answer after which a code is sent
	Digits string // the code that went out; empty where that is not known
	None   bool   // the page said that none went out

	// what mark adds
	Call    int64
	Came    int64 // when a message with Typed came last; 0: never
	Rushed  bool  // something that ends sign-ins, or a jump of the clock, overlapped it
	Crowded bool  // another answer or resend in the same sign-in overlapped it
	Shows   clock // what the servers' clocks may have shown meanwhile
}

// clock is from when to when a clock may have stood, in nanoseconds since the beginning of the test.
type clock struct{ Early, Late int64 }
